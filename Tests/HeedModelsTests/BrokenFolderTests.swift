import HeedFormats
import HeedModels
import HeedNN
import HeedTensor
import HeedTestSupport
import Testing

@Suite("Model folders whose tensors do not fit")
struct BrokenFolderTests {
    @Test("missing, unexpected, misshapen and mistyped tensors are listed together")
    func listing() throws {
        let found = try mismatch { tensors in
            tensors["model.encoder.layers.0.fc1.bias"] = nil
            tensors["model.decoder.layers.1.self_attn.q_proj.weight"] = nil
            tensors["model.encoder.layers.7.fc1.bias"] = Tensor.zeros([24])
            tensors["something.else"] = Tensor.zeros([1])
            tensors["model.shared.weight"] = Tensor.zeros([16, 19])
            tensors["model.decoder.layers.0.fc2.bias"] = Tensor.zeros([17])
            tensors["model.encoder.layers.1.fc2.bias"] = Tensor([Int32](repeating: 0, count: 16))
        }
        let mismatch = try #require(found)
        #expect(
            Set(mismatch.missing) == [
                "model.encoder.layers.0.fc1.bias", "model.decoder.layers.1.self_attn.q_proj.weight",
            ])
        #expect(
            Set(mismatch.unexpected) == ["model.encoder.layers.7.fc1.bias", "something.else"])
        #expect(
            Set(mismatch.misshapen.map(\.name)) == [
                "model.shared.weight", "model.decoder.layers.0.fc2.bias",
            ])
        #expect(mismatch.mistyped.map(\.name) == ["model.encoder.layers.1.fc2.bias"])
        let shared = mismatch.misshapen.first { $0.name == "model.shared.weight" }
        #expect(shared?.expected == "[19, 16]" && shared?.found == "[16, 19]")
    }

    @Test("copies of the shared table and a bias of logits may be there or not")
    func copies() throws {
        let found = try mismatch { tensors in
            tensors["lm_head.weight"] = tensors["model.shared.weight"]
            tensors["model.encoder.embed_tokens.weight"] = tensors["model.shared.weight"]
            tensors["final_logits_bias"] = nil
        }
        #expect(found == nil)
    }

    @Test(
        "positions of another shape or type are refused",
        arguments: [Shape([8, 15]), [16], [], [2, 8, 16]])
    func positions(shape: Shape) throws {
        let name = "model.decoder.embed_positions.weight"
        #expect(try mismatch { $0[name] = Tensor.zeros(shape) }?.misshapen.map(\.name) == [name])
        let integers = try mismatch { tensors in
            tensors[name] = Tensor([Int32](repeating: 0, count: 32), shape: [2, 16])
        }
        #expect(integers?.mistyped.map(\.name) == [name])
    }

    @Test("positions other than the formula's are used, and written again")
    func otherPositions() throws {
        let name = "model.encoder.embed_positions.weight"
        let table = Tensor.randomNormal([40, 16], seed: 3, site: 1)
        try withTemporaryFolder { folder in
            let model = try plainModel()
            try model.write(toFolder: folder)
            try change(folder) { $0[name] = table }
            let changed = try Transformer(folder: folder)
            #expect(changed.encoder.embedding.positionLimit == 40)
            #expect(changed.decoder.embedding.positionLimit == nil)
            #expect(distance(states(changed), states(model)) > 0.1)
            try changed.write(toFolder: folder)
            let again = try Transformer(folder: folder)
            #expect(sameBits(states(again), states(changed)))
        }
    }

    @Test("folders hold the tensors that transformers looks for", arguments: ModelCase.all)
    func tensorNames(model: ModelCase) throws {
        let configuration = model.configuration
        try withTemporaryFolder { folder in
            let transformer = try Transformer(configuration, builder: ModelBuilder(seed: 5))
            try transformer.write(toFolder: folder)
            let file = try SafetensorsFile(path: RelativePath.join(folder, "model.safetensors"))
            let names = Set(file.names)
            let positions = ["encoder", "decoder"].map { "model.\($0).embed_positions.weight" }
            let tables = ["model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight"]
            let hasPositions =
                configuration.family == .pegasus || configuration.positions == .learned
            #expect(names.isSuperset(of: positions) == hasPositions)
            #expect(names.contains("lm_head.weight") == !configuration.tiesOutput)
            let isShared = configuration.sharesEmbeddings && configuration.tiesOutput
            #expect(names.isDisjoint(with: tables) == isShared)
            if configuration.family != .heed, configuration.sharesEmbeddings {
                #expect(names.contains("model.shared.weight"))
            }
            let bias = try #require(file.entry(named: "final_logits_bias"))
            #expect(bias.shape == [1, configuration.targetVocabulary])
        }
    }

    private func states(_ model: Transformer) -> Tensor {
        model.encoder(Tensor([Int32(3), 4, 5]), packing: SequencePacking(lengths: [3]), Context())
    }

    private func plainModel() throws -> Transformer {
        try Transformer(ModelCase("plain").configuration, builder: ModelBuilder(seed: 5))
    }

    /// What opening a folder says after its tensors were changed; nil when it opens.
    private func mismatch(_ body: (inout [String: Tensor]) -> Void) throws -> TensorMismatch? {
        var found: TensorMismatch?
        try withTemporaryFolder { folder in
            try plainModel().write(toFolder: folder)
            try change(folder, body)
            do { _ = try Transformer(folder: folder) } catch let error as TensorMismatch {
                found = error
            }
        }
        return found
    }

    private func change(_ folder: String, _ body: (inout [String: Tensor]) -> Void) throws {
        let path = RelativePath.join(folder, "model.safetensors")
        let file = try SafetensorsFile(path: path)
        var tensors: [String: Tensor] = [:]
        for name in file.names { tensors[name] = try Tensor(reading: name, from: file) }
        body(&tensors)
        let writer = try SafetensorsWriter(
            path: path,
            tensors: tensors.map {
                TensorDescription($0.key, $0.value.elementType, $0.value.shape.sizes)
            })
        for (name, tensor) in tensors { try tensor.write(to: writer, as: name) }
        try writer.commit()
    }
}
