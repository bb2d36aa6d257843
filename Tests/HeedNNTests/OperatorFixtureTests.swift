import HeedFormats
import HeedNN
import HeedTensor
import HeedTestSupport
import Testing

@Suite("Norms, activations, losses and optimisers beside PyTorch")
struct OperatorFixtureTests {
    @Test(
        "norms are PyTorch's, with all gradients",
        arguments: ["layer_norm", "rms_norm"], ["1x1", "3x5", "7x16", "5x33"])
    func norms(kind: String, size: String) throws {
        let fixture = try Fixture("norms")
        let key = "\(kind).\(size)"
        let x = try fixture.tensor("\(key).x")
        let layer = NormLayer(
            kind == "rms_norm" ? .rms : .layer, x.shape[1],
            epsilon: try fixture.double("epsilon"), builder: ModelBuilder(seed: 1))
        try layer.assign { try fixture.tensor("\(key).\($0)") }
        let arena = GradientArena(layer.parameters)
        defer { arena.detach() }
        let tape = Tape()
        let variable = tape.variable(x)
        let output = layer(variable, Context(tape: tape))
        #expect(distance(output, try fixture.tensor("\(key).output")) <= 1e-5)
        let gradients = tape.backward(
            output, upstream: try fixture.tensor("\(key).output.gradient"))
        // The gradients of a row of one number are zero but for ε: what PyTorch gives is rounding.
        let absolute = size == "1x1" ? 1e-5 : 0
        try expectGradients(
            of: [variable], gradients, ["\(key).x"], fixture, absolute: absolute)
        let wrong = try wrongGradients(of: layer, absolute: absolute) {
            try fixture.tensor("\(key).\($0).gradient")
        }
        #expect(wrong == [])
    }

    @Test(
        "activations and their derivatives are PyTorch's",
        arguments: ["relu", "elu", "gelu", "gelu_tanh", "silu", "sigmoid", "tanh"])
    func activations(name: String) throws {
        let fixture = try Fixture("activations")
        // Numbers that float32 has; the derivative of ReLU sees whether one is 0.
        let all = try fixture.tensor("\(name).input").doubles
        let kept = all.indices.filter { all[$0] == 0 || abs(all[$0]) > 1e-37 }
        let input = Tensor(kept.map { Float(all[$0]) })
        let tape = Tape()
        let variable = tape.variable(input)
        let output = Context(tape: tape).apply(try function(name), variable)
        let gradients = tape.backward(output)
        let derivative = try #require(gradients[variable])
        for (kind, found) in [("output", output), ("derivative", derivative)] {
            let whole = try fixture.tensor("\(name).\(kind)").doubles
            let expected = kept.map { whole[$0] }
            // The largest difference in units of max(1, |expected|).
            let relative = zip(found.doubles, expected).map { ($0 - $1) / max(1, abs($1)) }
            #expect(
                distance(relative, [Double](repeating: 0, count: expected.count)) <= 2e-6,
                "\(kind)")
        }
    }

    @Test("the exponential is PyTorch's")
    func exponential() throws {
        let fixture = try Fixture("activations")
        let input = try fixture.tensor("exp.input").doubles
        let expected = try fixture.tensor("exp.output").doubles
        let found = Context().apply(.exp, Tensor(input.map { Float($0) })).doubles
        for (index, value) in input.enumerated() {
            // Rounding the input to float32 moves the result by as much as the input is large.
            let allowed = (2e-7 + abs(value) * 6e-8) * expected[index] + 1e-37
            #expect(abs(found[index] - expected[index]) <= allowed, "exp \(value)")
        }
    }

    @Test(
        "cross-entropy with and without smoothing is PyTorch's",
        arguments: ["1x2", "7x5", "9x37", "5x130"], ["0.0", "0.1"])
    func crossEntropy(size: String, smoothing: String) throws {
        let fixture = try Fixture("cross_entropy")
        let key = "\(size).\(smoothing)"
        let logits = try fixture.tensor("\(key).logits")
        let labels = try fixture.ids("\(key).labels")
        let epsilon = try #require(Double(smoothing))
        let kept = labels.scalars(as: Int32.self).filter { $0 >= 0 }.count
        let expected = try fixture.tensor("\(key).loss").scalar
        let tape = Tape()
        let context = Context(tape: tape)
        let variable = tape.variable(logits)
        let losses = context.crossEntropy(variable, targets: labels, smoothing: epsilon)
        let loss = context.affine(context.sum(losses), scale: 1 / Double(kept))
        #expect(abs(loss.scalar - expected) <= 1e-5)
        try expectGradients(of: [variable], tape.backward(loss), ["\(key).logits"], fixture)

        // The projection by an identity gives the same.
        let classes = logits.shape[1]
        let identity = Parameter(
            "identity",
            Tensor(
                (0..<classes * classes).map { $0 % (classes + 1) == 0 ? Float(1) : 0 },
                shape: [classes, classes]))
        let second = Tape()
        let states = second.variable(logits)
        let projected = Context(tape: second).projectionLoss(
            states, weight: identity, targets: labels, smoothing: epsilon, scale: 1 / Double(kept))
        #expect(abs(projected.loss.scalar - expected) <= 1e-5)
        try expectGradients(
            of: [states], second.backward(projected.loss), ["\(key).logits"], fixture)
    }

    @Test(
        "ten steps of an optimiser are PyTorch's",
        arguments: ["adam", "adam_clipped", "adamw", "adamw_clipped"])
    func optimiser(name: String) throws {
        let fixture = try Fixture("optimiser_\(name)")
        let count = try fixture.tensor("initial").count
        let context = Context()
        let parameter = Parameter(
            "p", context.reshaped(try fixture.tensor("initial"), [1, count]))
        let arena = GradientArena([parameter])
        let moments = AdamMoments(arena)
        var step = AdamStep(learningRate: try fixture.double("learning_rate"))
        step.beta1 = try fixture.double("beta1")
        step.beta2 = try fixture.double("beta2")
        step.epsilon = try fixture.double("epsilon")
        step.weightDecay = try fixture.double("weight_decay")
        step.isDecoupled = try fixture.text("optimiser") == "adamw"
        let given = try fixture.tensor("gradients")
        let norms = try fixture.tensor("norms").doubles
        for index in 0..<(try fixture.int("steps")) {
            arena.clear()
            // The gradient of p · g with respect to p is g.
            let tape = Tape()
            _ = tape.backward(
                Context(tape: tape).linear(given.rowsView(index..<index + 1), parameter))
            let norm = arena.norm()
            #expect(abs(norm - norms[index]) <= 1e-6 * norms[index], "step \(index)")
            if try fixture.text("clip_norm") != "none" {
                step.gradientScale = min(
                    1,
                    try fixture.double("clip_norm")
                        / (norm + fixture.double("clip_epsilon")))
            }
            moments.update(step)
            let expected = try fixture.tensor("parameters").rowsView(index..<index + 1)
            #expect(distance(parameter.value, expected) <= 1e-6, "step \(index)")
        }
        for (name, found) in [
            ("first_moment", moments.values.first), ("second_moment", moments.values.second),
        ] {
            let expected = try fixture.tensor(name)
            let difference = distance(Array(found.doubles.prefix(count)), expected.doubles)
            #expect(difference <= 1e-6 * magnitude(expected), "\(name)")
        }
    }
}
