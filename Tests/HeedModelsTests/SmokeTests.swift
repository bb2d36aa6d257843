import HeedFormats
import HeedModels
import HeedNN
import HeedTensor
import HeedTestSupport
import Testing

@Suite("Every configuration")
struct SmokeTests {
    @Test("learns, and is the same after it was saved and loaded", arguments: ModelCase.all)
    func learns(model: ModelCase) throws {
        let transformer = try Transformer(model.configuration, builder: ModelBuilder(seed: 5))
        let arena = GradientArena(transformer.parameters)
        let moments = AdamMoments(arena)
        var losses: [Double] = []
        for update in 0..<12 {
            arena.clear()
            let tape = Tape()
            let context = Context(
                tape: tape, isTraining: true, random: RandomState(seed: 1, update: UInt32(update)))
            _ = tape.backward(run(transformer, context).loss)
            if update == 0 { try expectGradients(transformer) }
            losses.append(run(transformer, Context()).loss.scalar)
            moments.update(AdamStep(learningRate: 0.01))
        }
        #expect(losses.allSatisfy { $0.isFinite })
        let last = try #require(losses.last)
        #expect(last < 0.8 * losses[0], "\(losses)")
        try withTemporaryFolder { folder in
            try transformer.write(toFolder: folder)
            let again = try Transformer(folder: folder)
            #expect(again.configuration == model.configuration)
            let (before, after) = (run(transformer, Context()), run(again, Context()))
            #expect(sameBits(before.logits, after.logits))
            #expect(again.parameters.map(\.name) == transformer.parameters.map(\.name))
        }
    }

    @Test("a file of float64 gives the logits of float32, which it holds", arguments: ModelCase.all)
    func float64File(model: ModelCase) throws {
        let transformer = try Transformer(model.configuration, builder: ModelBuilder(seed: 5))
        try withTemporaryFolder { folder in
            try transformer.write(toFolder: folder, as: .float64)
            let again = try Transformer(folder: folder)
            #expect(again.parameters.allSatisfy { $0.elementType == .float64 })
            let (before, after) = (run(transformer, Context()), run(again, Context()))
            #expect(sameBits(before.logits, after.logits))
        }
    }

    /// Every trainable tensor has a finite gradient that is not zero.
    private func expectGradients(_ model: Transformer) throws {
        let gradients = model.collectedGradients
        #expect(gradients.count == model.bindings.count - 1)
        for (name, gradient) in gradients {
            let size = magnitude(gradient)
            #expect(size.isFinite && size > 0, "\(name)")
        }
    }

    private func run(
        _ model: Transformer, _ context: Context
    ) -> (loss: Tensor, logits: Tensor) {
        let targets = SequencePacking(lengths: [4, 1, 3])
        let states = model(
            source: Tensor([Int32(3), 4, 5, 6, 7, 0, 8, 0]),
            sourcePacking: SequencePacking(lengths: [5, 1, 2]),
            target: Tensor([Int32(2), 9, 10, 11, 2, 2, 12, 3]), targetPacking: targets, context)
        let loss = model.loss(
            states, targets: Tensor([Int32(9), 10, 11, 0, 0, 12, 3, -1]), smoothing: 0.1,
            scale: 1.0 / 7, context)
        return (loss.loss, model.logits(states, context.withoutGradient))
    }

    @Test("weights are saved and loaded in bfloat16 and float32")
    func elementTypes() throws {
        let model = try Transformer(
            ModelCase("plain").configuration, builder: ModelBuilder(seed: 5))
        try withTemporaryFolder { folder in
            try model.write(toFolder: folder, as: .bfloat16)
            let narrow = try Transformer(folder: folder)
            let wide = try Transformer(folder: folder, as: .float32)
            for (index, parameter) in model.parameters.enumerated() {
                let rounded = parameter.value.converted(to: .bfloat16)
                #expect(sameBits(narrow.parameters[index].value, rounded), "\(parameter.name)")
                #expect(
                    sameBits(
                        wide.parameters[index].value, rounded.converted(to: .float32)),
                    "\(parameter.name)")
            }
            let json = try JSONObjectReader(path: "\(folder)/config.json")
            #expect(try json.string("dtype") == "bfloat16")
            try narrow.write(toFolder: folder)
            let again = try JSONObjectReader(path: "\(folder)/config.json")
            #expect(try again.string("dtype") == "bfloat16")
        }
    }

    @Test("other values than the parameters' own can be saved")
    func otherValues() throws {
        let model = try Transformer(
            ModelCase("plain").configuration, builder: ModelBuilder(seed: 5))
        try withTemporaryFolder { folder in
            try model.write(toFolder: folder) { Context().affine($0.value, scale: 2) }
            let again = try Transformer(folder: folder)
            for (one, other) in zip(model.parameters, again.parameters) {
                #expect(sameBits(Context().affine(one.value, scale: 2), other.value))
            }
        }
    }
}
