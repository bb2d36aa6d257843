/// What a legend says of a line.
public struct LegendEntry: Sendable, Hashable {
    /// The line's name.
    public var name: String
    /// How it looks.
    public var style: SeriesStyle

    /// A line of this name that looks like this.
    public init(_ name: String, _ style: SeriesStyle) {
        self.name = name
        self.style = style
    }
}

/// The names of lines beside a piece of each, in as many rows as they need.
struct Legend {
    private struct Entry {
        let name: String
        let style: SeriesStyle
        let x: Double
        let row: Int
    }

    static let rowHeight = 18.0
    private static let sampleWidth = 30.0
    private var entries: [Entry] = []

    /// How high it is.
    var height: Double { entries.last.map { Double($0.row + 1) * Self.rowHeight + 4 } ?? 0 }

    init(_ lines: [LegendEntry], width: Double) {
        var (x, row) = (0.0, 0)
        for line in lines {
            let name = TextWidth.fitted(line.name, size: 11, width: width - Self.sampleWidth - 12)
            let needed = Self.sampleWidth + 6 + TextWidth.of(name, size: 11) + 14
            if x > 0, x + needed > width { (x, row) = (0, row + 1) }
            entries.append(Entry(name: name, style: line.style, x: x, row: row))
            x += needed
        }
    }

    func draw(_ svg: inout SVGText, x: Double, y: Double) {
        for entry in entries {
            let (left, middle) = (x + entry.x, y + (Double(entry.row) + 0.5) * Self.rowHeight)
            let right = left + Self.sampleWidth
            if entry.style.hasLine {
                svg.element(
                    "path",
                    [
                        "class": entry.style.lineClass,
                        "stroke-dasharray": entry.style.dashPattern.isEmpty
                            ? "none" : entry.style.dashPattern,
                        "d":
                            "M\(SVGText.number(left)) \(SVGText.number(middle))H\(SVGText.number(right))",
                    ])
            }
            entry.style.drawMarker(&svg, x: (left + right) / 2, y: middle)
            svg.label(entry.name, x: right + 6, y: middle + 4, .muted)
        }
    }
}
