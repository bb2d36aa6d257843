package import HeedNN
package import HeedTensor

/// Norms: before or after the sublayer, with the mean or without.
package enum NormalisationExample {
    private static let (depth, width, count) = (12, 64, 16)

    /// What a fresh encoder of twelve layers does, layer by layer.
    package struct Stack: Sendable {
        /// The norm of the gradient of each layer's second feed-forward weight.
        package let gradients: [Double]
        /// √ of the mean square of the numbers before the first layer and after each.
        package let sizes: [Double]
    }

    package static func stack(_ placement: NormPlacement) -> Stack {
        let builder = ModelBuilder(seed: 21)
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
        var sizes: [Double] = []
        let ids = (0..<count).map { Int32($0 * 7 % 32) }
        var states: [Tensor] = []
        let output = encoder(
            Tensor(ids), packing: SequencePacking(lengths: [count]), Context(tape: tape)
        ) { states.append($0.detached) }
        // The last state of a pre-norm stack is behind its final norm, and no layer's.
        for state in states.prefix(placement == .pre ? depth : depth + 1) {
            sizes.append(state.norm / Double(state.count).squareRoot())
        }
        _ = tape.backward(
            output, upstream: Tensor.randomNormal([count, width], seed: 22, site: 1))
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
        let stacks = [
            ("post-norm: norm(x + f(x))", stack(.post)), ("pre-norm: x + f(norm(x))", stack(.pre)),
        ]
        let shifts = (-20...20).map { Double($0) / 5 }
        let factors = (0...24).map { power(10, Double($0 - 12) / 4) }
        func norms(
            _ title: String, _ x: String, _ places: [Double], _ scale: AxisScale,
            _ value: (Norm.Kind, Double) -> Double
        ) -> Figure.Panel {
            .lines(
                LineChart(
                    title, x: x, y: "change of the result",
                    [(Norm.Kind.layer, "layer norm"), (.rms, "RMS norm")].map { kind, name in
                        .init(name, at: places) { value(kind, $0) }
                    }, xScale: scale, yIncludes: [0]))
        }
        return FigurePage(
            Figure(
                "Norms, and where they stand",
                caption: """
                    Above: a fresh encoder of twelve layers. After the sum, norms let the gradient shrink on its \
                    way down, and a training needs a warm-up; before the sublayer, they let the stream grow, \
                    and gradients are of one size. Below: a layer norm does not see what is added to all \
                    numbers; both norms do not see a factor, as long as ε is small beside the numbers.
                    """,
                columns: 2, panelWidth: 430, panelHeight: 290,
                [
                    .lines(
                        LineChart(
                            "Gradient of each layer's feed-forward weight", x: "layer", y: "norm",
                            stacks.map { .init($0, $1.gradients, from: 1) }, yScale: .logarithmic)),
                    .lines(
                        LineChart(
                            "Size of the stream behind each layer", x: "layer",
                            y: "root of the mean square", stacks.map { .init($0, $1.sizes) },
                            yIncludes: [0])),
                    norms("A number is added to all", "added", shifts, .linear) {
                        change($0, shift: $1)
                    },
                    norms("All are multiplied", "factor", factors, .logarithmic) {
                        change($0, factor: $1)
                    },
                ]),
            paragraphs: [
                """
                Ba et al. 2016; Zhang and Sennrich 2019; on the place of norms: Xiong et al. 2020. \
                Gradients are those of every layer's fc2.weight in a GradientArena.
                """
            ])
    }
}
