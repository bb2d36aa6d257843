import Foundation
import HeedFormats
import HeedModels
import HeedNN
import HeedTasks
import HeedTensor
import HeedTestSupport
import HeedText
import Testing

@Suite("A map of what a language model attends to")
struct LanguageAttentionTests {
    private let text = "abc hij 日🙂"

    private func generator(
        _ folder: TemporaryFolder, _ type: LanguageModelType = .llama,
        withoutHeads heads: [AttentionHead] = []
    ) async throws -> TextGenerator {
        try SmallLanguageModels.write(to: folder.path, type)
        return try await TextGenerator(
            folder: folder.url, precision: .float32, withoutHeads: heads)
    }

    @Test(
        "has each layer's and head's softmax over the tokens so far",
        arguments: [
            LanguageModelType.gpt2, .llama,
        ])
    func recorded(type: LanguageModelType) async throws {
        let folder = try TemporaryFolder()
        let map = try await generator(folder, type).attention(of: text)
        let model = try LanguageModel(folder: folder.path)
        let tokenizer = try Tokenizer(folder: folder.path)
        let ids = try tokenizer.encodeIDs(text)
        let recorder = AttentionRecorder()
        _ = model(
            Tensor(ids), packing: SequencePacking(lengths: [ids.count]),
            Context(precision: .float32, attentionObserver: recorder))

        #expect(map.source == nil && map.target == text && map.parts.map(\.kind) == [.decoder])
        let part = try #require(map.part(.decoder))
        #expect(part.rows == (try tokenizer.readablePieces(of: ids)) && part.columns == part.rows)
        #expect(part.layers == [0, 1] && part.heads == [0, 1, 2, 3])
        for layer in 0..<2 {
            let entries = recorder.weights(of: "decoder.\(layer).self")
            for head in 0..<4 {
                let matrix = try #require(part.matrix(layer: layer, head: head))
                #expect(Array(matrix.joined()) == (try #require(entries[head]).floats))
                for (row, weights) in matrix.enumerated() {
                    #expect(abs(weights.reduce(0, +) - 1) <= 1e-5)
                    #expect(weights[...row].allSatisfy { $0 > 0 })
                    #expect(weights[(row + 1)...].allSatisfy { $0 == 0 })
                }
            }
        }
        let all = Set((0..<8).map { part.matrix(layer: $0 / 4, head: $0 % 4) })
        #expect(all.count == 8)
    }

    @Test("names tokens of visible bytes by the text that they stand for")
    func readable() async throws {
        var trainer = TokenizerTrainer(.bytePairs, vocabularySize: 260)
        trainer.add(Array(repeating: " the the", count: 20))
        let folder = try TemporaryFolder()
        try SmallLanguageModels.write(to: folder.path, .gpt2, tokenizer: trainer.train())
        let generator = try await TextGenerator(folder: folder.url, precision: .float32)
        let part = try #require(try await generator.attention(of: "a the é").part(.decoder))
        #expect(part.rows == ["a", "▁the", "▁", "<0xC3>", "<0xA9>"])
        #expect(part.columns == part.rows)
    }

