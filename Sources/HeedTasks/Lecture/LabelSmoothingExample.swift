import HeedTensor

/// The loss of a token with label smoothing.
package enum LabelSmoothingExample {
    package static let smoothings = [0, 0.1, 0.3]
    private static let vocabulary = 10

    /// The loss and its derivative by the logit of the right token, when all others are 0.
    package static func curve(
        smoothing: Double, _ logits: [Double]
    ) -> (losses: [Double], slopes: [Double]) {
        let rows = logits.flatMap { [Float($0)] + [Float](repeating: 0, count: vocabulary - 1) }
        let tape = Tape()
        let x = tape.variable(Tensor(rows, shape: [logits.count, vocabulary]))
        let targets = Tensor([Int32](repeating: 0, count: logits.count))
        let losses = Context(tape: tape).crossEntropy(x, targets: targets, smoothing: smoothing)
        let slopes = tape.backward(losses)[x]?.rows.map { $0[0] } ?? []
        return (losses.floats.map(Double.init), slopes)
    }

    static var page: FigurePage {
        let logits = (0...120).map { Double($0) / 6 - 5 }
        let curves = smoothings.map { ($0, curve(smoothing: $0, logits)) }
        func chart(_ title: String, _ y: String, _ values: [(Double, [Double])]) -> Figure.Panel {
            .lines(
                LineChart(
                    title, x: "logit of the right token", y: y,
                    values.map { smoothing, values in
                        .init(
                            "ε = \(NumberText.short(smoothing))",
                            zip(logits, values).map { .init($0, $1) })
                    }))
        }
        return FigurePage(
            Figure(
                "Label smoothing",
                caption: """
                    One right token among ten, whose other logits are 0. Without smoothing the loss falls \
                    for ever as the logit grows; with it, there is a logit that is best, and beyond it the \
                    gradient turns round.
                    """,
                columns: 2, panelWidth: 430, panelHeight: 300,
                [
                    chart("Loss", "nats", curves.map { ($0, $1.losses) }),
                    chart("Gradient", "d loss / d logit", curves.map { ($0, $1.slopes) }),
                ]),
            paragraphs: [
                """
                (1 − ε) · (−log p[target]) + ε · the mean over the vocabulary of −log p (Szegedy et al. 2016; \
                Vaswani et al. 2017, §5.4), by Context.crossEntropy.
                """
            ])
    }
}
