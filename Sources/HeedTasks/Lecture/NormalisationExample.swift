package import HeedNN
package import HeedTensor

/// Norms: before or after the sublayer, with the mean or without.
package enum NormalisationExample {
    private static let (width, count) = (64, 16)
    private static let seeds: [UInt64] = [21, 22, 23, 24]
    package static let depths = [1, 2, 4, 8, 16, 24]

    /// What a fresh encoder does, layer by layer.
    package struct Stack: Sendable {
        /// The norm of the gradient of each layer's second feed-forward weight.
        package let gradients: [Double]
        /// √ of the mean square of the numbers before the first layer and after each.
        package let sizes: [Double]
    }

    /// The mean of encoders with several seeds.
    package static func stack(_ placement: NormPlacement, depth: Int) -> Stack {
        let stacks = seeds.map { stack(placement, depth: depth, seed: $0) }
        func mean(_ values: (Stack) -> [Double]) -> [Double] {
            let lists = stacks.map(values)
            return lists[0].indices.map { index in
                lists.reduce(0) { $0 + $1[index] } / Double(lists.count)
            }
        }
        return Stack(gradients: mean(\.gradients), sizes: mean(\.sizes))
    }

    private static func stack(_ placement: NormPlacement, depth: Int, seed: UInt64) -> Stack {
        let builder = ModelBuilder(seed: seed)
        let options = LayerOptions(
            width: width, heads: AttentionHeads(count: 4, keySize: 16), inner: 128,
            placement: placement)
        let embedding = TokenEmbedding(
            Embedding(32, width, builder: builder), positions: .interleavedSinusoids,
            maximumLength: 64, scale: 8, dropout: 0, builder: builder)
        let encoder = Encoder(embedding, depth: depth, options, builder: builder)
        let arena = GradientArena(encoder.parameters)
        defer { arena.detach() }
        let tape = Tape()
        let ids = (0..<count).map { Int32($0 * 7 % 32) }
        var states: [Tensor] = []
        let output = encoder(
            Tensor(ids), packing: SequencePacking(lengths: [count]), Context(tape: tape)
        ) { states.append($0.detached) }
        // The last state of a pre-norm stack is behind its final norm: here is the one before.
        if placement == .pre {
            states[depth] = encoder.layers[depth - 1](
                states[depth - 1], packing: SequencePacking(lengths: [count]), Context())
        }
        let sizes = states.map { $0.norm / Double($0.count).squareRoot() }
        _ = tape.backward(
            output, upstream: Tensor.randomNormal([count, width], seed: seed, site: 1000))
        let gradients = encoder.layers.map { layer in
            layer.bindings.first { $0.name == "fc2.weight" }?.parameter.gradient?.norm ?? .nan
        }
        return Stack(gradients: gradients, sizes: sizes)
    }

    /// How far the norm of a row moves when `shift` is added to each number and all are multiplied by `factor`.
    package static func change(_ kind: Norm.Kind, shift: Double = 0, factor: Double = 1) -> Double {
        let layer = NormLayer(kind, width, builder: ModelBuilder(seed: 1))
        let x = Tensor.randomNormal([1, width], seed: 23, site: 1)
        let context = Context()
        let moved = context.affine(x, scale: factor, shift: shift)
        return euclideanDistance(
            layer(moved, context).rows.joined(), layer(x, context).rows.joined())
    }

    static var page: FigurePage {
        let kinds: [(name: String, placement: NormPlacement)] = [
            ("post-norm: norm(x + f(x))", .post), ("pre-norm: x + f(norm(x))", .pre),
        ]
        let stacks = kinds.map { ($0.name, stack($0.placement, depth: 12)) }
        let last = kinds.map { kind in
            LineChart.Series(
                kind.name,
                depths.map { depth in
                    .init(
                        Double(depth), stack(kind.placement, depth: depth).gradients.last ?? .nan)
                })
        }
        let shifts = (-20...20).map { Double($0) / 5 }
        let norms = [(Norm.Kind.layer, "layer norm"), (.rms, "RMS norm")].map { kind, name in
            LineChart.Series(name, at: shifts) { change(kind, shift: $0) }
        }
        return FigurePage(
            Figure(
                "Norms, and where they stand",
                caption: """
                    Fresh encoders of 1 to 24 layers. With norms before the sublayers the stream grows, \
                    and the norm at its end divides by that: the last layer's gradient falls with the root of \
                    the depth. With norms after the sums it stays as large, which is why these models need \
                    a warm-up. A layer norm does not see what is added to all numbers; an RMS norm does.
                    """,
                columns: 2, panelWidth: 430, panelHeight: 290,
                [
                    .lines(
                        LineChart(
                            "Gradient of the last layer's feed-forward weight", x: "layers",
                            y: "norm", last, xScale: .logarithmic, yScale: .logarithmic)),
                    .lines(
                        LineChart(
                            "The same in each layer of a stack of 12", x: "layer",
                            y: "norm", stacks.map { .init($0, $1.gradients, from: 1) },
                            yIncludes: [0])),
                    .lines(
                        LineChart(
                            "Size of the stream behind each layer", x: "layer",
                            y: "root of the mean square", stacks.map { .init($0, $1.sizes) },
                            yIncludes: [0])),
                    .lines(
                        LineChart(
                            "A number is added to all of a row", x: "added",
                            y: "change of the result", norms, yIncludes: [0])),
                ]),
            paragraphs: [
                """
                Ba et al. 2016; Zhang and Sennrich 2019; on the place of norms: Xiong et al. 2020. \
                Gradients are those of fc2.weight in a GradientArena, for a random gradient of the \
                outputs, and means of four seeds.
                """
            ])
    }
}
