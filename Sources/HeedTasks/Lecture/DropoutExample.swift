package import HeedTensor

/// Dropout: numbers become 0 by chance, and the others are scaled up.
package enum DropoutExample {
    /// Ones [tokens, columns] behind dropout at one update.
    package static func ones(
        _ probability: Double, update: UInt32, tokens: Int = 12, columns: Int = 24
    ) -> Tensor {
        let context = Context(isTraining: true, random: RandomState(seed: 9, update: update))
        return context.dropout(
            Tensor.constant(1, [tokens, columns]), Dropout(probability, site: 1))
    }

    /// The mean of one number over the first updates.
    package static func runningMeans(_ probability: Double, updates: Int) -> [Double] {
        var sum = 0.0
        return (1...updates).map { update in
            sum += Double(
                ones(probability, update: UInt32(update), tokens: 1, columns: 8).floats[3])
            return sum / Double(update)
        }
    }

    static var page: FigurePage {
        func map(_ title: String, _ update: UInt32) -> Figure.Panel {
            .heat(
                HeatMap(
                    title, ones(0.3, update: update).rows, rowLabel: "token",
                    columnLabel: "column"))
        }
        let means = LineChart(
            "The mean of one number over the updates", x: "updates", y: "mean",
            [0.1, 0.3, 0.5].map { probability in
                .init("p = \(probability)", runningMeans(probability, updates: 1000), from: 1)
            }, xScale: .logarithmic)
        return FigurePage(
            Figure(
                "Dropout",
                caption: """
                    Ones behind dropout with p = 0.3, in two updates: what is kept is multiplied by \
                    1/(1 − p), so that the mean stays what it was. The draw is a function of seed, update, \
                    sequence, place and element.
                    """,
                columns: 3, panelWidth: 370, panelHeight: 280,
                [map("Update 1", 1), map("Update 2", 2), .lines(means)]))
    }
}
