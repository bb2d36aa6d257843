import HeedNN
import HeedTensor
import Testing

@Suite("How weights are drawn")
struct WeightInitializationTests {
    /// The parameters of one of each layer that draws weights, by name.
    private func parameters(_ initialization: WeightInitialization) -> [String: [Float]] {
        let builder = ModelBuilder(seed: 7, initialization: initialization)
        let table = Embedding(90, 60, padding: 2, builder: builder)
        let layer = EncoderLayer(
            "encoder.0",
            LayerOptions(width: 60, heads: AttentionHeads(count: 3, keySize: 20), inner: 90),
            builder: builder)
        let positions = TokenEmbedding(
            table, positions: .learned, maximumLength: 90, scale: 1, dropout: 0, builder: builder)
        var values: [String: [Float]] = ["embed_tokens.weight": table.weight.value.floats]
        for module in [layer, positions] as [any Module] {
            for binding in module.bindings {
                let rows = binding.rows.lowerBound * 60..<binding.rows.upperBound * 60
                let floats = binding.parameter.value.floats
                let isMatrix = binding.parameter.shape.rank == 2
                values[binding.name] =
                    isMatrix && binding.name.contains("_proj.weight")
                    ? Array(floats[rows]) : floats
            }
        }
        return values
    }

    private func largest(_ values: [Float]?) -> Double {
        (values ?? []).reduce(0) { max($0, Double($1.magnitude)) }
    }

    @Test("Xavier-uniform fills the same range in tables as in layers of their shape")
    func xavier() {
        let parameters = parameters(.xavierUniform)
        let bounds: [(String, Double)] = [
            ("embed_tokens.weight", 6 / 150), ("embed_positions.weight", 6 / 150),
            ("fc1.weight", 6 / 150), ("fc2.weight", 6 / 150), ("self_attn.q_proj.weight", 6 / 120),
            ("self_attn.k_proj.weight", 6 / 120), ("self_attn.v_proj.weight", 6 / 120),
            ("self_attn.out_proj.weight", 6 / 120),
        ]
        for (name, square) in bounds {
            let found = largest(parameters[name])
            #expect(found <= square.squareRoot() * 1.000_001, "\(name)")
            #expect(found >= square.squareRoot() * 0.99, "\(name)")
        }
    }

    @Test("the default draws tables from a normal distribution, and fused projections smaller")
    func normal() {
        let parameters = parameters(.normal)
        for name in ["embed_tokens.weight", "embed_positions.weight"] {
            let values = (parameters[name] ?? []).map { Double($0) }
            let deviation = (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
            #expect(abs(deviation * 60.squareRoot() - 1) <= 0.03, "\(name)")
            #expect(largest(parameters[name]) > 3 / 60.squareRoot(), "\(name)")
        }
        let found = largest(parameters["self_attn.k_proj.weight"])
        #expect(found <= (3.0 / 120).squareRoot() && found >= (3.0 / 120).squareRoot() * 0.99)
    }

    @Test("the padding token's vector is zero either way")
    func padding() {
        for initialization in WeightInitialization.allCases {
            let table = parameters(initialization)["embed_tokens.weight"] ?? []
            #expect(table[120..<180].allSatisfy { $0 == 0 } && table[0..<60].contains { $0 != 0 })
        }
    }
}
