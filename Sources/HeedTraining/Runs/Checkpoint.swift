import HeedFormats
import HeedNN
import HeedTensor

/// Reads and writes checkpoints: the weights, the optimiser's moments and the state of training.
struct Checkpoint {
    let trainer: Trainer
    let run: RunFolder

    private static let momentsName = "optimizer.safetensors"
    private static let stateName = "state.json"

    /// Writes `checkpoints/step-N`, and removes older ones afterwards.
    func write(_ state: TrainingState, keepingEpochs epochs: Int) throws -> String {
        let path = run.checkpointPath(state.updates)
        // The same update is saved again when training stops right after a resumption.
        if try Folder.kind(of: path) != nil {
            if (try? FolderManifest.verify(folder: path)) != nil { return path }
            try run.reject(path)
        }
        let folder = try AtomicFolder(path: path)
        try ModelFiles.save(
            trainer.task.model, to: folder.path(of: TensorFolder.fileName))
        let moments = trainer.moments.values
        let names = [("first_moment", moments.first), ("second_moment", moments.second)]
        let writer = try SafetensorsWriter(
            path: folder.path(of: Self.momentsName),
            tensors: names.map { TensorDescription($0.0, $0.1.elementType, $0.1.shape.sizes) })
        for (name, tensor) in names { try tensor.write(to: writer, as: name) }
        try writer.commit()
        try folder.write(JSONWriter(.pretty).string(state.json) + "\n", to: Self.stateName)
        try folder.commit()
        try run.prune(keepingEpochs: epochs)
        return path
    }

    /// Continues from a checkpoint; throws when it is of another training.
    func restore(_ path: String, fingerprint: String) throws -> TrainingState {
        let statePath = RelativePath.join(path, Self.stateName)
        let state = try TrainingState(
            JSONObjectReader(
                parsing: InputFile.bytes(path: statePath, limit: 1 << 20), file: statePath))
        guard state.fingerprint == fingerprint else {
            throw TrainingError(
                "\(path) is of a training with other settings, data or tokenizer: \(Self.difference(state.fingerprint, fingerprint))"
            )
        }
        let momentsPath = RelativePath.join(path, Self.momentsName)
        let file = try SafetensorsFile(path: momentsPath)
        let first = try Tensor(reading: "first_moment", from: file)
        let second = try Tensor(reading: "second_moment", from: file)
        for tensor in [first, second]
        where tensor.shape != [trainer.arena.count]
            || tensor.elementType != trainer.arena.elementType
        {
            throw TrainingError("\(momentsPath): the moments are those of another model")
        }
        guard Self.isFinite(first, from: -.infinity), Self.isFinite(second, from: 0) else {
            throw TrainingError("\(momentsPath): the moments hold what no training makes")
        }
        try ModelFiles.load(
            trainer.task.model,
            from: SafetensorsFile(path: RelativePath.join(path, TensorFolder.fileName)))
        trainer.moments.restore(first: first, second: second, steps: state.updates)
        return state
    }

    /// Whether all elements of a vector are numbers, and none is below the least.
    private static func isFinite(_ vector: Tensor, from least: Float) -> Bool {
        let (chunk, column) = (1 << 20, vector.viewed(as: [vector.count, 1]))
        return stride(from: 0, to: vector.count, by: chunk).allSatisfy { start in
            column.rowsView(start..<min(start + chunk, vector.count)).floats
                .allSatisfy { $0.isFinite && $0 >= least }
        }
    }

    /// The lines that two fingerprints do not share, in words; of long ones the name alone.
    private static func difference(_ saved: String, _ now: String) -> String {
        let (old, new) = (saved.split(separator: "\n"), now.split(separator: "\n"))
        let changed = zip(old, new).filter { $0 != $1 }.map { old, new in
            guard max(old.count, new.count) > 60 else { return "\(old) became \(new)" }
            return String(old.prefix { $0 != ":" })
        }.map(nameForMessage)
        return changed.isEmpty ? "their number differs" : changed.joined(separator: "; ")
    }
}
