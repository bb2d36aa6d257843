import Foundation
import HeedFormats
import HeedTasks
import HeedTestSupport
import Testing

@Suite(
    "The page of an attention map in a browser", .serialized,
    .enabled(if: Browser.isInstalled, Comment(rawValue: Browser.absence)))
struct AttentionBrowserTests {
    private func visit(
        _ map: AttentionMap, _ body: (Browser) async throws -> Void
    ) async throws { try await Browser.visit(map.html(), body) }

    private func shown(_ browser: Browser) async throws -> String? {
        try await browser.settle()
        return try await browser.run("return document.body.dataset.shown").stringValue
    }

    private func text(_ browser: Browser, _ selector: String) async throws -> String? {
        try await browser.run(
            "return document.querySelector(arguments[0])?.textContent", .string(selector)
        ).stringValue
    }

    /// The middle of an element in the window.
    private func middle(
        _ browser: Browser, _ selector: String
    ) async throws -> (x: Double, y: Double) {
        let box = try await browser.run(
            """
            const element = document.querySelector(arguments[0]);
            element.scrollIntoView({block: "center"});
            const box = element.getBoundingClientRect();
            return [box.left + box.width / 2, box.top + box.height / 2];
            """, .string(selector))
        let values = (box.arrayValue ?? []).compactMap(\.doubleValue)
        try #require(values.count == 2)
        return (values[0], values[1])
    }

