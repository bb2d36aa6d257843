import Foundation
import HeedFormats
import HeedModels
import HeedNN
import HeedTasks
import HeedTensor
import HeedTestSupport
import HeedText
import Testing

@Suite("A map of attention")
struct AttentionMapTests {
    private let source = "Der Hund sieht die Katze."

    /// A model with random weights: two layers, of two heads each.
    private func translator(_ folder: TemporaryFolder) async throws -> Translator {
        try SmallModels.write(to: folder.path)
        return try await Translator(folder: folder.url, precision: .float32)
    }

    @Test("has the recorder's values for every kind, layer and head of a given translation")
    func recorded() async throws {
        let folder = try TemporaryFolder()
        let map = try await translator(folder).attention(of: source, to: "The dog sees the cat.")
        let model = try Transformer(folder: folder.path)
        let tokenizer = try Tokenizer(folder: folder.path)
        let ids = try tokenizer.encodeIDs(source)
        let target = try tokenizer.encodeIDs("The dog sees the cat.", addingSpecialTokens: false)
        let read = [Int32(model.configuration.startToken)] + target
        let predicted = target + [Int32(model.configuration.endToken)]
        let recorder = AttentionRecorder()
        _ = model(
            source: Tensor(ids), sourcePacking: SequencePacking(lengths: [ids.count]),
            target: Tensor(read), targetPacking: SequencePacking(lengths: [read.count]),
            Context(precision: .float32, attentionObserver: recorder))

        let (words, steps, inputs) = (
            try tokenizer.readablePieces(of: ids), try tokenizer.readablePieces(of: predicted),
            try tokenizer.readablePieces(of: read)
        )
        #expect(map.source == source && map.target == "The dog sees the cat.")
        #expect(map.parts.map(\.kind) == [.encoder, .decoder, .cross])
        #expect(map.parts.map(\.rows) == [words, steps, steps])
        #expect(map.parts.map(\.columns) == [words, inputs, words])
        for (part, name) in zip(map.parts, ["encoder.L.self", "decoder.L.self", "decoder.L.cross"])
        {
            #expect(part.layers == [0, 1] && part.heads == [0, 1])
            for layer in 0..<2 {
                let entries = recorder.weights(
                    of: name.replacingOccurrences(of: "L", with: "\(layer)"))
                for head in 0..<2 {
                    let matrix = try #require(part.matrix(layer: layer, head: head))
                    let expected = try #require(entries[head]).floats
                    #expect(Array(matrix.joined()) == expected, "\(name) \(layer) \(head)")
                    for row in matrix { #expect(abs(row.reduce(0, +) - 1) <= 1e-5) }
                }
            }
            #expect(part.matrix(layer: 2, head: 0) == nil && part.matrix(layer: 0, head: 2) == nil)
        }
    }

    @Test("without a translation is that of the one that is found, as recording it gives")
    func found() async throws {
        let folder = try TemporaryFolder()
        let translator = try await translator(folder)
        let result = try await translator.translate([source], recording: .all)[0]
        let map = try await translator.attention(of: source)
        #expect(map == result.attention && map.target == result.text)
        #expect(map.part(.cross)?.rows.count ?? 0 > 1)
    }

    @Test("holds the kinds, layers and heads that are asked for, and refuses others")
    func selection() async throws {
        let folder = try TemporaryFolder()
        let translator = try await translator(folder)
        let whole = try await translator.attention(of: source)
        let some = try await translator.attention(
            of: source, AttentionSelection([.cross, .encoder], layers: [1], heads: [1, 0, 1]))
        #expect(some.parts.map(\.kind) == [.encoder, .cross])
        for part in some.parts {
            #expect(part.layers == [1] && part.heads == [0, 1])
            let other = try #require(whole.part(part.kind))
            for head in 0..<2 {
                #expect(
                    part.matrix(layer: 1, head: head) == other.matrix(layer: 1, head: head))
            }
        }
        let single = try await translator.attention(of: source, AttentionSelection(heads: [1]))
        for part in single.parts {
            #expect(part.layers == [0, 1] && part.heads == [1])
            let other = try #require(whole.part(part.kind))
            #expect(part.matrix(layer: 0, head: 1) == other.matrix(layer: 0, head: 1))
        }
        let layer = await #expect(throws: AttentionRangeError.self) {
            try await translator.attention(of: source, AttentionSelection(.cross, layers: [1, 2]))
        }
        #expect(
            layer?.description
                == "there is no layer 2: cross has layers 0 to 1 with heads 0 to 1")
        await #expect(throws: AttentionRangeError.self) {
            try await translator.attention(of: source, AttentionSelection(heads: [2]))
        }
        await #expect(throws: AttentionRangeError.self) {
            try await translator.attention(of: source, AttentionSelection(layers: [-1]))
        }
    }

    @Test("of an empty sentence has no parts")
    func empty() async throws {
        let folder = try TemporaryFolder()
        let map = try await translator(folder).attention(of: "  ")
        #expect(map.parts.isEmpty && map.target.isEmpty)
        #expect(map.json == #"{"source":"  ","target":"","without_heads":[],"parts":[]}"#)
        #expect(map.meanCross.isEmpty && map.html().contains("<title>"))
    }

    @Test("refuses a translation beyond the model's positions, and says that it is the target")
    func long() async throws {
        let folder = try TemporaryFolder()
        try SmallModels.write(to: folder.path) {
            $0.positions = .learned
            $0.maximumPositions = 12
        }
        let translator = try await Translator(folder: folder.url)
        let long = String(repeating: "Katze ", count: 20)
        let error = await #expect(throws: SentenceTooLongError.self) {
            try await translator.attention(of: "Hund", to: long)
        }
        #expect(error?.isTarget == true && error?.limit == 12)
    }

    @Test("reads back from JSON and from NumPy's arrays with every bit")
    func roundTrips() async throws {
        let folder = try TemporaryFolder()
        let map = try await translator(folder).attention(of: source)
        let path = folder.url.appending(path: "map.npz").path
        try map.writeNumPy(to: path)
        let arrays = try NumPyReader(path: path)
        let json = try JSONParser().parse(map.json)
        #expect(json["source"]?.stringValue == source)
        #expect(json["target"]?.stringValue == map.target)
        #expect(arrays["source"]?.texts == [source] && arrays["target"]?.texts == [map.target])
        #expect(json["parts"]?.arrayValue?.count == 3)
        for (part, object) in zip(map.parts, json["parts"]?.arrayValue ?? []) {
            let name = part.kind.rawValue
            let shape = [part.layers.count, part.heads.count, part.rows.count, part.columns.count]
            #expect(object["kind"]?.stringValue == name)
            let weights = (object["weights"]?.arrayValue ?? []).flatMap { layer in
                (layer.arrayValue ?? []).flatMap { head in
                    (head.arrayValue ?? []).flatMap { row in
                        (row.arrayValue ?? []).compactMap { $0.doubleValue.map(Float.init) }
                    }
                }
            }
            #expect(weights == part.weights)
            #expect(arrays[name]?.shape == shape && arrays[name]?.floats == part.weights)
            for (field, texts) in [("rows", part.rows), ("columns", part.columns)] {
                #expect(object[field]?.arrayValue?.compactMap(\.stringValue) == texts)
                #expect(arrays["\(name).\(field)"]?.texts == texts)
            }
            for (field, numbers) in [("layers", part.layers), ("heads", part.heads)] {
                #expect(object[field]?.arrayValue?.compactMap(\.intValue) == numbers)
                #expect(arrays["\(name).\(field)"]?.integers == numbers)
            }
        }
    }

    @Test("a head is known by its name, and by no other text")
    func names() {
        #expect(AttentionHead("cross.2.3") == AttentionHead(.cross, layer: 2, head: 3))
        #expect(AttentionHead(.encoder, layer: 0, head: 11).description == "encoder.0.11")
        for text in [
            "", "cross", "cross.2", "cross.2.3.4", "self.0.0", "cross.-1.0", "cross.+1.0",
            "cross..1",
        ] {
            #expect(AttentionHead(text) == nil, "\(text)")
        }
        #expect(AttentionHead("cross.99999999999999999999.0") == nil)
    }
}
