import Foundation

/// Writes what happens while a model is trained as event files, in the folder `events` of its run.
///
/// Nothing is lost when they cannot be written: training goes on, and the first problem is told.
public final class TensorBoardLog {
    private let folder: URL
    private var writer: EventFileWriter?
    private var hasFailed = false

    /// A log in a run that exists.
    public init(_ run: RunFolder) {
        folder = URL(filePath: run.path("events"), directoryHint: .isDirectory)
    }

    /// Writes what an event tells; returns what kept it from that, once.
    public func record(_ event: TrainingEvent) -> String? {
        guard !hasFailed else { return nil }
        do {
            try write(event)
            return nil
        } catch {
            hasFailed = true
            let words = error.localizedDescription
            return "\(folder.path): no more events for TensorBoard: \(words)"
        }
    }

    private func write(_ event: TrainingEvent) throws {
        switch event {
        case .started(let updates):
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true)
            writer = try EventFileWriter(
                folder: folder, continuingAt: updates > 0 ? updates + 1 : nil)
        case .progress(let progress):
            try writer?.write(
                [
                    "train/loss": Float(progress.loss),
                    "train/gradient_norm": Float(progress.gradientNorm),
                    "train/learning_rate": Float(progress.learningRate),
                    "train/tokens_per_second": Float(progress.tokensPerSecond),
                ], step: progress.update)
        case .epoch(let report):
            var values = [
                "valid/loss": Float(report.validationLoss),
                "valid/perplexity": Float(report.validationPerplexity),
                "train/epoch_loss": Float(report.trainingLoss),
            ]
            for (name, value) in report.scores {
                values["valid/" + name.replacing("valid_", with: "")] = Float(value)
            }
            try writer?.write(values, step: report.update)
        case .average(let report):
            try writer?.write(
                [
                    "average/loss": Float(report.validationLoss),
                    "average/perplexity": Float(report.validationPerplexity),
                ], step: report.update)
        case .finished:
            try writer?.close()
            writer = nil
        case .notice, .saved: break
        }
    }
}
