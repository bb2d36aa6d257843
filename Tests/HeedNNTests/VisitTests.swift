import HeedNN
import HeedTensor
import HeedTestSupport
import Testing

@Suite("Members of layers")
struct VisitTests {
    @Test("a layer visits every parameter that it stores")
    func visits() {
        let builder = ModelBuilder(seed: 1)
        let heads = AttentionHeads(count: 4, keyValueCount: 2, keySize: 6, valueSize: 5)
        let plain = LayerOptions(width: 8, heads: heads, inner: 12)
        var other = plain
        other.feedForward = .gated(.silu)
        other.norm = .rms
        other.placement = .pre
        other.hasBias = false
        other.rotary = RotaryPositions(RotaryForm(size: 6))
        var modules: [any Module] = [
            Linear(3, 4, builder: builder), NormLayer(.layer, 4, builder: builder),
            NormLayer(.rms, 4, builder: builder), Embedding(5, 4, builder: builder),
            AdditiveAttention(queryWidth: 3, keyWidth: 4, inner: 5, builder: builder),
        ]
        for options in [plain, other] {
            modules += [
                EncoderLayer("encoder.0", options, builder: builder),
                DecoderLayer("decoder.0", options, builder: builder),
            ]
        }
        for module in modules {
            #expect(unvisitedParameters(of: module) == [])
            #expect(repeatedNames(of: module) == [])
        }
    }

    private final class Forgetful: Module {
        let kept = Linear(2, 2, builder: ModelBuilder(seed: 1))
        let forgotten: [Linear?] = [nil, Linear(2, 2, builder: ModelBuilder(seed: 1))]

        func visitMembers(_ visitor: MemberVisitor) { visitor.child("kept", kept) }
    }

    @Test("a layer that forgets one is noticed")
    func forgets() {
        #expect(unvisitedParameters(of: Forgetful()).count == 2)
    }

    @Test("parameters have the names of their places")
    func names() {
        let heads = AttentionHeads(count: 2, keySize: 4)
        let layer = DecoderLayer(
            "decoder.0", LayerOptions(width: 8, heads: heads, inner: 12),
            builder: ModelBuilder(seed: 1))
        layer.nameParameters()
        let blocks = ["self_attn", "encoder_attn"].flatMap { block in
            ["q_proj", "k_proj", "v_proj", "out_proj"].map { "\(block).\($0)" }
                + ["\(block)_layer_norm"]
        }
        let expected = (blocks + ["fc1", "fc2", "final_layer_norm"]).flatMap {
            ["\($0).weight", "\($0).bias"]
        }
        #expect(Set(layer.bindings.map(\.name)) == Set(expected))
        #expect(layer.parameters.first?.name == "self_attn.q_proj.weight")
    }
}
