/// Lines over two axes.
public struct LineChart: Sendable {
    /// A point; one with a number that is not finite is a gap in its line.
    public struct Point: Sendable, Hashable {
        /// Along the horizontal axis.
        public var x: Double
        /// Along the vertical axis.
        public var y: Double

        /// A point.
        public init(_ x: Double, _ y: Double) {
            self.x = x
            self.y = y
        }
    }

    /// A line.
    public struct Series: Sendable {
        /// Its name in the legend.
        public var name: String
        /// Its points, in the order in which the line goes through them.
        public var points: [Point]
        /// How it looks; by its place among the others when nil.
        public var style: SeriesStyle?

        /// A line through points.
        public init(_ name: String, _ points: [Point], style: SeriesStyle? = nil) {
            self.name = name
            self.points = points
            self.style = style
        }
    }

    /// What stands above it.
    public var title: String
    /// What the horizontal axis is.
    public var xLabel: String
    /// What the vertical axis is.
    public var yLabel: String
    /// How the horizontal axis runs.
    public var xScale = AxisScale.linear
    /// How the vertical axis runs.
    public var yScale = AxisScale.linear
    /// The ends of the vertical axis; those of the points when nil.
    public var yRange: ClosedRange<Double>?
    /// Numbers that the vertical axis shows besides those of the points, such as 0.
    public var yIncludes: [Double] = []
    /// The lines.
    public var series: [Series]

    /// A chart of lines.
    public init(
        _ title: String, x xLabel: String, y yLabel: String, _ series: [Series],
        xScale: AxisScale = .linear, yScale: AxisScale = .linear,
        yRange: ClosedRange<Double>? = nil, yIncludes: [Double] = []
    ) {
        self.title = title
        self.xLabel = xLabel
        self.yLabel = yLabel
        self.series = series
        self.xScale = xScale
        self.yScale = yScale
        self.yRange = yRange
        self.yIncludes = yIncludes
    }

    package func xAxis(count: Int = 6) -> Axis {
        Axis(series.lazy.flatMap(\.points).map(\.x), scale: xScale, padding: 0, count: count)
    }

    package func yAxis(count: Int = 5) -> Axis {
        Axis(
            [series.lazy.flatMap(\.points).map(\.y), yIncludes].joined(), scale: yScale,
            range: yRange, count: count)
    }

    /// The style of a series.
    package func style(_ index: Int) -> SeriesStyle { series[index].style ?? SeriesStyle(index) }
}
