import HeedNN
import HeedTensor

/// The lecture's worked example: four tokens that attend to each other through identity projections.
package enum WorkedExample {
    /// The tokens z₀ … z₃.
    package static let tokens: [[Float]] = [[0, 1, 3], [3, 4, -1], [1, 0, -4], [-3, 2, 1]]

    static let names = ["z₀ = (0, 1, 3)", "z₁ = (3, 4, −1)", "z₂ = (1, 0, −4)", "z₃ = (−3, 2, 1)"]
    static let shortNames = ["z₀", "z₁", "z₂", "z₃"]

    private static var z: Tensor { Tensor(tokens.flatMap(\.self), shape: [4, 3]) }

    /// The products of each token with each.
    package static var products: [[Double]] {
        let context = Context()
        return context.matmul(z, context.transposed(z)).rows
    }

    /// The weights of each token for each, as the attention's own recorder sees them; the scale is 1/√3 when nil.
    package static func weights(scale: Double?) -> [[Double]] {
        let recorder = AttentionRecorder()
        let columns = Columns(z)
        _ = Context(attentionObserver: recorder).attention(
            "example", queries: columns, keys: columns, values: columns,
            heads: AttentionHeads(count: 1, keySize: 3, scale: scale),
            queryPacking: SequencePacking(lengths: [4]))
        return recorder.weights(of: "example")[0]?.rows ?? []
    }

    /// The weights by additive relevance, Σ tanh(qᵢ + kᵢ): W and U are the identity, v is ones.
    package static var additiveWeights: [[Double]] {
        let attention = AdditiveAttention(
            queryWidth: 3, keyWidth: 3, inner: 3, builder: ModelBuilder(seed: 1))
        for parameter in attention.parameters {
            let (rows, columns) = (parameter.value.shape[0], parameter.value.shape[1])
            let values = (0..<rows * columns).map { index -> Float in
                rows == 1 || index / columns == index % columns ? 1 : 0
            }
            parameter.value = Tensor(values, shape: [rows, columns])
        }
        return attention(queries: z, keys: z, values: z, Context()).weights.rows
    }

    static var page: FigurePage {
        func map(
            _ title: String, _ values: [[Double]], range: ClosedRange<Double>?, decimals: Int
        ) -> Figure.Panel {
            .heat(
                HeatMap(
                    title, values, rows: names, columns: shortNames, rowLabel: "query",
                    columnLabel: "key", range: range, decimals: decimals))
        }
        let figure = Figure(
            "Attention, the worked example",
            caption: """
                Each token asks all four. The rows of the second and third picture are the softmax of \
                the first one's rows, with the scale 1/√3 and without it: the scaled softmax leaves \
                something for the others. Additive relevance Σ tanh(qᵢ + kᵢ) lies between −3 and 3, \
                and leaves them more.
                """,
            columns: 2, panelWidth: 390, panelHeight: 270,
            [
                map("Products q · k", products, range: nil, decimals: 0),
                map("Weights, softmax(q · k / √3)", weights(scale: nil), range: 0...1, decimals: 4),
                map("Weights, softmax(q · k)", weights(scale: 1), range: 0...1, decimals: 4),
                map(
                    "Weights, softmax(Σ tanh(q + k))", additiveWeights, range: 0...1, decimals: 4),
            ])
        return FigurePage(
            figure,
            paragraphs: [
                """
                Attention(Q, K, V) = softmax(Q Kᵀ / √d_k) V (Vaswani et al. 2017, §3.2.1), with Q = K = \
                V = z. The weights were captured by an AttentionRecorder while Context.attention ran.
                """,
                """
                The last ones are those of AdditiveAttention: softmax(vᵀ tanh(W q + U k)) (Bahdanau et \
                al. 2015), where W and U are the identity and v is ones.
                """,
            ])
    }
}

/// Values whose width d_v differs from the width d_k of queries and keys.
package enum ValueSizeExample {
    /// Weights [4, 4], values [4, 5], and outputs [4, 5].
    package static var parts: (weights: [[Double]], values: [[Double]], outputs: [[Double]]) {
        let recorder = AttentionRecorder()
        let z = Tensor(WorkedExample.tokens.flatMap(\.self), shape: [4, 3])
        let values = Tensor.randomNormal([4, 5], seed: 3, site: 1)
        let outputs = Context(attentionObserver: recorder).attention(
            "example", queries: Columns(z), keys: Columns(z), values: Columns(values),
            heads: AttentionHeads(count: 1, keySize: 3, valueSize: 5),
            queryPacking: SequencePacking(lengths: [4]))
        return (recorder.weights(of: "example")[0]?.rows ?? [], values.rows, outputs.rows)
    }

    static var page: FigurePage {
        let parts = parts
        let numbers = (0..<5).map { "\($0)" }
        func map(
            _ title: String, _ values: [[Double]], columns: [String], label: String
        ) -> Figure.Panel {
            .heat(
                HeatMap(
                    title, values, rows: WorkedExample.shortNames, columns: columns,
                    rowLabel: "token", columnLabel: label, decimals: 2))
        }
        return FigurePage(
            Figure(
                "Values may have another width than keys",
                caption: """
                    Queries and keys have d_k = 3 numbers, values d_v = 5. Each row of the result is \
                    the sum of the values' rows with the row's weights.
                    """,
                columns: 3, panelWidth: 370, panelHeight: 270,
                [
                    map(
                        "Weights, from q and k of width 3", parts.weights,
                        columns: WorkedExample.shortNames, label: "key"),
                    map("Values of width 5", parts.values, columns: numbers, label: "column"),
                    map("Weights × values", parts.outputs, columns: numbers, label: "column"),
                ]))
    }
}
