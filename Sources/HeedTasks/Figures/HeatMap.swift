/// A matrix as fields of one colour: the more, the stronger.
public struct HeatMap: Sendable {
    /// What stands above it.
    public var title: String
    /// The rows; NaN is a field without colour.
    public var values: [[Double]]
    /// The names of the rows; their numbers when empty.
    public var rowNames: [String]
    /// The names of the columns; their numbers when empty.
    public var columnNames: [String]
    /// What the rows are.
    public var rowLabel: String
    /// What the columns are.
    public var columnLabel: String
    /// The numbers of no colour and of the strongest one; those of the matrix when nil.
    public var range: ClosedRange<Double>?
    /// How many decimals of each number are written into its field; nil for none.
    public var decimals: Int?

    /// A picture of a matrix.
    public init(
        _ title: String, _ values: [[Double]], rows rowNames: [String] = [],
        columns columnNames: [String] = [], rowLabel: String = "", columnLabel: String = "",
        range: ClosedRange<Double>? = nil, decimals: Int? = nil
    ) {
        self.title = title
        self.values = values
        self.rowNames = rowNames
        self.columnNames = columnNames
        self.rowLabel = rowLabel
        self.columnLabel = columnLabel
        self.range = range
        self.decimals = decimals
    }

    /// The number of columns of the widest row.
    package var columnCount: Int { values.map(\.count).max() ?? 0 }

    /// The numbers at both ends of the colours. One side is 0; where both signs occur, both sides are equally far from it.
    package var colors: ClosedRange<Double> {
        if let range, range.lowerBound < range.upperBound { return range }
        let numbers = values.joined().filter(\.isFinite)
        let largest = numbers.map(abs).max() ?? 0
        let end = largest > 0 ? largest : 1
        return (numbers.min() ?? 0) < 0 ? -end...end : 0...end
    }

    /// The strength of a number's colour, −1 … 1; nil for NaN. Numbers below 0 have the other colour.
    package func strength(_ value: Double) -> Double? {
        guard !value.isNaN else { return nil }
        let colors = self.colors
        if colors.lowerBound < 0 {
            let end = max(abs(colors.lowerBound), abs(colors.upperBound))
            return min(max(value / end, -1), 1)
        }
        let share = (value - colors.lowerBound) / (colors.upperBound - colors.lowerBound)
        return min(max(share, 0), 1)
    }
}
