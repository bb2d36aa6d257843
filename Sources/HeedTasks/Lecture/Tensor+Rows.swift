import HeedTensor

extension Tensor {
    /// The rows of a matrix.
    var rows: [[Double]] {
        let (values, columns) = (floats, shape.columns)
        return (0..<shape.rows).map { row in
            values[row * columns..<(row + 1) * columns].map(Double.init)
        }
    }

    /// √Σ x².
    var norm: Double { floats.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot() }
}

/// The largest difference between two rows of numbers.
func largestDifference(_ a: some Sequence<Double>, _ b: some Sequence<Double>) -> Double {
    zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
}

/// √Σ (a − b)².
func euclideanDistance(_ a: some Sequence<Double>, _ b: some Sequence<Double>) -> Double {
    zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
}

extension LineChart.Series {
    /// A line through the values of a function at these places.
    init(
        _ name: String, at places: [Double], style: SeriesStyle? = nil, _ value: (Double) -> Double
    ) {
        self.init(name, places.map { .init($0, value($0)) }, style: style)
    }

    /// A line through values, the first of which is at `first`.
    init(_ name: String, _ values: [Double], from first: Int = 0, style: SeriesStyle? = nil) {
        self.init(
            name, values.enumerated().map { .init(Double($0 + first), $1) }, style: style)
    }
}
