import Foundation
import HeedFormats
import HeedTasks
import Testing

@Suite("The page of an attention map")
struct AttentionPageTests {
    /// The JSON that is embedded in a page.
    private func data(in page: String) throws -> JSONValue {
        let opening = #"<script type="application/json" id="data">"#
        let start = try #require(page.range(of: opening)).upperBound
        let end = try #require(page.range(of: "</script>", range: start..<page.endIndex)).lowerBound
        return try JSONParser().parse(String(page[start..<end]))
    }

    @Test("holds tokens that would end its script, and everything else, as data")
    func hostile() throws {
        let map = MadeUpMaps.oneKind(MadeUpMaps.hostile)
        let page = map.html()
        let harmless = MadeUpMaps.oneKind(["a"]).html()
        for mark in ["<script", "</script", "<!--", "<img", "<title>", "\u{2028}", "\u{2029}"] {
            #expect(
                page.components(separatedBy: mark).count
                    == harmless.components(separatedBy: mark).count, "\(mark)")
        }
        let part = try #require(try data(in: page)["parts"]?.arrayValue?.first)
        #expect(part["rows"]?.arrayValue?.compactMap(\.stringValue) == MadeUpMaps.hostile)
    }

    @Test("has every weight to a 131,070th, and nothing of another host")
    func weights() throws {
        let map = MadeUpMaps.translation(rows: 7, columns: 5)
        let page = map.html()
        let parts = try #require(try data(in: page)["parts"]?.arrayValue)
        #expect(parts.count == 3)
        for (object, part) in zip(parts, map.parts) {
            let text = try #require(object["weights"]?.stringValue)
            let bytes = try #require(Data(base64Encoded: text))
            #expect(bytes.count == 2 * part.weights.count)
            for (index, weight) in part.weights.enumerated() {
                let level = Float(Int(bytes[2 * index]) + 256 * Int(bytes[2 * index + 1]))
                #expect(abs(level / 65_535 - weight) <= 0.5 / 65_535 + 1e-7)
            }
        }
        for word in ["http:", "https:", "src=", "url(", "@import", "fetch("] {
            #expect(!page.contains(word), "\(word)")
        }
        #expect(page.contains("default-src 'none'"))
    }

    @Test("every script stands inside of the body, and the names of kinds are those of figures")
    func form() throws {
        let map = MadeUpMaps.translation(rows: 3, columns: 3)
        let page = map.html()
        let end = try #require(page.range(of: "</body>")).upperBound
        #expect(page[end...] == "\n</html>\n")
        #expect(page.matches(of: /<script/).count == 2 && page.matches(of: /<body>/).count == 1)
        let svg = map.svg(kinds: AttentionKind.allCases)
        for part in try #require(data(in: page)["parts"]?.arrayValue) {
            for name in ["title", "row", "column"] {
                let text = try #require(part[name]?.stringValue)
                #expect(svg.contains(text), "\(text)")
            }
        }
    }

    @Test("signs stand for tokens that would not be seen, and heads that were taken out are told")
    func signs() throws {
        let map = MadeUpMaps.oneKind(["a", " ", "b\n", "", "\t", "a\tb", " \n"])
        let signs = try #require(data(in: map.html())["signs"]?.arrayValue)
        let pairs = signs.compactMap { $0.arrayValue?.compactMap(\.stringValue) }
        #expect(
            pairs == [
                ["", "∅"], ["\t", "⇥"], [" ", "␣"], [" \n", "␣⏎"], ["a\tb", "a⇥b"], ["b\n", "b⏎"],
            ])
        #expect(try data(in: map.html())["absence"]?.stringValue == "")
        let heads = [AttentionHead(.cross, layer: 1, head: 0), .init(.decoder, layer: 0, head: 2)]
        let without = AttentionMap(source: "a", target: "b", parts: map.parts, removedHeads: heads)
        #expect(
            try data(in: without.html())["absence"]?.stringValue
                == "without cross.1.0, decoder.0.2")
    }

    @Test("of 60 words, 6 layers and 8 heads has less than 1.6 MB")
    func size() {
        let map = MadeUpMaps.translation(rows: 60, columns: 60, layers: 6, heads: 8)
        #expect(map.html().utf8.count < 1_600_000)
    }
}
