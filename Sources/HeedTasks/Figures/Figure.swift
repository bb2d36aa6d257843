/// A picture of one or several charts, with a title.
public struct Figure: Sendable {
    /// A part of a picture.
    public enum Panel: Sendable {
        /// A line chart.
        case lines(LineChart)
        /// A heat map.
        case heat(HeatMap)
    }

    /// What stands above all.
    public var title: String
    /// A sentence or two below the title.
    public var caption: String
    /// The charts, row by row.
    public var panels: [Panel]
    /// How many charts stand side by side.
    public var columns: Int
    /// The width of a chart with its labels, in pixels.
    public var panelWidth: Double
    /// The height of a chart with its labels, in pixels.
    public var panelHeight: Double
    /// Whether one legend above serves all line charts, which then have the same lines.
    public var sharesLegend: Bool
    /// What that legend says; the names of the charts' lines when empty.
    public var legend: [LegendEntry] = []

    private static let margin = 18.0
    private static let gap = 28.0

    /// A picture of charts.
    public init(
        _ title: String, caption: String = "", columns: Int = 2, panelWidth: Double = 400,
        panelHeight: Double = 290, sharesLegend: Bool = false, _ panels: [Panel]
    ) {
        self.title = title
        self.caption = caption
        self.columns = max(1, columns)
        self.panelWidth = panelWidth
        self.panelHeight = panelHeight
        self.sharesLegend = sharesLegend
        self.panels = panels
    }

    /// The picture as SVG that needs nothing else: it has no script, and is light or dark as its surroundings are.
    public func svg() -> String { draw().text }

    /// The picture, and its charts and maps as they were drawn.
    ///
    /// - Parameter nonce: the mark without which the page around the picture lets no style count; nil for none.
    package func draw(
        nonce: String? = nil
    ) -> (text: String, charts: [DrawnChart], maps: [DrawnHeatMap]) {
        let count = Double(min(columns, max(panels.count, 1)))
        let width = count * panelWidth + (count - 1) * Self.gap + 2 * Self.margin
        var body = SVGText()
        var y = drawHead(&body, width: width)
        var charts: [DrawnChart] = []
        var maps: [DrawnHeatMap] = []
        for (index, panel) in panels.enumerated() {
            let column = Double(index % columns)
            let row = Double(index / columns)
            let box = PanelFrame(
                x: Self.margin + column * (panelWidth + Self.gap),
                y: y + row * (panelHeight + Self.gap / 2), width: panelWidth, height: panelHeight)
            switch panel {
            case .lines(let chart):
                charts.append(
                    chart.draw(&body, in: box, showsLegend: !sharesLegend, clip: "c\(index)"))
            case .heat(let map):
                if let drawn = map.draw(&body, in: box, gradient: "k\(index)") {
                    maps.append(drawn)
                }
            }
        }
        let rows = Double((panels.count + columns - 1) / columns)
        y += rows * panelHeight + max(rows - 1, 0) * Self.gap / 2 + Self.margin
        return (frame(body, width: width, height: y, nonce: nonce), charts, maps)
    }

    private func drawHead(_ svg: inout SVGText, width: Double) -> Double {
        let inner = width - 2 * Self.margin
        var y = Self.margin
        for line in TextWidth.wrapped(title, .heading, width: inner) {
            svg.label(line, x: Self.margin, y: y + 14, .heading)
            y += 22
        }
        for line in TextWidth.wrapped(caption, .plain, width: inner) {
            svg.label(line, x: Self.margin, y: y + 13)
            y += 17
        }
        y += 8
        if sharesLegend {
            let legend = Legend(legend.isEmpty ? namedLines : legend, width: inner)
            legend.draw(&svg, x: Self.margin, y: y)
            y += legend.height + 4
        }
        return y
    }

    /// The lines of all charts, each name once.
    private var namedLines: [LegendEntry] {
        var lines: [LegendEntry] = []
        for case .lines(let chart) in panels {
            for index in chart.series.indices
            where !lines.contains(where: { $0.name == chart.series[index].name }) {
                lines.append(LegendEntry(chart.series[index].name, chart.style(index)))
            }
        }
        return lines
    }

    private func frame(
        _ body: SVGText, width: Double, height: Double, nonce: String?
    ) -> String {
        var svg = SVGText()
        let (w, h) = (SVGText.number(width), SVGText.number(height))
        svg.group(
            "svg",
            [
                "xmlns": "http://www.w3.org/2000/svg", "width": w, "height": h,
                "viewBox": "0 0 \(w) \(h)", "role": "img", "aria-labelledby": "title desc",
            ]
        ) { svg in
            svg.element("title", ["id": "title"], title)
            svg.element("desc", ["id": "desc"], caption)
            svg.appendStyle(Palette.styleSheet, nonce: nonce)
            svg.element("rect", ["class": "b", "width": w, "height": h])
            svg.append(body)
        }
        return svg.text
    }
}
