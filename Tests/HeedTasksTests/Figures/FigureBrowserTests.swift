import Foundation
import HeedFormats
import HeedTasks
import HeedTestSupport
import Testing

@Suite(
    "The page of a figure in a browser", .serialized,
    .enabled(if: Browser.isInstalled, Comment(rawValue: Browser.absence)))
struct FigureBrowserTests {
    /// Two charts of two lines each, and a heat map.
    private static func figure(_ name: String = "first") -> Figure {
        let lines = [
            LineChart.Series(name, [.init(0, 4.5), .init(10, 2), .init(20, 1.25), .init(30, 1)]),
            LineChart.Series("second", [.init(0, 3), .init(20, 2.5)]),
        ]
        return Figure(
            "Curves", caption: "What there is to see.",
            [
                .lines(LineChart("Loss", x: "update", y: "", lines)),
                .lines(
                    LineChart(
                        "Rate", x: "update", y: "",
                        [
                            .init("third", [.init(0, 1e-3), .init(30, 0.5)]),
                            .init("fourth", [.init(15, 0.25)]),
                        ], yScale: .logarithmic)),
                .heat(
                    HeatMap(
                        "Weights", [[0.125, 0.75], [1, 0]], rows: ["a", "b"], columns: ["c", "d"])),
            ])
    }

    /// Where a point of a chart stands in the window.
    private func place(
        _ browser: Browser, _ figure: Figure, chart: Int, _ point: LineChart.Point
    ) async throws -> (x: Double, y: Double) {
        let place = try #require(figure.draw().charts[chart].place(point))
        return try await onScreen(browser, place.x, place.y)
    }

    private func onScreen(
        _ browser: Browser, _ x: Double, _ y: Double
    ) async throws -> (x: Double, y: Double) {
        let values = try await browser.numbers(
            """
            const p = new DOMPoint(\(x), \(y)).matrixTransform(document.querySelector("svg").getScreenCTM());
            return [p.x, p.y];
            """)
        try #require(values.count == 2)
        return (values[0], values[1])
    }

    /// The lines of the values that are shown; nil where none are.
    private func shown(_ browser: Browser) async throws -> [String]? {
        try await browser.settle()
        let texts = try await browser.texts(
            """
            const tip = document.getElementById("tip");
            return tip.hidden ? [] : [...tip.children].map(e => e.textContent);
            """)
        return texts.isEmpty ? nil : texts
    }

    @Test("the pointer over a chart shows the values of its lines there, and marks their points")
    func pointer() async throws {
        let figure = Self.figure()
        try await Browser.visit(FigurePage(figure).html()) { browser in
            #expect(try await shown(browser) == nil)
            for (chart, point, texts) in [
                (0, LineChart.Point(0, 4.5), ["update 0", "first: 4.5", "second: 3"]),
                (0, .init(10, 2), ["update 10", "first: 2"]),
                (0, .init(20, 1.25), ["update 20", "first: 1.25", "second: 2.5"]),
                (0, .init(30, 1), ["update 30", "first: 1"]),
                (1, .init(0, 1e-3), ["update 0", "third: 0.001"]),
                (1, .init(15, 0.25), ["update 15", "fourth: 0.25"]),
                (1, .init(30, 0.5), ["update 30", "third: 0.5"]),
            ] {
                let place = try await place(browser, figure, chart: chart, point)
                // Beside a point it is still the nearest one.
                try await browser.point(x: place.x + 3, y: place.y - 2)
                #expect(try await shown(browser) == texts)
                let marked = try await browser.numbers(
                    """
                    const marks = [...document.querySelectorAll("svg > g:last-of-type circle")];
                    const boxes = marks.map(e => e.getBoundingClientRect());
                    return boxes.flatMap(b => [b.left + b.width / 2, b.top + b.height / 2]);
                    """)
                #expect(marked.count == 2 * (texts.count - 1))
                let isMarked = stride(from: 0, to: marked.count - 1, by: 2).contains {
                    abs(marked[$0] - place.x) < 1 && abs(marked[$0 + 1] - place.y) < 1
                }
                #expect(isMarked, "\(marked) without \(place)")
                let box = try await browser.numbers(
                    """
                    const box = document.getElementById("tip").getBoundingClientRect();
                    return [box.left, box.top, innerWidth - box.right, innerHeight - box.bottom];
                    """)
                #expect(box.count == 4 && box.allSatisfy { $0 >= 0 }, "\(box)")
            }
            try await browser.point(x: 2, y: 2)
            #expect(try await shown(browser) == nil)
            let circles = try await browser.run(
                "return document.querySelectorAll('svg circle').length")
            #expect(circles.intValue == 0)
        }
    }

