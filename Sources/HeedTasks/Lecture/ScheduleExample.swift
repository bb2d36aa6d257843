package import HeedTraining

/// The learning rates that a training can have.
package enum ScheduleExample {
    package static let schedules: [(name: String, schedule: LearningRateSchedule)] = [
        (
            "inverse square root, D = 512, warm-up 4000 (the paper)",
            .inverseSquareRoot(
                peak: LearningRateSchedule.paperPeak(width: 512, warmup: 4000), warmup: 4000,
                start: 0)
        ),
        (
            "inverse square root, peak 0.002, warm-up 1000",
            .inverseSquareRoot(peak: 0.002, warmup: 1000)
        ),
        ("cosine, peak 0.001, to 12,000", .cosine(peak: 0.001, warmup: 500, total: 12_000)),
        ("constant, 0.0005", .constant(0.0005)),
    ]

    /// The rates of the updates 1, 1 + step, ….
    package static func rates(
        _ schedule: LearningRateSchedule, step: Int
    ) -> [LineChart.Point] {
        stride(from: 1, through: 12_000, by: step).map {
            LineChart.Point(Double($0), schedule.rate(update: $0))
        }
    }

    static var page: FigurePage {
        func chart(_ title: String, _ scale: AxisScale) -> Figure.Panel {
            .lines(
                LineChart(
                    title, x: "update", y: "learning rate",
                    schedules.map { .init($0, rates($1, step: scale == .linear ? 50 : 1)) },
                    xScale: scale, yScale: scale, yRange: scale == .linear ? nil : 1e-6...0.004,
                    yIncludes: scale == .linear ? [0] : []))
        }
        return FigurePage(
            Figure(
                "Learning rates",
                caption: """
                    Warm-up is linear; then the rate falls with the square root of the update, or \
                    as a half cosine. Along logarithmic axes both halves of the paper's schedule are straight.
                    """,
                columns: 2, panelWidth: 430, panelHeight: 330, sharesLegend: true,
                [
                    chart("Along linear axes", .linear),
                    chart("Along logarithmic axes", .logarithmic),
                ]),
            paragraphs: [
                """
                D^-0.5 · min(step^-0.5, step · warmup^-1.5) (Vaswani et al. 2017, §5.3), by \
                LearningRateSchedule.rate(update:).
                """
            ])
    }
}