    @Test("pickers, thumbnails and keys change what is shown")
    func choice() async throws {
        try await visit(MadeUpMaps.translation(rows: 6, columns: 5)) { browser in
            #expect(try await shown(browser) == "cross.1.0")
            #expect(try await text(browser, "#full-title") == "Cross attention, layer 1, head 0")
            #expect(
                try await browser.run("return document.querySelectorAll('#grid button').length")
                    .intValue == 6)
            for (kind, name) in [("encoder", "encoder.1.0"), ("decoder", "decoder.1.0")] {
                try await browser.run(
                    "document.querySelector(`input[value=${arguments[0]}]`).click()", .string(kind))
                #expect(try await shown(browser) == name)
            }
            try await browser.run(
                """
                for (const [id, value] of [["layer", 0], ["head", 2]]) {
                  const picker = document.getElementById(id);
                  picker.value = value;
                  picker.dispatchEvent(new Event("change"));
                }
                """)
            #expect(try await shown(browser) == "decoder.0.2")
            let thumb = try await middle(browser, "#grid button[data-layer='1'][data-head='1']")
            try await browser.point(x: thumb.x, y: thumb.y, click: true)
            #expect(try await shown(browser) == "decoder.1.1")
            for (key, name) in [
                (Browser.Key.right, "decoder.1.2"), (.right, "decoder.1.2"), (.up, "decoder.0.2"),
                (.left, "decoder.0.1"), (.down, "decoder.1.1"),
            ] {
                try await browser.press([key])
                #expect(try await shown(browser) == name)
            }
            let pressed = try await browser.run(
                "return document.querySelectorAll('[aria-pressed=true]').length")
            #expect(pressed.intValue == 1)
        }
    }

    @Test("Tab reaches every control, and what has the focus is marked")
    func focus() async throws {
        try await visit(MadeUpMaps.translation(rows: 4, columns: 4)) { browser in
            var reached: [String] = []
            for _ in 0..<8 {
                try await browser.press([.tab])
                let element = try await browser.run(
                    """
                    const e = document.activeElement, style = getComputedStyle(e.closest(".kind") ?? e);
                    return [e.id || e.name || e.className, style.outlineStyle, parseFloat(style.outlineWidth)];
                    """)
                let values = element.arrayValue ?? []
                try #require(values.count == 3)
                let name = values[0].stringValue ?? ""
                if name.isEmpty { continue }
                reached.append(name)
                #expect(values[1].stringValue == "solid", "\(name)")
                #expect(values[2].doubleValue ?? 0 >= 2, "\(name)")
            }
            #expect(
                Set(reached).isSuperset(
                    of: ["theme", "kind", "layer", "head", "stretch", "thumb", "field"]),
                "\(reached)")
        }
    }

    @Test("the pointer over a weight, and keys in the heat map, show the value that JSON has")
    func values() async throws {
        let map = MadeUpMaps.translation(rows: 6, columns: 5)
        let matrix = try #require(map.part(.cross)?.matrix(layer: 1, head: 0))
        try await visit(map) { browser in
            let box = try await browser.run(
                """
                document.getElementById("cells").scrollIntoView({block: "center"});
                const box = document.getElementById("cells").getBoundingClientRect();
                return [box.left, box.top, box.width, box.height];
                """)
            let place = (box.arrayValue ?? []).compactMap(\.doubleValue)
            try #require(place.count == 4)
            for (row, column) in [(0, 0), (5, 4), (2, 3), (4, 0)] {
                try await browser.point(
                    x: place[0] + place[2] * (Double(column) + 0.5) / 5,
                    y: place[1] + place[3] * (Double(row) + 0.5) / 6)
                try await check(browser, row, column, matrix)
            }
            try await browser.point(x: 1, y: 1)
            try await browser.run("document.getElementById('field').focus()")
            try await browser.press([.right, .down, .down, .right])
            try await check(browser, 2, 1, matrix)
            try await browser.press([.end])
            try await check(browser, 2, 4, matrix)
            try await browser.press([.home, .up])
            try await check(browser, 1, 0, matrix)
            try await browser.press([.escape])
            try await browser.settle()
            #expect(try await text(browser, "#value") == nil)
        }
    }

    func check(
        _ browser: Browser, _ row: Int, _ column: Int, _ matrix: [[Float]]
    ) async throws {
        try await browser.settle()
        let value = try await text(browser, "#value").flatMap(Double.init)
        let difference = try abs(#require(value) - Double(matrix[row][column]))
        #expect(difference <= 0.0005 + 0.5 / 65_535, "\(row), \(column)")
        let words = try await text(browser, "#readout") ?? ""
        #expect(words.contains("“▁t\(row)”") && words.contains("“▁s\(column)”"), "\(words)")
    }

    @Test("a word that is pointed at shows its weights beside the other words")
    func words() async throws {
        let map = MadeUpMaps.translation(rows: 6, columns: 5)
        let matrix = try #require(map.part(.cross)?.matrix(layer: 1, head: 0))
        try await visit(map) { browser in
            let word = try await middle(browser, "#left li:nth-child(3)")
            try await browser.point(x: word.x, y: word.y)
            try await browser.settle()
            let texts = try await browser.run(
                "return [...document.querySelectorAll('#right .weight')].map(e => e.textContent)")
            let values = (texts.arrayValue ?? []).compactMap { $0.stringValue.flatMap(Double.init) }
            try #require(values.count == 5)
            for (value, weight) in zip(values, matrix[2]) {
                #expect(abs(value - Double(weight)) <= 0.0051)
            }
        }
    }

    @Test("60 words and 48 heads are drawn anew within few frames, whatever is chosen")
    func many() async throws {
        let map = MadeUpMaps.translation(rows: 60, columns: 60, layers: 6, heads: 8)
        try await visit(map) { browser in
            let thumbs = try await browser.run(
                """
                const filled = canvas => {
                  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
                  return data.some((value, i) => i % 4 < 3 && value !== data[i % 4]);
                };
                return [...document.querySelectorAll("#grid canvas"), document.getElementById("cells"),
                  document.getElementById("ribbon")].filter(filled).length;
                """)
            #expect(thumbs.intValue == 50)
            // Each choice is drawn by the second frame after it.
            let missed = try await browser.runAsync(
                """
                const frame = () => new Promise(next => requestAnimationFrame(next));
                let missed = 0;
                for (const button of document.querySelectorAll("#grid button")) {
                  button.click();
                  for (let i = 0; i < 2; i++) await frame();
                  if (document.body.dataset.shown !== `cross.${button.dataset.layer}.${button.dataset.head}`) missed++;
                }
                const before = Number(document.body.dataset.draws);
                for (const button of document.querySelectorAll("#grid button")) button.click();
                for (let i = 0; i < 2; i++) await frame();
                return [missed, Number(document.body.dataset.draws) - before];
                """)
            let counts = (missed.arrayValue ?? []).compactMap(\.intValue)
            #expect(counts.first == 0)
            // What is chosen in one frame is drawn once.
            #expect(counts.last.map { (1...3).contains($0) } == true, "\(counts)")
        }
    }

    @Test("is dark where the system is or the reader wants it, and legible in both")
    func dark() async throws {
        try await visit(MadeUpMaps.translation(rows: 5, columns: 5)) { browser in
            try await browser.setDark(false)
            let light = try await look(browser)
            try await browser.setDark(true)
            let dark = try await look(browser)
            try await browser.run(
                """
                const picker = document.getElementById("theme");
                picker.value = "light";
                picker.dispatchEvent(new Event("change"));
                """)
            let chosen = try await look(browser)
            #expect(light == chosen && light != dark)
            #expect(light.paper > 0.9 && dark.paper < 0.05)
            #expect(light.corner > 0.7 && dark.corner < 0.3)
            #expect(light.contrast >= 4.5 && dark.contrast >= 4.5)
        }
    }

    private struct Look: Equatable {
        /// The relative luminance of the page.
        var paper: Double
        /// The same of the heat map's field of weight 0, above the diagonal.
        var corner: Double
        /// The least contrast of a text to what is behind it.
        var contrast: Double
    }

    private func look(_ browser: Browser) async throws -> Look {
        try await browser.run("document.querySelector('input[value=decoder]').click()")
        try await browser.settle()
        let answer = try await browser.run(
            """
            const linear = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
            const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
            const parse = color => luminance(color.match(/[\\d.]+/g).slice(0, 3).map(Number));
            const paper = element => {
              for (let e = element; e; e = e.parentElement) {
                const color = getComputedStyle(e).backgroundColor;
                if (!/, 0\\)$/.test(color)) return parse(color);
              }
            };
            let least = 21;
            for (const e of document.querySelectorAll("h1,h2,p,label,legend,select,li,span,figcaption,bdi")) {
              if (!e.textContent.trim()) continue;
              const [a, b] = [parse(getComputedStyle(e).color), paper(e)].sort((x, y) => y - x);
              least = Math.min(least, (a + 0.05) / (b + 0.05));
            }
            const cells = document.getElementById("cells");
            const pixel = cells.getContext("2d").getImageData(cells.width * 0.9, cells.height * 0.1, 1, 1).data;
            return [paper(document.body), luminance(pixel), least];
            """)
        let values = (answer.arrayValue ?? []).compactMap(\.doubleValue)
        try #require(values.count == 3)
        return Look(paper: values[0], corner: values[1], contrast: values[2])
    }

    @Test("shows words that look like markup, or run from right to left, as words")
    func hostile() async throws {
        try await visit(MadeUpMaps.oneKind(MadeUpMaps.hostile)) { browser in
            #expect(try await shown(browser) == "decoder.0.0")
            let titles = try await browser.run(
                "return [...document.querySelectorAll('#left .word')].map(e => e.title)")
            #expect(
                titles.arrayValue?.compactMap(\.stringValue) == MadeUpMaps.hostile)
            #expect(try await browser.run("return document.title").stringValue != "broken")
            #expect(try await browser.run("return document.images.length").intValue == 0)
            let wide = try await browser.run(
                "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            #expect(wide.intValue == 0)
        }
    }

    @Test("asks nobody for anything, even if a script wants to")
    func policy() async throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appending(path: "page.html")
        try MadeUpMaps.oneKind(["a", "b"]).html().write(to: file, atomically: true, encoding: .utf8)
        let browser = try await Browser()
        try await browser.open(file)
        let blocked = try await browser.runAsync(
            """
            const blocked = new Promise(next => document.addEventListener(
              "securitypolicyviolation", event => next(event.effectiveDirective), {once: true}));
            fetch("http://127.0.0.1:9/").catch(() => {});
            return await blocked;
            """)
        #expect(blocked.stringValue == "connect-src")
        try await browser.quit()
    }
}
