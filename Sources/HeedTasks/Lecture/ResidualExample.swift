import HeedNN
import HeedTensor

/// What a residual connection is for.
package enum ResidualExample {
    private static let (count, width) = (8, 32)

    private static var options: LayerOptions {
        LayerOptions(
            width: width, heads: AttentionHeads(count: 4, keySize: 8), inner: 64, placement: .pre)
    }

    /// How far an encoder layer's output is from its input when the last projection of each sublayer is multiplied by
    /// `share`: with 0 the sublayers give 0.
    package static func distance(share: Double) -> Double {
        let layer = EncoderLayer("encoder.0", options, builder: ModelBuilder(seed: 1))
        for binding in layer.bindings
        where binding.name.hasPrefix("self_attn.out_proj") || binding.name.hasPrefix("fc2") {
            binding.parameter.value = Context().affine(binding.parameter.value, scale: share)
        }
        let x = Tensor.randomNormal([count, width], seed: 2, site: 1)
        let y = layer(x, packing: SequencePacking(lengths: [count]), Context())
        return euclideanDistance(y.rows.joined(), x.rows.joined())
    }

    /// The norm of the gradient that reaches the input of a stack of feed-forward networks.
    package static func gradientNorm(depth: Int, hasResidual: Bool) -> Double {
        let builder = ModelBuilder(seed: 3)
        let packing = SequencePacking(lengths: [count])
        let tape = Tape()
        let context = Context(tape: tape)
        let input = tape.variable(Tensor.randomNormal([count, width], seed: 4, site: 1))
        var x = input
        for _ in 0..<depth {
            let network = FeedForward(.plain(.relu), width: width, inner: 64, builder: builder)
            if hasResidual {
                x = Residual(options, builder: builder)(x, packing: packing, context) {
                    network($0, context)
                }
            } else {
                x = network(x, context)
            }
        }
        let upstream = Tensor.randomNormal([count, width], seed: 4, site: 2)
        return tape.backward(x, upstream: upstream)[input]?.norm ?? .nan
    }

    static var page: FigurePage {
        let shares = (0...20).map { Double($0) / 20 }
        let depths = Array(1...24)
        let identity = LineChart(
            "f → 0: an encoder layer becomes the identity", x: "share of f",
            y: "‖layer(x) − x‖",
            [
                .init("layer", shares.map { .init($0, distance(share: $0)) })
            ])
        let gradients = LineChart(
            "Gradient at the bottom of a stack", x: "feed-forward networks", y: "norm",
            [
                .init(
                    "x + f(norm(x))", depths.map { gradientNorm(depth: $0, hasResidual: true) },
                    from: 1),
                .init("f(x)", depths.map { gradientNorm(depth: $0, hasResidual: false) }, from: 1),
            ], yScale: .logarithmic)
        return FigurePage(
            Figure(
                "Residual connections",
                caption: """
                    z = f(x) + x. With f = 0 the block is the identity, to the last bit. In a \
                    deep stack the gradient reaches the bottom through the sums; without them it fades \
                    layer by layer.
                    """,
                columns: 2, panelWidth: 430, panelHeight: 300,
                [.lines(identity), .lines(gradients)]),
            paragraphs: [
                "He et al. 2015; Vaswani et al. 2017, §3.1. Weights are fresh, and not trained."
            ])
    }
}
