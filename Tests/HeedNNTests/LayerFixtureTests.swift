import HeedFormats
import HeedNN
import HeedTensor
import HeedTestSupport
import Testing

@Suite("Encoder and decoder layers beside PyTorch")
struct LayerFixtureTests {
    static let names = ["post", "pre"].flatMap { norm in
        ["relu", "elu", "gelu", "gelu_tanh", "silu", "swiglu"].map { "\(norm)_\($0)" }
    }

    @Test("an encoder layer is PyTorch's, with all gradients", arguments: names)
    func encoderLayer(name: String) throws {
        let fixture = try Fixture("encoder_layer_\(name)")
        let layer = EncoderLayer(
            "encoder.0", try layerOptions(fixture), builder: ModelBuilder(seed: 1))
        try layer.assign { try fixture.tensor(nameInFixture($0)) }
        let packing = SequencePacking(lengths: try fixture.ints("lengths"))
        try FixtureRun(fixture, layer, nameInFixture).check(
            inputs: ["x"], weights: ["encoder.0.self": "self_attn.weights"]
        ) { inputs, context in
            layer(inputs[0], packing: packing, context)
        }
    }

    @Test("a decoder layer is PyTorch's, with all gradients", arguments: names)
    func decoderLayer(name: String) throws {
        let fixture = try Fixture("decoder_layer_\(name)")
        let layer = DecoderLayer(
            "decoder.0", try layerOptions(fixture), builder: ModelBuilder(seed: 1))
        try layer.assign { try fixture.tensor(nameInFixture($0)) }
        let packing = SequencePacking(lengths: try fixture.ints("lengths"))
        let memory = SequencePacking(lengths: try fixture.ints("context_lengths"))
        try FixtureRun(fixture, layer, nameInFixture).check(
            inputs: ["x", "context"],
            weights: [
                "decoder.0.self": "self_attn.weights", "decoder.0.cross": "encoder_attn.weights",
            ]
        ) { inputs, context in
            layer(
                inputs[0], packing: packing,
                memory: layer.project(inputs[1], ranges: memory.ranges, context), context)
        }
    }

    private func layerOptions(_ fixture: Fixture) throws -> LayerOptions {
        let (width, heads) = (try fixture.int("width"), try fixture.int("heads"))
        let name = try fixture.text("activation")
        let function = try function(name)
        return LayerOptions(
            width: width, heads: AttentionHeads(count: heads, keySize: width / heads),
            inner: try fixture.int("hidden"),
            feedForward: name == "swiglu" ? .gated(function) : .plain(function),
            placement: try fixture.text("norm") == "pre" ? .pre : .post,
            epsilon: try fixture.double("epsilon"))
    }
}

/// Gated networks have the names of today's language models; the fixtures call the same layers gate, fc1 and fc2.
private func nameInFixture(_ name: String) -> String {
    let names = ["gate_proj": "gate", "up_proj": "fc1", "down_proj": "fc2"]
    let parts = name.split(separator: ".").map { names[String($0)] ?? String($0) }
    return parts.joined(separator: ".")
}

/// The function that PyTorch knows by this name.
func function(_ name: String) throws -> UnaryFunction {
    let functions: [String: UnaryFunction] = [
        "relu": .relu, "elu": .elu, "gelu": .gelu, "gelu_tanh": .geluTanh, "silu": .silu,
        "swiglu": .silu, "sigmoid": .sigmoid, "tanh": .tanh,
    ]
    guard let function = functions[name] else { throw FixtureError("no function \(name)") }
    return function
}
