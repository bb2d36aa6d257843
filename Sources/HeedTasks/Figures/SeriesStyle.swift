/// How a line looks: a colour, a dash and a marker, each counted from 0.
///
/// Lines that differ in one of them alone can be told apart without colours only if it is not the colour.
public struct SeriesStyle: Sendable, Hashable {
    /// Which of the colours; they come again after the eighth.
    public var color: Int
    /// Which of the dashes; 0 is a solid line.
    public var dash: Int
    /// Which of the markers; nil for a line alone.
    public var marker: Int?
    /// Whether the line itself is drawn, and not its points alone.
    public var hasLine = true
    /// Whether the line is half as wide as others, for what is less important.
    public var isThin = false

    /// A style of its own for the series of this number.
    public init(_ number: Int) {
        self.init(color: number, dash: number, marker: number)
    }

    /// A style of these parts.
    public init(color: Int, dash: Int, marker: Int?) {
        self.color = color
        self.dash = dash
        self.marker = marker
    }
}

/// The colours of figures, in the light and in the dark.
package enum Palette {
    /// Of the paper, of texts, of lesser texts, of the grid.
    package static let light = ["#ffffff", "#1c2127", "#57606a", "#e2e5e9"]
    package static let dark = ["#14181d", "#e9edf1", "#a4adb7", "#2d343c"]

    /// Of the series: eight that stay apart for people who see fewer colours.
    package static let lightSeries = [
        "#0b62a4", "#c04a00", "#00785a", "#9c3d7c", "#7d6200", "#2b7c93", "#5b4fc0", "#555555",
    ]
    package static let darkSeries = [
        "#62b5f5", "#ff9457", "#43cf9f", "#ea93c9", "#e3c33a", "#7cd4e8", "#aea4ff", "#bcbcbc",
    ]

    /// Of the fields of heat maps, as strong as they get: above 0, and below it.
    package static let lightHeat = ["#08508c", "#a83e00"]
    package static let darkHeat = ["#7cc4fb", "#ffa06b"]

    package static let dashes = ["", "7 3", "2 3", "10 3 2 3", "4 2", "12 4", "1 4", "8 3 2 3 2 3"]

    /// The style sheet of every picture; classes of one letter keep files small.
    package static let styleSheet: String = {
        let sizes = """
            text{font-family:system-ui,"Noto Sans",Helvetica,Arial,sans-serif;font-size:12px}
            .h{font-size:17px;font-weight:600}.p{font-size:13px;font-weight:600}.m,.i,.v{font-size:11px}
            .g{stroke-width:1}.a{stroke-width:1}.l{fill:none;stroke-width:2;stroke-linejoin:round}
            .w{stroke-width:1}.k{stroke-width:1.5}.q{shape-rendering:crispEdges}
            """
        return sizes + "\n" + rules(light, lightSeries, lightHeat)
            + "\n@media (prefers-color-scheme:dark){\n" + rules(dark, darkSeries, darkHeat) + "\n}"
    }()

    private static func rules(
        _ base: [String], _ series: [String], _ heat: [String]
    ) -> String {
        var rules = [
            ".b{fill:\(base[0])}", ".t,.h,.p,.v{fill:\(base[1])}", ".m{fill:\(base[2])}",
            ".i{fill:\(base[0])}", ".g{stroke:\(base[3])}", ".a{stroke:\(base[2]);fill:none}",
            ".u{fill:\(heat[0])}", ".d{fill:\(heat[1])}",
            ".us{stop-color:\(heat[0])}", ".ds{stop-color:\(heat[1])}", ".n{fill:\(base[3])}",
        ]
        for (index, color) in series.enumerated() {
            rules.append(".s\(index){stroke:\(color)}.f\(index){fill:\(color)}")
        }
        return rules.joined(separator: "\n")
    }
}

extension SeriesStyle {
    var colorIndex: Int { Self.wrapped(color, Palette.lightSeries.count) }

    /// The classes of the line.
    var lineClass: String { "l\(isThin ? " w" : "") s\(colorIndex)" }

    var dashPattern: String { Palette.dashes[Self.wrapped(dash, Palette.dashes.count)] }

    private static func wrapped(_ number: Int, _ count: Int) -> Int {
        (number % count + count) % count
    }

    /// Draws a point's marker.
    func drawMarker(_ svg: inout SVGText, x: Double, y: Double, title: String? = nil) {
        guard let marker else { return }
        let (px, py) = (SVGText.number(x), SVGText.number(y))
        let shapes = [
            "M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z", "M-3 -3h6v6h-6z", "M0 -4l4 7h-8z",
            "M0 -4.5l4.5 4.5l-4.5 4.5l-4.5 -4.5z",
            "M-4 -1.2h2.8v-2.8h2.4v2.8h2.8v2.4h-2.8v2.8h-2.4v-2.8h-2.8z",
            "M0 4l4 -7h-8z",
        ]
        let shape = shapes[Self.wrapped(marker, shapes.count)]
        svg.element(
            "path", ["class": "f\(colorIndex)", "transform": "translate(\(px) \(py))", "d": shape],
            "", title: title)
    }
}
