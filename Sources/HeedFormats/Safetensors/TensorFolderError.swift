/// Why the weights of a model folder cannot be read.
public struct TensorFolderError: Error, Equatable, Sendable {
    /// What is wrong.
    public enum Problem: Equatable, Sendable {
        /// Neither `model.safetensors` nor its index is there; weights of other formats may be.
        case noWeights(others: [String])
        /// A name of the index that leads out of the folder.
        case shardOutsideFolder(String)
        /// Shards of the index that are not there.
        case missingShards([String])
        /// Tensors of the index that its shard does not hold.
        case missingTensors([String], shard: String)
        /// A tensor that two shards hold.
        case tensorInTwoShards(String, String, String)
    }

    /// The path of the folder.
    public let folder: String
    /// What is wrong.
    public let problem: Problem
}

extension TensorFolderError: CustomStringConvertible {
    /// The whole message in one line.
    public var description: String { "\(nameForMessage(folder)): \(problem.message)" }
}

extension TensorFolderError.Problem {
    fileprivate var message: String {
        switch self {
        case .noWeights(let others):
            "has neither \(TensorFolder.fileName) nor \(TensorFolder.indexName)"
                + (others.isEmpty
                    ? ""
                    : "; \(listForMessage(others)) cannot be read, since such files can run any "
                        + "program or are of another format: load them where you trust their "
                        + "source and save them again with the safetensors library")
        case .shardOutsideFolder(let name):
            "\(TensorFolder.indexName) names \(quotedForMessage(name)), which is outside the folder"
        case .missingShards(let names): "lacks the shards \(listForMessage(names))"
        case .missingTensors(let names, let shard):
            "\(nameForMessage(shard)) lacks the tensors \(listForMessage(names))"
        case .tensorInTwoShards(let name, let first, let second):
            "tensor \(quotedForMessage(name)) is in both \(nameForMessage(first)) and "
                + nameForMessage(second)
        }
    }
}

/// The first names of a list, quoted, and how many more there are.
package func listForMessage(_ names: [String], limit: Int = 10) -> String {
    let shown = names.prefix(limit).map { quotedForMessage($0) }.joined(separator: ", ")
    return names.count > limit ? "\(shown) and \(names.count - limit) more" : shown
}
