import Foundation
import HeedTensor

/// Functions that saturate: softmax without the scale, and the sigmoid.
package enum SaturationExample {
    /// What a softmax over 16 keys does with products of random queries and keys of one width.
    package struct Measurement: Sendable {
        /// The width d_k.
        package let width: Int
        /// −Σ p log p, the mean over queries; log 16 where all keys are equal.
        package let entropy: Double
        /// The largest weight, the mean over queries.
        package let largest: Double
        /// The norm of the scores' gradient for a random gradient of the weights.
        package let gradientNorm: Double
    }

    private static let (queryCount, keyCount) = (64, 16)

    /// Measures the softmax of scaled or plain products: of numbers with deviation 1, so that products deviate by √d_k.
    package static func measure(width: Int, isScaled: Bool) -> Measurement {
        let q = Tensor.randomNormal([queryCount, width], seed: 7, site: 1)
        let k = Tensor.randomNormal([keyCount, width], seed: 7, site: 2)
        let tape = Tape()
        let context = Context(tape: tape)
        let products = context.matmul(q, context.transposed(k))
        let scale = isScaled ? 1 / Double(width).squareRoot() : 1
        let scores = tape.variable(context.affine(products, scale: scale))
        let weights = context.softmax(scores)
        let rows = weights.rows
        let entropies = rows.map { row in row.reduce(0) { $1 > 0 ? $0 - $1 * log($1) : $0 } }
        let upstream = Tensor.randomNormal([queryCount, keyCount], seed: 7, site: 3)
        let gradient = tape.backward(weights, upstream: upstream)[scores]
        return Measurement(
            width: width, entropy: entropies.reduce(0, +) / Double(queryCount),
            largest: rows.compactMap { $0.max() }.reduce(0, +) / Double(queryCount),
            gradientNorm: gradient?.norm ?? .nan)
    }

    static var page: FigurePage {
        let widths = (0...12).map { 1 << $0 }
        let measured = [
            ("with 1/√d_k", widths.map { measure(width: $0, isScaled: true) }),
            ("without", widths.map { measure(width: $0, isScaled: false) }),
        ]
        func chart(
            _ title: String, _ y: String, _ scale: AxisScale = .linear,
            _ value: (Measurement) -> Double
        ) -> Figure.Panel {
            let series = measured.map { name, list in
                LineChart.Series(name, list.map { .init(Double($0.width), value($0)) })
            }
            return .lines(
                LineChart(
                    title, x: "d_k", y: y, series, xScale: .logarithmic, yScale: scale,
                    yIncludes: scale == .linear ? [0] : []))
        }
        let (places, values, slopes) = ActivationExample.curve(.sigmoid, from: -10, to: 10)
        let sigmoid = LineChart(
            "The sigmoid saturates, too", x: "x", y: "",
            [
                .init("σ(x)", zip(places, values).map { .init($0, $1) }),
                .init("σ′(x), by the tape", zip(places, slopes).map { .init($0, $1) }),
            ])
        return FigurePage(
            Figure(
                "Why products are scaled by 1/√d_k",
                caption: """
                    Queries and keys of independent normal numbers: their products deviate by √d_k. \
                    Without the scale one key takes all, and no gradient is left to learn from. 64 \
                    queries, 16 keys.
                    """,
                columns: 2, panelWidth: 430, panelHeight: 280,
                [
                    chart("Entropy of the weights", "nats") { $0.entropy },
                    chart("The largest of 16 weights", "mean over queries") { $0.largest },
                    chart("Gradient of the scores", "norm", .logarithmic) { $0.gradientNorm },
                    .lines(sigmoid),
                ]),
            paragraphs: [
                """
                Vaswani et al. 2017, §3.2.1. The gradient is that of Context.softmax, for an upstream \
                gradient of normal numbers, by Tape.backward.
                """
            ])
    }
}
