import Foundation
import HeedTasks
import HeedTestSupport
import Testing

@Suite("Figures")
struct FigureTests {
    private func chart(_ points: [[LineChart.Point]], _ scale: AxisScale = .linear) -> LineChart {
        LineChart(
            "a", x: "x", y: "y", points.enumerated().map { .init("s\($0)", $1) }, yScale: scale)
    }

    private func elements(_ figure: Figure) throws -> [WellFormedXML.Element] {
        try WellFormedXML(figure.svg()).elements
    }

    @Test("names with markup, quotes and characters that XML has not come out as text")
    func escaping() throws {
        let name = "a<b>&\"'\u{1}\u{FFFF}\u{85}</svg>]]>"
        let figure = Figure(
            name, caption: name,
            [
                .lines(
                    LineChart(
                        name, x: name, y: name,
                        [.init(name, [.init(0, 0), .init(1, 1)]), .init("b", [.init(0, 1)])])),
                .heat(
                    HeatMap(name, [[1, 2]], rows: [name], columns: [name, name], rowLabel: name)),
            ])
        let elements = try elements(figure)
        #expect(
            elements.first { $0.name == "desc" }?.text
                == "a<b>&\"'\u{FFFD}\u{FFFD}\u{FFFD}</svg>]]>")
        #expect(elements.allSatisfy { $0.name != "b" && $0.name != "script" })
        let page = FigurePage(figure, paragraphs: [name], table: [[name], [name]]).html()
        #expect(!page.contains("a<b>") && page.contains("default-src 'none'"))
        #expect(page.components(separatedBy: "</script").count == 3)
    }

    @Test(
        "lines are no wider than their room, broken in words where these are wider, and nothing is lost"
    )
    func wrapping() {
        let texts = [
            "注意力机制让模型在每一步都能看到所有的词，而不只是最近的几个。", "a bb ccc",
            "Donaudampfschifffahrtsgesellschaft und Kapitän", "", "  ", "👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧",
        ]
        for text in texts {
            for style in [LabelStyle.heading, .panel, .plain] {
                for width in [30.0, 100, 1000] {
                    let lines = TextWidth.wrapped(text, style, width: width)
                    #expect(lines.joined().filter { $0 != " " } == text.filter { $0 != " " })
                    #expect(
                        lines.allSatisfy { TextWidth.of($0, style) <= width || $0.count == 1 },
                        "\(lines)")
                }
            }
        }
        #expect(TextWidth.wrapped("a bb ccc", .plain, width: 1000) == ["a bb ccc"])
        let long = TextWidth.fitted(String(repeating: "Wi", count: 100_000), size: 11, width: 100)
        #expect(long.hasPrefix("WiWi") && long.hasSuffix("…"))
        #expect((85...100).contains(TextWidth.of(long, size: 11)))
        #expect(TextWidth.of("abc", .heading) > 1.1 * TextWidth.of("abc", size: 17))
    }

    @Test(
        "no, one, constant and infinite points are drawn, and every coordinate is a number",
        arguments: [
            [], [[]], [[(0, 1)]], [[(0, 5), (1, 5), (2, 5)]],
            [[(0, .nan), (1, 1), (2, .infinity)]],
            [[(0, 1e-8), (1e8, 1e8)]], [[(0, -1), (1, 0)]], [[(.nan, .nan)]],
            [[(0, 1.7e308), (1, -1.7e308)]],
        ] as [[[(Double, Double)]]])
    func degenerate(points: [[(Double, Double)]]) throws {
        for scale in [AxisScale.linear, .logarithmic] {
            let figure = Figure(
                "", [.lines(chart(points.map { $0.map { LineChart.Point($0.0, $0.1) } }, scale))])
            for element in try elements(figure) {
                for value in element.attributes.values {
                    #expect(!value.lowercased().contains("nan") && !value.contains("inf"))
                }
            }
            for drawn in figure.draw().charts {
                for index in drawn.chart.series.indices {
                    for point in drawn.drawnPoints(index).compactMap(\.self) {
                        let place = try #require(drawn.place(point))
                        #expect(place.x >= drawn.frame.x - 0.01)
                        #expect(place.x <= drawn.frame.x + drawn.frame.width + 0.01)
                        #expect(place.y >= drawn.frame.y - 0.01)
                        #expect(place.y <= drawn.frame.y + drawn.frame.height + 0.01)
                    }
                }
            }
        }
        let isEmpty = !points.joined().contains { $0.0.isFinite && $0.1.isFinite }
        #expect(
            Figure("", [.lines(chart(points.map { $0.map { .init($0.0, $0.1) } }))]).svg()
                .contains("no data") == isEmpty)
    }

    @Test("a point that is no number is a gap, and a point between gaps is a dot")
    func gaps() throws {
        let points: [LineChart.Point] = [
            .init(0, 1), .init(1, 2), .init(2, .nan), .init(3, 1), .init(4, .nan), .init(5, 2),
            .init(6, 3),
        ]
        let style = SeriesStyle(color: 0, dash: 0, marker: nil)
        let figure = Figure(
            "", [.lines(LineChart("", x: "", y: "", [.init("s", points, style: style)]))])
        let elements = try elements(figure)
        let line = try #require(elements.first { $0.attributes["class"] == "l s0" })
        let starts = line.attributes["d"]?.count { $0 == "M" }
        #expect(starts == 2)
        #expect(elements.count { $0.attributes["class"] == "f0" } == 1)
    }

    @Test("a line of many points keeps its extremes and its gaps in a small file")
    func manyPoints() throws {
        var points = (0..<100_000).map { LineChart.Point(Double($0), Double($0 % 7)) }
        points[41_234].y = 100
        points[77_777].y = -50
        points[60_000].y = .nan
        let figure = Figure("", [.lines(chart([points]))])
        let drawn = try #require(figure.draw().charts.first).drawnPoints(0)
        let values = drawn.compactMap { $0?.y }
        #expect(values.max() == 100 && values.min() == -50 && drawn.count < 2000)
        #expect(drawn.count { $0 == nil } == 1)
        #expect(drawn.first == points.first && drawn.last == points.last)
        #expect(figure.svg().utf8.count < 60_000)
    }

    @Test("lines differ in dash and marker, and not in colour alone")
    func styles() {
        let styles = (0..<6).map { SeriesStyle($0) }
        #expect(Set(styles.map(\.dash)).count == 6 && Set(styles.map(\.marker)).count == 6)
        #expect(Set(Palette.dashes).count == Palette.dashes.count)
    }

    @Test("lines and texts stand out from the paper, in the light and in the dark")
    func contrast() {
        for (base, series, heat) in [
            (Palette.light, Palette.lightSeries, Palette.lightHeat),
            (Palette.dark, Palette.darkSeries, Palette.darkHeat),
        ] {
            for color in series + heat { #expect(Self.contrast(color, base[0]) >= 3, "\(color)") }
            for text in [base[1], base[2]] { #expect(Self.contrast(text, base[0]) >= 4.5) }
            // Numbers in fields of half their strength and more are written in the paper's colour.
            for color in heat { #expect(Self.contrast(color, base[0]) >= 5) }
        }
    }

    private static func contrast(_ a: String, _ b: String) -> Double {
        let light = [a, b].map(luminance).sorted()
        return (light[1] + 0.05) / (light[0] + 0.05)
    }

    private static func luminance(_ color: String) -> Double {
        let number = Int(color.dropFirst(), radix: 16) ?? 0
        let parts = [16, 8, 0].map { shift -> Double in
            let share = Double(number >> shift & 255) / 255
            return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
        }
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    }

    @Test("fields are as strong as their numbers; below 0 they have the other colour")
    func heat() throws {
        let map = HeatMap("", [[0, 0.5], [1, .nan]])
        #expect([0, 0.5, 1].map { map.strength($0) } == [0, 0.5, 1])
        #expect(map.strength(.nan) == nil)
        let both = HeatMap("", [[-2, 1]])
        #expect(both.colors == -2...2)
        #expect([-2, 0, 1].map { both.strength($0) } == [-1, 0, 0.5])
        #expect(HeatMap("", [[0, 0]]).colors == 0...1)
        let fields = try elements(Figure("", [.heat(both)])).filter {
            ["u", "d"].contains($0.attributes["class"])
        }
        #expect(fields.map { $0.attributes["fill-opacity"] } == ["1.000", "0.500"])
    }

    @Test(
        "maps of any size and any numbers are drawn",
        arguments: [(0, 0), (1, 1), (1, 300), (300, 1), (64, 64), (20, 20)])
    func heatSizes(rows: Int, columns: Int) throws {
        for value in [0, 1, -1e8, 1e-8, .nan, .infinity] {
            var values = [[Double]](
                repeating: [Double](repeating: value, count: columns), count: rows)
            if rows > 1 { values[0][0] = 0.25 }
            let figure = Figure("", [.heat(HeatMap("t", values, decimals: 2))])
            for element in try elements(figure) {
                for attribute in element.attributes.values {
                    #expect(!attribute.contains("nan") && !attribute.contains("inf"))
                }
            }
            #expect(figure.svg().utf8.count < 200_000)
        }
    }

    @Test("names of columns are turned where they have no room, and none is left out")
    func columnNames() throws {
        for (count, length) in (3...12).flatMap({ count in (0..<20).map { (count, $0) } }) {
            let names = (0..<count).map { "\($0)" + String(repeating: "i", count: length) }
            let map = HeatMap(
                "", [[Double](repeating: 1, count: count)], rows: ["row"], columns: names)
            let texts = Set(try elements(Figure("", [.heat(map)])).map(\.text))
            #expect(texts.isSuperset(of: names), "\(count) of \(length) letters")
        }
    }

    @Test("every text stands inside the picture")
    func inside() throws {
        let long = String(repeating: "a long name ", count: 12)
        let series = (0..<7).map { index in
            LineChart.Series(
                "\(long)\(index)", (0..<30).map { .init(Double($0) * 1e4, 1e-8 * Double($0)) })
        }
        let figure = Figure(
            long, caption: long + long,
            [
                .lines(LineChart(long, x: long, y: long, series)),
                .heat(
                    HeatMap(
                        long, [[1, 2], [3, 4]], rows: [long, "b"], columns: [long, "c"],
                        rowLabel: long, columnLabel: long)),
            ])
        let elements = try elements(figure)
        let width = try #require(Double(elements[0].attributes["width"] ?? ""))
        let height = try #require(Double(elements[0].attributes["height"] ?? ""))
        for element in elements where element.name == "text" {
            guard let x = Double(element.attributes["x"] ?? ""),
                let y = Double(element.attributes["y"] ?? "")
            else { continue }
            let size = element.attributes["class"] == "h" ? 17.0 : 11
            let length = TextWidth.of(element.text, size: size)
            let left =
                x - (["end": 1, "middle": 0.5][element.attributes["text-anchor"] ?? ""] ?? 0)
                * length
            #expect(left >= -2 && left + length <= width + 2, "\(element.text)")
            #expect(y >= 0 && y <= height, "\(element.text)")
        }
    }

    @Test("coordinates are short numbers")
    func numbers() {
        let cases: [(Double, String)] = [
            (0, "0"), (1.5, "1.5"), (-0.004, "0"), (-0.5, "-0.5"), (12.346, "12.35"),
            (3.05, "3.05"),
            (-7, "-7"), (.nan, "0"), (100, "100"), (0.1, "0.1"),
        ]
        for (value, text) in cases { #expect(SVGText.number(value) == text) }
    }

    @Test("the same figure gives the same bytes")
    func stable() {
        let figure = Figure(
            "t", [.heat(HeatMap("m", (0..<30).map { row in (0..<30).map { Double(row * $0) } }))])
        #expect(figure.svg() == figure.svg())
    }
}
