import Foundation
import HeedTasks
import HeedTensor
import HeedTraining

/// Shows on standard error how a training goes: one line that is rewritten on a terminal, lines for epochs everywhere.
final class TrainingReport {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var hasLine = false
    /// The score of the final model.
    private(set) var finalScore: String?

    func show(_ event: TrainingTaskEvent) {
        switch event {
        case .prepared(let words): line(words)
        case .training(let event): show(event)
        case .score(let score): finalScore = score
        }
    }

    private func show(_ event: TrainingEvent) {
        switch event {
        case .started(let updates):
            if updates > 0 { line("going on after update \(updates)") }
        case .notice(let words): line("heed: warning: \(words)")
        case .progress(let progress): rewrite(text(progress))
        case .epoch(let report): line(text(report))
        case .average(let report):
            line(
                """
                \(report.words): validation loss \(fixed(report.validationLoss, 4)), \
                perplexity \(fixed(report.validationPerplexity, 3))
                """)
        case .saved: break
        case .finished(.interrupted): clear()
        case .finished(let end):
            let peak = MachineMemory.peakResidentBytes.map { "; peak memory \($0 / 1_000_000) MB" }
            line("training ended: \(end.rawValue)" + (peak ?? ""))
        }
    }

    private func text(_ progress: TrainingProgress) -> String {
        """
        epoch \(progress.epoch) update \(progress.update) loss \(fixed(progress.loss, 4)) \
        \(Int(progress.tokensPerSecond)) tokens/s rate \(short(progress.learningRate)) \
        left \(duration(progress.secondsLeft))
        """
    }

    private func text(_ report: EpochReport) -> String {
        var words = """
            epoch \(report.epoch): update \(report.update), loss \(fixed(report.trainingLoss, 4)), \
            validation loss \(fixed(report.validationLoss, 4)), perplexity \
            \(fixed(report.validationPerplexity, 3))
            """
        for (name, value) in report.scores.sorted(by: { $0.key < $1.key }) {
            words += ", \(name) \(fixed(value, 2))"
        }
        return words + ", \(duration(report.seconds))" + (report.isBest ? ", best" : "")
    }

    private func line(_ text: String) {
        clear()
        StandardStreams.printError(text)
    }

    private func rewrite(_ text: String) {
        guard isTerminal else { return }
        StandardStreams.writeError("\r\u{1B}[K" + text)
        hasLine = true
    }

    private func clear() {
        if hasLine { StandardStreams.writeError("\r\u{1B}[K") }
        hasLine = false
    }

    private func fixed(_ value: Double, _ digits: Int) -> String {
        String(format: "%.\(digits)f", value)
    }

    private func short(_ value: Double) -> String { String(format: "%.3g", value) }

    private func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0 else { return "?" }
        let total = Int(min(seconds, 1e9).rounded())
        let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60)
        if hours > 0 { return "\(hours) h \(minutes) min" }
        return minutes > 0 ? "\(minutes) min \(rest) s" : "\(rest) s"
    }
}