    /// A map of so many fields, each with its place as its value.
    private static func map(_ rows: Int, _ columns: Int) -> HeatMap {
        HeatMap(
            "Many",
            (0..<rows).map { row in
                (0..<columns).map { Double(row) + Double($0) / 100 }
            })
    }

    @Test(
        "the pointer over a field of a heat map shows its row, its column and its value, however many there are",
        arguments: [(2, 3), (30, 40)])
    func heat(rows: Int, columns: Int) async throws {
        let figure = Figure("Map", [.heat(Self.map(rows, columns))])
        let frame = try #require(figure.draw().maps.first).frame
        try await Browser.visit(FigurePage(figure).html()) { browser in
            for (row, column) in [(0, 0), (rows - 1, columns - 1), (1, 2)] {
                let place = try await onScreen(
                    browser, frame.x + (Double(column) + 0.5) * frame.width / Double(columns),
                    frame.y + (Double(row) + 0.5) * frame.height / Double(rows))
                try await browser.point(x: place.x, y: place.y)
                let value = NumberText.short(Double(row) + Double(column) / 100)
                #expect(try await shown(browser) == ["\(row) · \(column)", value])
            }
            // The browser's own hints would stand over these.
            let hints = try await browser.run(
                "return document.querySelectorAll('svg g title').length")
            #expect(hints.intValue == 0)
            try await browser.point(x: 2, y: 2)
            #expect(try await shown(browser) == nil)
        }
    }

    @Test("keys go over the fields of a heat map, and from its edges to the next")
    func heatKeys() async throws {
        let figure = Figure("Maps", [.heat(Self.map(2, 2)), .heat(Self.map(1, 1))])
        try await Browser.visit(FigurePage(figure).html()) { browser in
            try await browser.press([.tab])
            for (key, texts) in [
                (Browser.Key.right, ["0 · 0", "0"]), (.right, ["0 · 1", "0.01"]),
                (.right, ["0 · 1", "0.01"]), (.down, ["1 · 1", "1.01"]), (.left, ["1 · 0", "1"]),
                (.down, ["0 · 0", "0"]), (.down, ["0 · 0", "0"]), (.down, ["1 · 0", "1"]),
            ] {
                try await browser.press([key])
                #expect(try await shown(browser) == texts, "\(key)")
            }
            try await browser.press([.escape])
            #expect(try await shown(browser) == nil)
        }
    }

    @Test("no text is wider than the picture, in the letters that a browser draws")
    func widths() async throws {
        let names = [
            "mmmmmmmm mmmmmmmmm", "WWWW WWWW WWWW", "The quick brown fox", "ill", "0.1234",
        ]
        let long = names.map { Array(repeating: $0, count: 12).joined(separator: " ") }
        let chinese = String(repeating: "注意力机制", count: 40)
        let chart = LineChart("", x: "x", y: "", [.init("a", [.init(0, 0), .init(1, 1)])])
        for title in long + [chinese] {
            var titled = chart
            titled.title = title
            let figure = Figure(title, caption: title, [.lines(titled), .lines(chart)])
            try await Browser.visit(FigurePage(figure).html(), width: 1400) { browser in
                let over = try await browser.texts(
                    """
                    const svg = document.querySelector("svg");
                    const width = svg.viewBox.baseVal.width;
                    return [...svg.querySelectorAll("text")].filter(e => {
                      const box = e.getBBox(), end = e.getAttribute("class") === "p" ? width / 2 : width;
                      return box.x + box.width > end;
                    }).map(e => e.textContent);
                    """)
                #expect(over == [])
            }
        }
    }

