import HeedFormats
import HeedModels
import HeedNN
import HeedTensor
import HeedTestSupport
import Testing

@Suite("The Transformer beside PyTorch")
struct TransformerParityTests {
    static let names = [
        "post_concatenated", "post_interleaved", "pre_concatenated", "pre_interleaved",
    ]

    @Test(
        "logits, loss and every gradient are PyTorch's, in float32 and in reference arithmetic",
        arguments: names, [Precision.float32, .float64])
    func gradients(name: String, precision: Precision) throws {
        let run = try TransformerRun(name, precision)
        let arena = GradientArena(run.model.parameters)
        let tape = Tape()
        let (loss, logits) = run.loss(
            Context(tape: tape, isTraining: true, precision: precision))
        #expect(distance(logits, try run.fixture.tensor("logits")) <= 1e-4)
        #expect(distance(loss, try run.fixture.tensor("loss")) <= 1e-5)
        _ = tape.backward(loss)
        #expect(run.model.collectedGradients.count == run.model.bindings.count - 1)
        #expect(
            try wrongGradients(of: run.model) { try run.fixture.tensor("gradient.\($0)") } == [])
        let norms = try run.fixture.tensor("gradient_norms").doubles
        #expect(abs(arena.norm() - norms[0]) <= 1e-5 * norms[0])
    }

    @Test("ten optimiser steps follow PyTorch's", arguments: names)
    func training(name: String) throws {
        let run = try TransformerRun(name)
        let arena = GradientArena(run.model.parameters)
        let moments = AdamMoments(arena)
        let expected = try run.fixture.tensor("losses").doubles
        let norms = try run.fixture.tensor("gradient_norms").doubles
        for step in 0..<10 {
            arena.clear()
            let tape = Tape()
            let loss = run.loss(Context(tape: tape, isTraining: true)).loss
            #expect(abs(loss.scalar - expected[step]) <= 1e-4, "step \(step)")
            _ = tape.backward(loss)
            let norm = arena.norm()
            #expect(abs(norm - norms[step]) <= 1e-3 * norms[step], "step \(step)")
            moments.update(try run.step(norm: norm))
        }
        #expect(abs(run.loss(Context()).loss.scalar - expected[10]) <= 1e-4)
        for binding in run.model.bindings
        where !binding.name.hasSuffix(try run.fixture.text("noise_gradients"))
            && binding.name != "final_logits_bias"
        {
            let value = Context().sliced(binding.parameter.value, axis: 0, binding.rows)
            let wanted = try run.fixture.tensor("final.\(binding.name)")
            #expect(distance(value, wanted) <= 2e-4, "\(binding.name)")
        }
    }
}

/// The model, the batch and the optimiser of a fixture.
private struct TransformerRun {
    let fixture: Fixture
    let model: Transformer
    private let sources: (ids: Tensor, packing: SequencePacking)
    private let targets: (ids: Tensor, packing: SequencePacking)
    private let labels: Tensor

    init(_ name: String, _ precision: Precision = .float32) throws {
        let fixture = try Fixture("transformer_\(name)")
        self.fixture = fixture
        var configuration = TransformerConfiguration(
            vocabulary: try fixture.int("vocabulary"), width: try fixture.int("width"),
            layers: try fixture.int("encoder_layers"), inner: try fixture.int("hidden"),
            heads: try fixture.int("heads"))
        configuration.placement = try fixture.text("norm") == "pre" ? .pre : .post
        configuration.activation = try activation(fixture.text("activation"))
        configuration.positions =
            try fixture.text("positions") == "interleaved"
            ? .interleavedSinusoids : .concatenatedSinusoids
        configuration.epsilon = try fixture.double("epsilon")
        configuration.dropout = 0
        model = try Transformer(configuration, builder: ModelBuilder(seed: 1))
        try model.assign(as: precision == .float64 ? .float64 : .float32) { name in
            name == "final_logits_bias"
                ? Tensor.zeros([configuration.targetVocabulary])
                : try fixture.tensor("initial.\(name)")
        }
        sources = (
            try fixture.ids("source"), SequencePacking(lengths: try fixture.ints("source_lengths"))
        )
        targets = (
            try fixture.ids("target_input"),
            SequencePacking(lengths: try fixture.ints("target_lengths"))
        )
        labels = try fixture.ids("labels")
    }

    func loss(_ context: Context) -> (loss: Tensor, logits: Tensor) {
        let states = model(
            source: sources.ids, sourcePacking: sources.packing, target: targets.ids,
            targetPacking: targets.packing, context)
        let loss = model.loss(
            states, targets: labels, smoothing: 0.1, scale: 1 / Double(labels.count), context)
        return (loss.loss, model.logits(states, context.withoutGradient))
    }

    func step(norm: Double) throws -> AdamStep {
        var step = AdamStep(learningRate: try fixture.double("learning_rate"))
        step.beta1 = try fixture.double("beta1")
        step.beta2 = try fixture.double("beta2")
        step.epsilon = try fixture.double("optimiser_epsilon")
        step.weightDecay = try fixture.double("weight_decay")
        step.isDecoupled = try fixture.text("optimiser") == "adamw"
        if try fixture.text("clip_norm") != "none" {
            step.gradientScale = min(1, try fixture.double("clip_norm") / (norm + 1e-6))
        }
        return step
    }
}

/// The function that PyTorch knows by this name.
func activation(_ name: String) throws -> UnaryFunction {
    let functions: [String: UnaryFunction] = [
        "relu": .relu, "elu": .elu, "gelu": .gelu, "gelu_tanh": .geluTanh, "silu": .silu,
        "swiglu": .silu, "sigmoid": .sigmoid, "tanh": .tanh,
    ]
    guard let function = functions[name] else { throw FixtureError("no activation \(name)") }
    return function
}
