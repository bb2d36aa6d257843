import HeedNN
package import HeedTensor

/// How positions look, and what their products say of the distance.
package enum PositionExample {
    private static let (count, width) = (64, 64)
    private static let starts = [0, 16, 32]

    /// Sinusoids [64, 64] in one of the two forms.
    package static func sinusoids(isInterleaved: Bool) -> Tensor {
        Sinusoids.table(count: count, width: width, isInterleaved: isInterleaved)
    }

    /// The products of each position's vector with each.
    package static func products(_ table: Tensor) -> [[Double]] {
        let context = Context()
        return context.matmul(table, context.transposed(table)).rows
    }

    /// The products of one vector, turned by each position, with itself, turned by each.
    package static var rotaryProducts: [[Double]] {
        let vector = Tensor.constant(1 / Double(width).squareRoot(), [count, width])
        let turned = Context().rotary(
            vector, RotaryTable(count: count, rotarySize: width), headSize: width,
            positions: SequencePacking(lengths: [count]).positions)
        return products(turned)
    }

    /// Learned positions before anything is learned.
    package static var learnedTable: Tensor {
        ModelBuilder(seed: 1).table([count, width])
    }

    private static func distances(_ title: String, _ products: [[Double]]) -> Figure.Panel {
        .lines(
            LineChart(
                title, x: "distance", y: "product",
                starts.map { start in
                    .init("from position \(start)", Array(products[start][start..<start + 32]))
                }))
    }

    static var page: FigurePage {
        let interleaved = sinusoids(isInterleaved: true)
        func table(_ title: String, _ values: Tensor) -> Figure.Panel {
            .heat(HeatMap(title, values.rows, rowLabel: "position", columnLabel: "column"))
        }
        return FigurePage(
            Figure(
                "Positions",
                caption: """
                    Sines and cosines of 32 frequencies, in alternating columns or one half after the \
                    other: the same up to the order of columns. Their products, and those of \
                    vectors that are turned by rotary positions, depend on the distance alone: the three lines \
                    are one. Learned positions have to learn it.
                    """,
                columns: 3, panelWidth: 370, panelHeight: 310,
                [
                    table("Sinusoids, interleaved", interleaved),
                    table("Sinusoids, concatenated", sinusoids(isInterleaved: false)),
                    table("Learned, before training", learnedTable),
                    distances("Products of sinusoids", products(interleaved)),
                    distances("Rotary: products of turned vectors", rotaryProducts),
                    distances("Products of learned positions", products(learnedTable)),
                ]),
            paragraphs: [
                """
                PE(pos, 2i) = sin(pos / 10000^(2i/D)), PE(pos, 2i + 1) = cos of the same (Vaswani et al. \
                2017, §3.5); learned positions: Gehring et al. 2017; rotary positions: Su et al. 2021.
                """
            ])
    }
}