    @Test("a token's row does not depend on what comes after it")
    func causal() async throws {
        let folder = try TemporaryFolder()
        let generator = try await generator(folder, .gpt2)
        let (short, long) = (
            try await generator.attention(of: "abc"), try await generator.attention(of: "abc hij")
        )
        for (a, b) in zip(
            try #require(short.part(.decoder)?.matrix(layer: 1, head: 2)),
            try #require(long.part(.decoder)?.matrix(layer: 1, head: 2)))
        {
            #expect(a == Array(b.prefix(a.count)))
        }
    }

    @Test("holds the layers and heads that are asked for, and refuses others, and other kinds")
    func selection() async throws {
        let folder = try TemporaryFolder()
        let generator = try await generator(folder)
        let whole = try #require(try await generator.attention(of: text).part(.decoder))
        let some = try #require(
            try await generator.attention(
                of: text, AttentionSelection(.decoder, layers: [1], heads: [3, 0])
            ).part(.decoder))
        #expect(some.layers == [1] && some.heads == [0, 3])
        for head in [0, 3] {
            #expect(some.matrix(layer: 1, head: head) == whole.matrix(layer: 1, head: head))
        }
        for (selection, words) in [
            (AttentionSelection(.cross), "there is no kind cross"),
            (AttentionSelection([.encoder, .decoder]), "there is no kind encoder"),
            (AttentionSelection(layers: [2]), "there is no layer 2"),
            (AttentionSelection(.decoder, heads: [4]), "there is no head 4"),
        ] {
            let error = await #expect(throws: AttentionRangeError.self) {
                try await generator.attention(of: text, selection)
            }
            #expect(
                error?.description == words + ": decoder has layers 0 to 1 with heads 0 to 3")
        }
    }

    @Test("of a text that fills the positions is whole; a longer one is refused")
    func long() async throws {
        let folder = try TemporaryFolder()
        let generator = try await generator(folder, .gpt2)
        let full = String(repeating: "a", count: 64)
        #expect(try await generator.attention(of: full).part(.decoder)?.rows.count == 64)
        let error = await #expect(throws: SentenceTooLongError.self) {
            try await generator.attention(of: full + "b")
        }
        #expect(error?.tokenCount == 65 && error?.limit == 64)
        #expect(try await generator.attention(of: "").parts.isEmpty)
    }

    @Test("is written without a source, as JSON, as arrays, as a page and as a figure")
    func forms() async throws {
        let folder = try TemporaryFolder()
        let map = try await generator(folder).attention(of: text)
        let json = try JSONParser().parse(map.json)
        #expect(json["source"] == .null && json["target"]?.stringValue == text)
        let path = folder.path(of: "map.npz")
        try map.writeNumPy(to: path)
        let arrays = try NumPyReader(path: path)
        let part = try #require(map.part(.decoder))
        let count = part.rows.count
        #expect(arrays["decoder"]?.shape == [2, 4, count, count])
        #expect(arrays["decoder"]?.floats == part.weights)
        #expect(arrays["source"] == nil && arrays["target"]?.texts == [text])
        let titles = try WellFormedXML(map.svg()).elements
            .filter { $0.attributes["class"] == "p" }.map(\.text)
        #expect(titles == (0..<4).map { "Decoder self-attention, layer 1, head \($0)" })
        #expect(map.html().contains("<title>Attention: \(text)</title>"))
    }

    @Test(
        "heads that are taken out change what later layers attend to",
        arguments: [
            LanguageModelType.gpt2, .llama,
        ])
    func removed(type: LanguageModelType) async throws {
        let folder = try TemporaryFolder()
        let whole = try await generator(folder, type).attention(of: text)
        let without = try await generator(
            folder, type, withoutHeads: [AttentionHead(.decoder, layer: 0, head: 3)]
        ).attention(of: text)
        let parts = try [whole, without].map { try #require($0.part(.decoder)) }
        for head in 0..<4 {
            #expect(parts[0].matrix(layer: 0, head: head) == parts[1].matrix(layer: 0, head: head))
            #expect(parts[0].matrix(layer: 1, head: head) != parts[1].matrix(layer: 1, head: head))
        }
        // The same as a model in which what reads the head is zero.
        let changed = try LanguageModel(folder: folder.path)
        let name = type == .gpt2 ? "transformer.h.0.attn.c_proj" : "model.layers.0.self_attn.o_proj"
        let output = try #require(changed.bindings.first { $0.name == "\(name).weight" }).parameter
        var values = output.value.floats
        // Four heads of 4 columns each.
        for index in values.indices where index % 16 / 4 == 3 { values[index] = 0 }
        output.value = Tensor(values, shape: output.shape)
        let tokenizer = try Tokenizer(folder: folder.path)
        let expected = PromptContinuer(changed, tokenizer, .float32)
        try expected.forEachAttention(of: [text], AttentionSelection()) {
            #expect($0.parts == without.parts && $0.target == without.target)
            #expect($0.removedHeads == [] && whole.removedHeads == [])
        }
        #expect(without.removedHeads == [AttentionHead(.decoder, layer: 0, head: 3)])
        let path = folder.path(of: "without.npz")
        try without.writeNumPy(to: path)
        #expect(try NumPyReader(path: path)["without_heads"]?.texts == ["decoder.0.3"])
        await #expect(throws: AttentionRangeError.self) {
            try await generator(
                folder, type, withoutHeads: [AttentionHead(.cross, layer: 0, head: 0)])
        }
    }
}
