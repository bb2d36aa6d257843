import HeedFormats
import HeedModels
import HeedNN
import HeedTasks
import HeedTensor
import HeedTestSupport
import Testing

@Suite("Heads that are taken out")
struct RemovedHeadTests {
    private let sentences = SmallModels.sources

    private func logits(_ model: Transformer, _ precision: Precision) -> [Float] {
        let packing = SequencePacking(lengths: [5, 3])
        let context = Context(precision: precision)
        let states = model(
            source: Tensor([4, 5, 6, 7, 0, 9, 8, 0] as [Int32]), sourcePacking: packing,
            target: Tensor([2, 5, 9, 4, 7, 2, 8, 6] as [Int32]), targetPacking: packing, context)
        return model.logits(states, context).floats
    }

    @Test(
        "contribute zero: the logits are those of weights with these columns at zero",
        arguments: [Precision.float32, .bfloat16, .int8])
    func reference(precision: Precision) throws {
        let folder = try TemporaryFolder()
        try SmallModels.write(to: folder.path)
        let heads = ["encoder.1.0", "decoder.0.1", "cross.1.1"].compactMap(AttentionHead.init)
        let names = [
            "model.encoder.layers.1.self_attn", "model.decoder.layers.0.self_attn",
            "model.decoder.layers.1.encoder_attn",
        ]
        let model = try Transformer(folder: folder.path)
        let before = logits(model, precision)
        let expected = try Transformer(folder: folder.path)
        for (name, head) in zip(names, heads) {
            let binding = try #require(
                expected.bindings.first { $0.name == "\(name).out_proj.weight" })
            var values = binding.parameter.value.floats
            // Two heads of 8 columns each.
            for index in values.indices where index % 16 / 8 == head.head { values[index] = 0 }
            binding.parameter.value = Tensor(values, shape: binding.parameter.shape)
        }
        try model.removeContributions(of: heads)
        let after = logits(model, precision)
        #expect(after == logits(expected, precision) && after != before)
    }

    @Test("leave their own weights as they are, and change those of later layers")
    func recorded() async throws {
        let folder = try TemporaryFolder()
        try SmallModels.write(to: folder.path)
        let whole = try await Translator(folder: folder.url, precision: .float32)
        let heads = [AttentionHead(.encoder, layer: 0, head: 1)]
        let without = try await Translator(
            folder: folder.url, precision: .float32, withoutHeads: heads)
        let maps = try await [whole, without].asyncMap {
            try await $0.attention(of: sentences[2], to: "The dog.")
        }
        let parts = try maps.map { try #require($0.part(.encoder)) }
        for head in 0..<2 {
            #expect(parts[0].matrix(layer: 0, head: head) == parts[1].matrix(layer: 0, head: head))
            #expect(parts[0].matrix(layer: 1, head: head) != parts[1].matrix(layer: 1, head: head))
        }
    }

    @Test("that there are not are refused, and nothing is taken out then")
    func range() throws {
        let folder = try TemporaryFolder()
        try SmallModels.write(to: folder.path)
        let model = try Transformer(folder: folder.path)
        let before = logits(model, .float32)
        for name in ["cross.2.0", "encoder.0.2"] {
            let heads = ["decoder.0.0", name].compactMap(AttentionHead.init)
            let error = #expect(throws: AttentionRangeError.self) {
                try model.removeContributions(of: heads)
            }
            #expect(error?.description.contains("there is no head \(name): ") == true)
        }
        #expect(logits(model, .float32) == before)
    }
}

extension Sequence {
    /// The results of an asynchronous function, one after the other.
    fileprivate func asyncMap<Result>(
        _ body: (Element) async throws -> Result
    ) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { try await results.append(body(element)) }
        return results
    }
}
