import HeedFormats

/// A figure as a page that needs nothing else: no network, light or dark, with values under the pointer.
public struct FigurePage: Sendable {
    /// Rows of text below the figure, the first being the head.
    public var table: [[String]] = []
    /// Sentences below the figure.
    public var paragraphs: [String]
    /// The figure.
    public var figure: Figure

    /// A page with a figure on it.
    public init(_ figure: Figure, paragraphs: [String] = [], table: [[String]] = []) {
        self.figure = figure
        self.paragraphs = paragraphs
        self.table = table
    }

    /// The text of the page.
    public func html() -> String {
        let (svg, charts, maps) = figure.draw(nonce: SelfContainedPage.nonce)
        let texts = paragraphs.map { "<p>\(SVGText.escaped($0))</p>\n" }.joined()
        let hasValues = !charts.isEmpty || !maps.isEmpty
        let body = """
            <main>
            <figure\(hasValues ? " tabindex=\"0\"" : "")>
            \(svg)</figure>
            <div id="tip" role="status" hidden></div>
            \(texts)\(htmlTable)</main>
            """
        return SelfContainedPage(
            title: figure.title, style: Self.styleSheet, body: body,
            data: hasValues ? .array(charts.map(Self.data) + maps.map(Self.data)) : nil,
            script: Self.script
        ).text
    }

    private var htmlTable: String {
        guard let head = table.first else { return "" }
        let rows = table.dropFirst().map { row in
            let cells = row.enumerated().map { index, cell in
                let tag = index == 0 ? "th scope=\"row\"" : "td"
                return "<\(tag)>\(SVGText.escaped(cell))</\(tag.prefix(2))>"
            }
            return "<tr>\(cells.joined())</tr>\n"
        }
        let names = head.map { "<th scope=\"col\">\(SVGText.escaped($0))</th>" }.joined()
        return """
            <table>
            <thead><tr>\(names)</tr></thead>
            <tbody>
            \(rows.joined())</tbody>
            </table>

            """
    }

    /// The points of a line chart, in pixels and in words.
    private static func data(_ drawn: DrawnChart) -> JSONValue {
        let series = drawn.chart.series.indices.map { index -> JSONValue in
            let points = drawn.drawnPoints(index).compactMap { point -> JSONValue? in
                guard let point, let place = drawn.place(point) else { return nil }
                return [
                    .double((place.x * 10).rounded() / 10),
                    .double((place.y * 10).rounded() / 10),
                    .string(NumberText.short(point.x)), .string(NumberText.short(point.y)),
                ]
            }
            return [
                "name": .string(drawn.chart.series[index].name),
                "color": .int(drawn.chart.style(index).colorIndex), "points": .array(points),
            ]
        }
        return [
            "frame": data(drawn.frame), "x": .string(drawn.chart.xLabel),
            "series": .array(series),
        ]
    }

    /// The fields of a heat map, in words.
    private static func data(_ drawn: DrawnHeatMap) -> JSONValue {
        [
            "frame": data(drawn.frame), "rows": .array(drawn.rows.map(JSONValue.string)),
            "columns": .array(drawn.columns.map(JSONValue.string)),
            "values": .array(
                drawn.map.values.map { .array($0.map { .string(NumberText.short($0)) }) }),
        ]
    }

    private static func data(_ frame: PanelFrame) -> JSONValue {
        .array([frame.x, frame.y, frame.width, frame.height].map { .double($0) })
    }

    private static let styleSheet = """
        :root{color-scheme:light dark;--paper:#fff;--ink:#1c2127;--line:#d0d5da;--tip:#f5f7f9}
        @media (prefers-color-scheme:dark){:root{--paper:#14181d;--ink:#e9edf1;--line:#3a424b;--tip:#20262d}}
        body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
        main{max-width:1240px;margin:0 auto;padding:12px}
        figure{margin:0;overflow-x:auto}
        figure svg{max-width:100%;height:auto;display:block}
        p{max-width:46em}
        table{border-collapse:collapse;margin:1em 0;font-variant-numeric:tabular-nums}
        th,td{border-bottom:1px solid var(--line);padding:4px 12px 4px 0;text-align:right}
        th:first-child{text-align:left}
        #tip{position:fixed;pointer-events:none;background:var(--tip);border:1px solid var(--line);
        border-radius:4px;padding:4px 8px;font-size:13px;max-width:24em;box-shadow:0 1px 4px #0004}
        #tip b{font-weight:600}
        #tip i{display:inline-block;width:10px;height:10px;margin-right:6px;border-radius:2px}
        """
}