    @Test("Tab reaches the figure, whose focus is seen, and keys go from point to point")
    func keys() async throws {
        try await Browser.visit(FigurePage(Self.figure()).html()) { browser in
            try await browser.press([.tab])
            let focus = try await browser.texts(
                """
                const style = getComputedStyle(document.activeElement);
                return [document.activeElement.tagName, style.outlineStyle, style.outlineWidth];
                """)
            try #require(focus.count == 3)
            #expect(focus[0] == "FIGURE" && focus[1] != "none" && focus[2] != "0px")
            let first = ["update 0", "first: 4.5", "second: 3"]
            let last = ["update 30", "first: 1"]
            for (key, texts) in [
                (Browser.Key.right, first), (.right, ["update 10", "first: 2"]),
                (.right, ["update 20", "first: 1.25", "second: 2.5"]), (.right, last),
                (.right, last), (.left, ["update 20", "first: 1.25", "second: 2.5"]),
                (.down, ["update 0", "third: 0.001"]), (.right, ["update 15", "fourth: 0.25"]),
                (.left, ["update 0", "third: 0.001"]), (.left, ["update 0", "third: 0.001"]),
                (.up, first),
            ] {
                try await browser.press([key])
                #expect(try await shown(browser) == texts, "\(key)")
            }
            try await browser.press([.escape])
            #expect(try await shown(browser) == nil)
            try await browser.press([.right])
            #expect(try await shown(browser) == first)
            try await browser.run("document.activeElement.blur()")
            #expect(try await shown(browser) == nil)
        }
    }

    @Test("is dark where the system is, and legible in both")
    func dark() async throws {
        let page = FigurePage(
            Self.figure(), paragraphs: ["A sentence."], table: [["run", "loss"], ["a", "1.5"]])
        try await Browser.visit(page.html()) { browser in
            var papers: [Double] = []
            for isDark in [false, true] {
                try await browser.setDark(isDark)
                let point = try await place(browser, Self.figure(), chart: 0, .init(0, 4.5))
                try await browser.point(x: point.x, y: point.y)
                try await browser.settle()
                let values = try await browser.numbers(Self.look)
                try #require(values.count == 4)
                papers.append(values[0])
                #expect(values[0] == values[1], "the figure's paper is that of the page")
                #expect(values[2] >= 4.5, "texts")
                #expect(values[3] >= 3, "lines")
            }
            #expect(papers[0] > 0.9 && papers[1] < 0.05)
        }
    }

    /// The luminance of the page and of the figure's ground, and the least contrast of texts and of lines to it.
    private static let look = """
        const linear = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
        const luminance = color => {
          const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map(v => linear(Number(v)));
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        const paper = luminance(getComputedStyle(document.body).backgroundColor);
        const ground = luminance(getComputedStyle(document.querySelector("svg > rect.b")).fill);
        const tip = document.getElementById("tip");
        const texts = [
          ...[...document.querySelectorAll("p,th,td")].map(e => contrast(luminance(getComputedStyle(e).color), paper)),
          ...[...tip.children].map(e =>
            contrast(luminance(getComputedStyle(e).color), luminance(getComputedStyle(tip).backgroundColor))),
          ...[...document.querySelectorAll("svg text:not(.i)")].map(e =>
            contrast(luminance(getComputedStyle(e).fill), ground))];
        const lines = [...document.querySelectorAll("svg path.l")].map(e =>
          contrast(luminance(getComputedStyle(e).stroke), ground));
        return [paper, ground, Math.min(...texts), Math.min(...lines)];
        """

    @Test("names that look like markup are shown as words, and nothing is wider than the window")
    func hostile() async throws {
        let name = "</script><script>document.title='broken'</script><img src=x>&amp;\u{2028}"
        let figure = Self.figure(name)
        let page = FigurePage(figure, paragraphs: [name], table: [[name], [name]])
        try await Browser.visit(page.html(), width: 700) { browser in
            let point = try await place(browser, figure, chart: 0, .init(10, 2))
            try await browser.point(x: point.x, y: point.y)
            #expect(try await shown(browser) == ["update 10", "\(name): 2"])
            #expect(try await browser.run("return document.title").stringValue == "Curves")
            #expect(try await browser.run("return document.images.length").intValue == 0)
            let wide = try await browser.run(
                "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            #expect(wide.intValue == 0)
        }
    }

    @Test(
        "every picture of the lecture has a page without an error, whose points and fields keys reach",
        arguments: LectureTopic.allCases.filter { !$0.needsModel })
    func lecture(topic: LectureTopic) async throws {
        try await Browser.visit(topic.page(model: nil).html()) { browser in
            try await browser.press([.tab, .right])
            #expect(try await shown(browser) != nil)
        }
    }
}
