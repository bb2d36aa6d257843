import Foundation
import HeedTasks
import HeedTestSupport
import Testing

@Suite("The figure of an attention map")
struct AttentionFigureTests {
    private func titles(_ svg: String) throws -> [String] {
        try WellFormedXML(svg).elements.filter { $0.attributes["class"] == "p" }.map(\.text)
    }

    @Test("has a panel for each head of the last layer of cross attention, or of what is chosen")
    func panels() throws {
        let map = MadeUpMaps.translation(rows: 6, columns: 5)
        #expect(
            try titles(map.svg())
                == (0..<3).map { "Cross attention, layer 1, head \($0)" })
        #expect(
            try titles(map.svg(kinds: [.encoder, .decoder]))
                == ["Encoder", "Decoder"].flatMap {
                    kind in (0..<3).map { "\(kind) self-attention, layer 1, head \($0)" }
                })
        #expect(try titles(map.svg(kinds: [.decoder], layers: [0])).count == 3)
        let two = try titles(map.svg(layers: [0, 1]))
        #expect(two.count == 6 && two.last == "Cross attention, layer 1, head 2")
        #expect(
            try titles(MadeUpMaps.oneKind(["a", "b"]).svg())
                == (0..<2).map { "Decoder self-attention, layer 0, head \($0)" })
    }

    @Test("has every weight as a field with its tokens, and every token at the axes")
    func fields() throws {
        let map = MadeUpMaps.translation(rows: 4, columns: 3, layers: 1, heads: 1)
        let elements = try WellFormedXML(map.svg()).elements
        let part = try #require(map.part(.cross))
        let matrix = try #require(part.matrix(layer: 0, head: 0))
        let fields = elements.filter { $0.attributes["class"] == "u" }
        #expect(fields.count == 12)
        for (field, weight) in zip(fields, matrix.joined()) {
            let opacity = try #require(field.attributes["fill-opacity"].flatMap(Double.init))
            #expect(abs(opacity - Double(weight)) <= 0.00051)
        }
        let texts = Set(elements.map(\.text))
        #expect(texts.isSuperset(of: part.rows) && texts.isSuperset(of: part.columns))
        #expect(texts.isSuperset(of: ["source of 3", "target of 4", "0", "1.0"]))
    }

    @Test("is headed by what was read, and tells which heads had been taken out")
    func heading() throws {
        func heading(_ map: AttentionMap) throws -> [String] {
            try WellFormedXML(map.svg()).elements.filter { $0.attributes["class"] == "h" }
                .map(\.text)
        }
        let text = MadeUpMaps.oneKind(["a", "b"])
        #expect(try heading(text) == ["ab"])
        #expect(!text.svg().contains("<desc id=\"desc\">ab"))
        #expect(try heading(MadeUpMaps.translation(rows: 2, columns: 3)) == ["source of 3"])
        let heads = [AttentionHead(.cross, layer: 1, head: 0)]
        let without = AttentionMap(source: "a", target: "b", parts: [], removedHeads: heads)
        #expect(try heading(without) == ["a (without cross.1.0)"])
        #expect(without.json.contains(#""without_heads":["cross.1.0"]"#))
    }

    @Test("has signs for tokens that would not be seen")
    func blanks() throws {
        let texts = try WellFormedXML(MadeUpMaps.oneKind([" ", "\n", "", "a", "  "]).svg()).elements
            .filter { $0.name == "text" && $0.attributes["class"] == "m" }.map(\.text)
        #expect(Array(texts.prefix(5)) == ["␣", "⏎", "∅", "a", "␣␣"])
    }

    @Test("is XML without a script, whatever the tokens are, and with 60 of them")
    func hostile() throws {
        for map in [
            MadeUpMaps.oneKind(MadeUpMaps.hostile), MadeUpMaps.translation(rows: 60, columns: 57),
            AttentionMap(source: "<a>", target: "", parts: []),
        ] {
            let elements = try WellFormedXML(map.svg()).elements
            #expect(elements.allSatisfy { !["script", "img", "image"].contains($0.name) })
        }
    }
}
