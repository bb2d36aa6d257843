import HeedFormats
public import HeedTraining

/// The curves of one or several trainings: losses, scores, learning rate, speed.
public struct RunPlot: Sendable {
    /// What runs along the horizontal axis.
    public enum Horizontal: String, Sendable, CaseIterable {
        /// Updates.
        case update
        /// Epochs, with fractions between their ends.
        case epoch
    }

    private let runs: [RunHistory]
    private let horizontal: Horizontal
    private let names: [String]
    private let isRaw: Bool

    /// More measurements than this between epochs are drawn as means.
    package static let mostPoints = 200

    /// The curves of runs, over updates or epochs.
    ///
    /// - Parameters:
    ///   - runs: what they have measured.
    ///   - horizontal: what they are drawn over.
    ///   - isRaw: whether every measurement is drawn; otherwise a line of more than 200 between epochs becomes one of
    ///     means of neighbours.
    public init(
        _ runs: [RunHistory], by horizontal: Horizontal = .update, isRaw: Bool = false
    ) {
        self.runs = runs
        self.horizontal = horizontal
        self.isRaw = isRaw
        names = Self.names(runs.map(\.path))
    }

    /// The last part of each path that tells it from the others; the whole path where none does.
    static func names(_ paths: [String]) -> [String] {
        let parts = paths.map { path in
            path.split(separator: "/").filter { $0 != "." }.map(String.init)
        }
        let longest = parts.map(\.count).max() ?? 0
        for count in 1...max(longest, 1) {
            let names = parts.map { $0.suffix(count).joined(separator: "/") }
            if Set(names).count == paths.count, !names.contains("") { return names }
        }
        return paths
    }

    /// Whether anything was measured.
    public var isEmpty: Bool { figure.panels.isEmpty }

    /// The curves, each quantity in a chart of its own.
    public var figure: Figure {
        var panels = [lossPanel]
        let known: Set = ["train_loss", "valid_loss", "valid_perplexity", "learning_rate"]
        let others = Set(runs.flatMap(\.epochSeries.keys)).subtracting(known)
        for name in others.sorted() { panels.append(panel(Self.words(name), epoch: name)) }
        panels += [
            panel("Validation perplexity", epoch: "valid_perplexity", yScale: .logarithmic),
            panel(
                "Learning rate", epoch: "learning_rate", update: "train/learning_rate",
                yIncludes: [0]),
            panel("Tokens per second", update: "train/tokens_per_second", yIncludes: [0]),
            panel(
                "Norm of the gradient before clipping", update: "train/gradient_norm",
                yScale: .logarithmic),
        ]
        let drawn = panels.compactMap(\.self)
        var figure = Figure(
            title, caption: caption, columns: drawn.count > 4 ? 3 : 2, panelWidth: 380,
            panelHeight: 300, sharesLegend: !isAlone, drawn.map(Figure.Panel.lines))
        if !isAlone {
            figure.legend = names.indices.map { LegendEntry(names[$0], SeriesStyle($0)) }
        }
        return figure
    }

    private var isAlone: Bool { runs.count == 1 }

    private var title: String {
        switch names.count {
        case 1: "Training \(names[0])"
        case 2...3: "Trainings \(names.joined(separator: ", "))"
        default: "\(names.count) trainings"
        }
    }

