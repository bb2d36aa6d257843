import HeedFormats
import HeedNN
import HeedTensor

/// The folder of a training run: the final model, `checkpoints/step-N`, `epochs/epoch-N`, `best`, `metrics.jsonl`.
///
/// Folders appear complete or not at all. There is no pointer to the newest checkpoint: the newest one whose manifest
/// verifies is the truth.
public struct RunFolder: Sendable {
    /// The path of the run.
    public let path: String

    /// Checkpoints that are kept.
    static let keptCheckpoints = 2

    /// A run at this path.
    public init(path: String) {
        self.path = path
    }

    /// A path inside the run.
    public func path(_ name: String) -> String { RelativePath.join(path, name) }

    /// The path of the metrics.
    public var metricsPath: String { path("metrics.jsonl") }

    func checkpointPath(_ update: Int) -> String { path("checkpoints/step-\(update)") }
    func epochPath(_ epoch: Int) -> String { path("epochs/epoch-\(epoch)") }
    var bestPath: String { path("best") }

    /// The numbers N of the folders `NAME-N` in a part of the run, ascending.
    func numbers(in part: String, _ name: String) throws -> [Int] {
        guard try Folder.kind(of: path(part)) == .folder else { return [] }
        return try Folder.names(in: path(part)).compactMap { entry in
            guard entry.hasPrefix("\(name)-"), let number = Int(entry.dropFirst(name.count + 1)),
                // Another spelling, such as step-07, is another folder, and none of the run's.
                number >= 0, entry == "\(name)-\(number)"
            else { return nil }
            return number
        }.sorted()
    }

    /// The newest checkpoint that is whole. Those that are not are renamed, and `notice` is told.
    func newestCheckpoint(_ notice: (String) -> Void) throws -> String? {
        for number in try numbers(in: "checkpoints", "step").reversed() {
            let checkpoint = checkpointPath(number)
            do {
                _ = try FolderManifest.verify(folder: checkpoint)
                return checkpoint
            } catch {
                notice("\(checkpoint) was skipped: \(error)")
                try reject(checkpoint)
            }
        }
        return nil
    }

    /// The epochs and best weights that are there but not what was written; `notice` is told why.
    func damagedWeights(_ notice: (String) -> Void) throws -> [String] {
        let epochs = try numbers(in: "epochs", "epoch").map(epochPath)
        let best = try Folder.kind(of: bestPath) == nil ? [] : [bestPath]
        return (epochs + best).filter { folder in
            do {
                try FolderManifest.verify(folder: folder)
                return false
            } catch {
                notice("\(folder) was set aside: \(error)")
                return true
            }
        }
    }

    /// Moves a folder out of the way.
    func reject(_ folder: String) throws {
        var name = "\(folder).rejected"
        var attempt = 1
        while try Folder.kind(of: name) != nil {
            attempt += 1
            name = "\(folder).rejected-\(attempt)"
        }
        try Folder.rename(folder, to: name)
    }

    /// Throws `FileError` where a link or a pipe has a name such as a run writes: a link would lead that out of the run, and
    /// a pipe would let it wait without end.
    func checkFiles() throws {
        for name in try Folder.names(in: path) {
            if ["checkpoints", "epochs", "best", "events"].contains(name) {
                try Folder.checkIsNoLink(path(name))
                _ = try Folder.files(in: path(name))
            } else if [".json", ".jsonl", ".safetensors"].contains(where: name.hasSuffix) {
                try Folder.checkIsNoLink(path(name))
            }
        }
    }

    /// Removes what interrupted writers left: a folder under a temporary name was never part of the run.
    func removeTemporaryFolders() throws {
        for part in ["checkpoints", "epochs", ""] {
            let folder = part.isEmpty ? path : path(part)
            guard try Folder.kind(of: folder) == .folder else { continue }
            for name in try Folder.names(in: folder) where RelativePath.isTemporaryName(name) {
                try Folder.remove(RelativePath.join(folder, name))
            }
        }
    }

    /// Throws `TrainingError` when another training has left checkpoints or epochs here.
    public func checkIsNew() throws {
        guard try numbers(in: "checkpoints", "step").isEmpty,
            try numbers(in: "epochs", "epoch").isEmpty
        else { throw TrainingError("\(path) holds another training") }
    }

    /// Sets checkpoints and epochs aside that are newer than what training goes on from; `notice` is told.
    func rejectNewer(thanUpdate update: Int, epoch: Int, _ notice: (String) -> Void) throws {
        let newer =
            try numbers(in: "checkpoints", "step").filter { $0 > update }.map(checkpointPath)
            + numbers(in: "epochs", "epoch").filter { $0 > epoch }.map(epochPath)
        for folder in newer {
            notice("\(folder) is newer than what training goes on from, and was set aside")
            try reject(folder)
        }
    }

    /// Keeps the newest checkpoints and epochs alone.
    func prune(keepingEpochs epochs: Int) throws {
        for number in try numbers(in: "checkpoints", "step").dropLast(Self.keptCheckpoints) {
            try Folder.remove(checkpointPath(number))
        }
        for number in try numbers(in: "epochs", "epoch").dropLast(max(epochs, 1)) {
            try Folder.remove(epochPath(number))
        }
    }
}
