import HeedFormats
import HeedTensor
import HeedTraining

/// Trainings of a `CountingTask`, and what they leave behind.
enum CountingRun {
    /// The best of whole epochs is after update 5; that of all is in the middle of the second.
    static let losses: [Int: Float] = [5: 2, 7: 1, 10: 3, 12: 1.5, 15: 2.5]

    @discardableResult
    static func train(
        _ folder: String, updates: Int, average: Int = 0, epochs: Int = 100, patience: Int = 0,
        losses: [Int: Float] = losses, resuming: Bool = false, stopAfter: Int = .max,
        number: CountingTask.Number = CountingTask.Number(),
        handle: @escaping (TrainingEvent) -> Void = { _ in }
    ) throws -> TrainingEnd {
        var options = CountingTask.options(updates: updates, average: average, epochs: epochs)
        options.patience = patience
        var asked = 0
        return try TrainingRun(
            CountingTask(losses: losses, number: number), options, folder: RunFolder(path: folder),
            fingerprint: "same: yes",
            shouldStop: {
                asked += 1
                return asked > stopAfter
            }, handle: handle)(resuming: resuming)
    }

    /// What must be equal bit by bit, and the metrics without their times.
    static func outcome(_ folder: String) throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for name in [
            "model.safetensors", "best/model.safetensors", "checkpoints/step-15/model.safetensors",
            "checkpoints/step-15/optimizer.safetensors",
        ] {
            files[name] = try InputFile.bytes(path: "\(folder)/\(name)", limit: 1 << 20)
        }
        let epochs = try Folder.names(in: "\(folder)/epochs").filter { !$0.contains("rejected") }
        files["epochs"] = Array(epochs.joined(separator: " ").utf8)
        let metrics = try TextFile.lines(path: "\(folder)/metrics.jsonl").map {
            $0.replacing(#/, "seconds": [^,}]*/#, with: "")
        }
        files["metrics"] = Array(metrics.joined(separator: "\n").utf8)
        return files
    }
}