    private var caption: String {
        [
            isAlone ? "" : "Thin lines are the loss in training, the others that in validation.",
            hasMeans
                ? "Lines of more than \(Self.mostPoints) measurements are means of neighbours."
                : "",
        ].filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// The curves as a page, with the best epoch of each run in a table.
    public var page: FigurePage {
        FigurePage(
            figure,
            table: [
                [
                    "Run", "Updates", "Epochs", "Best validation loss", "in epoch",
                    "Last validation loss", "Validation loss of the average",
                ]
            ]
                + zip(names, runs).map { name, run in
                    let losses = (run.epochSeries["valid_loss"] ?? []).filter { $0.value.isFinite }
                    let best = losses.min { $0.value < $1.value }
                    let last = run.epochSeries.values.compactMap(\.last).max {
                        $0.update < $1.update
                    }
                    let updates = run.updateSeries.values.compactMap { $0.last?.update }.max()
                    return [
                        name, "\(max(updates ?? 0, last?.update ?? 0))", Self.number(last?.epoch),
                        Self.number(best?.value), Self.number(best?.epoch),
                        Self.number(losses.last?.value), Self.number(run.averageLoss),
                    ]
                })
    }

    private static func number(_ value: Double?) -> String {
        value.map(NumberText.short) ?? "–"
    }

    /// `valid_bleu` as people would write it.
    private static func words(_ name: String) -> String {
        let parts = name.split(separator: "_").map { part in
            ["bleu": "BLEU", "chrf": "chrF", "valid": "validation"][part] ?? String(part)
        }
        let text = parts.joined(separator: " ")
        return text.prefix(1).uppercased() + text.dropFirst()
    }

    private var lossPanel: LineChart? {
        var series: [LineChart.Series] = []
        for (index, run) in runs.enumerated() {
            let training =
                run.updateSeries["train/loss"].map(means) ?? run.epochSeries["train_loss"] ?? []
            let validation = run.epochSeries["valid_loss"] ?? []
            let prefix = isAlone ? "" : "\(names[index]): "
            var thin = SeriesStyle(color: index, dash: index, marker: nil)
            thin.isThin = !isAlone
            let kinds: [(String, [RunHistory.Point], SeriesStyle)] = [
                ("training", training, thin),
                (
                    "validation", validation,
                    isAlone ? SeriesStyle(color: 1, dash: 0, marker: 0) : SeriesStyle(index)
                ),
            ]
            for (name, measured, style) in kinds {
                let points = points(measured)
                if !points.isEmpty { series.append(.init(prefix + name, points, style: style)) }
            }
        }
        return series.isEmpty
            ? nil : LineChart("Loss per token", x: horizontal.rawValue, y: "", series)
    }

    /// A chart of one quantity; nil where no run has it.
    private func panel(
        _ title: String, epoch: String? = nil, update: String? = nil,
        yScale: AxisScale = .linear, yIncludes: [Double] = []
    ) -> LineChart? {
        var series: [LineChart.Series] = []
        for (index, run) in runs.enumerated() {
            let fine = update.flatMap { run.updateSeries[$0] }.map(means)
            let points = points(fine ?? epoch.flatMap { run.epochSeries[$0] } ?? [])
            guard !points.isEmpty else { continue }
            series.append(.init(names[index], points, style: SeriesStyle(index)))
        }
        guard !series.isEmpty else { return nil }
        return LineChart(
            title, x: horizontal.rawValue, y: "", series, yScale: yScale, yIncludes: yIncludes)
    }

    private var hasMeans: Bool {
        !isRaw && runs.flatMap(\.updateSeries.values).contains { $0.count > Self.mostPoints }
    }

    /// The means of as many neighbours as it takes to have few points.
    private func means(_ measured: [RunHistory.Point]) -> [RunHistory.Point] {
        guard !isRaw, measured.count > Self.mostPoints else { return measured }
        let size = (measured.count + Self.mostPoints - 1) / Self.mostPoints
        return stride(from: 0, to: measured.count, by: size).map { start in
            let part = measured[start..<min(start + size, measured.count)]
            let sum = part.reduce(0) { $0 + $1.value }
            let middle = part[part.startIndex + part.count / 2]
            return RunHistory.Point(
                update: middle.update, epoch: middle.epoch, value: sum / Double(part.count))
        }
    }

    private func points(_ measured: [RunHistory.Point]) -> [LineChart.Point] {
        measured.compactMap { point in
            switch horizontal {
            case .update: LineChart.Point(Double(point.update), point.value)
            case .epoch: point.epoch.map { LineChart.Point($0, point.value) }
            }
        }
    }
}
