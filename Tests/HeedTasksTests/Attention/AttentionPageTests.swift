import Foundation
import HeedFormats
import HeedTasks
import Testing

@Suite("The page of an attention map")
struct AttentionPageTests {
    /// The JSON that is embedded in a page.
    private func data(in page: String) throws -> JSONValue {
        let opening = #"<script type="application/json" id="map">"#
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

    @Test("of 60 words, 6 layers and 8 heads has less than 1.6 MB")
    func size() {
        let map = MadeUpMaps.translation(rows: 60, columns: 60, layers: 6, heads: 8)
        #expect(map.html().utf8.count < 1_600_000)
    }
}
