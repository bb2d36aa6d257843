/// The weights of a model folder in the Hugging Face layout: `model.safetensors`, or shards listed in
/// `model.safetensors.index.json`.
///
/// An index cannot lead out of the folder, neither by its names nor through symbolic links. Every tensor
/// of the index must be in its shard, and no tensor in two shards.
public struct TensorFolder: TensorStore {
    /// The file of weights that are in one piece.
    public static let fileName = "model.safetensors"
    /// The file that lists the shards.
    public static let indexName = "model.safetensors.index.json"

    /// The path of the folder.
    public let path: String
    /// The files that hold the weights.
    public let shards: [SafetensorsFile]

    private let shardOfTensor: NameDictionary<Int>

    /// Opens the weights of a folder and checks their headers.
    ///
    /// Throws `TensorFolderError`, `SafetensorsError`, `JSONError`, `JSONFieldError` or `FileError`.
    public init(path: String, mapped: Bool = false) throws {
        self.path = path
        guard let kind = try Folder.kind(of: path) else {
            // Opening it gives the error of the system.
            _ = try InputFile(path: path)
            throw FileError(path: path, .notAFolder)
        }
        guard kind == .folder else { throw FileError(path: path, .notAFolder) }
        let single = RelativePath.join(path, Self.fileName)
        if try Folder.kind(of: single) != nil {
            shards = [try SafetensorsFile(path: single, mapped: mapped)]
            shardOfTensor = try Self.assign(shards, folder: path)
            return
        }
        let indexPath = RelativePath.join(path, Self.indexName)
        guard try Folder.kind(of: indexPath) != nil else {
            let others = try Folder.names(in: path).filter(ForeignFormat.isWeights)
            throw TensorFolderError(folder: path, problem: .noWeights(others: others))
        }
        let index = try Self.readIndex(indexPath)
        let paths = try Self.locate(index.names, in: path)
        shards = try paths.map { try SafetensorsFile(path: $0, mapped: mapped) }
        shardOfTensor = try Self.assign(shards, folder: path)
        for (position, (shard, tensors)) in index.map({ ($0.name, $0.value) }).enumerated() {
            let missing = tensors.filter { shards[position].entry(named: $0) == nil }
            guard missing.isEmpty else {
                throw TensorFolderError(
                    folder: path, problem: .missingTensors(missing, shard: shard))
            }
        }
    }

    /// Opens weights: a folder, or one safetensors file.
    public static func open(path: String, mapped: Bool = false) throws -> any TensorStore {
        try Folder.kind(of: path) == .folder
            ? TensorFolder(path: path, mapped: mapped)
            : SafetensorsFile(path: path, mapped: mapped)
    }

    /// All tensors, shard by shard.
    public var entries: [TensorEntry] { shards.flatMap(\.entries) }

    /// The file that holds a tensor, or nil where there is none of this name.
    public func shard(of name: String) -> SafetensorsFile? {
        shardOfTensor[name].map { shards[$0] }
    }

    /// What is known about a tensor, or nil where there is none of this name.
    public func entry(named name: String) -> TensorEntry? { shard(of: name)?.entry(named: name) }

    /// Fills a buffer with the bytes of a tensor.
    public func read(_ name: String, into buffer: UnsafeMutableRawBufferPointer) throws {
        try unsafe requiredShard(of: name).read(name, into: buffer)
    }

    /// The bytes of a tensor, if the files are mapped.
    public func mappedBytes(of name: String) throws -> MappedBytes? {
        try requiredShard(of: name).mappedBytes(of: name)
    }

    /// Calls a function with the bytes of a tensor, which are valid during the call only.
    public func withBytes<Result>(
        of name: String, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result {
        try unsafe requiredShard(of: name).withBytes(of: name, body)
    }

    private func requiredShard(of name: String) throws -> SafetensorsFile {
        guard let shard = shard(of: name) else {
            throw MissingTensorError(path: path, tensor: name)
        }
        return shard
    }

    /// The tensors of each shard, by the shard's name.
    private static func readIndex(_ path: String) throws -> NameDictionary<[String]> {
        let map = try JSONObjectReader(path: path).object("weight_map")
        var shards = NameDictionary<[String]>()
        var positions = NameDictionary<Int>()
        var tensors: [[String]] = []
        for entry in map.object {
            guard let shard = entry.value.stringValue else {
                throw map.error(entry.name, "must be the name of a file")
            }
            if let position = positions[shard] {
                tensors[position].append(entry.name)
            } else {
                positions[shard] = tensors.count
                tensors.append([entry.name])
            }
        }
        for (position, shard) in positions.names.enumerated() { shards[shard] = tensors[position] }
        return shards
    }

    /// The paths of shards, once it is sure that they are all inside the folder.
    private static func locate(_ names: [String], in folder: String) throws -> [String] {
        func outside(_ name: String) -> TensorFolderError {
            TensorFolderError(folder: folder, problem: .shardOutsideFolder(name))
        }
        for name in names where !RelativePath.isContained(name) { throw outside(name) }
        let root = try System.resolve(folder) ?? folder
        var missing: [String] = []
        var paths: [String] = []
        for name in names {
            guard let resolved = try System.resolve(RelativePath.join(folder, name)) else {
                missing.append(name)
                continue
            }
            guard root == "/" || resolved.hasBytePrefix(root + "/") else { throw outside(name) }
            paths.append(resolved)
        }
        guard missing.isEmpty else {
            throw TensorFolderError(folder: folder, problem: .missingShards(missing))
        }
        return paths
    }

    private static func assign(
        _ shards: [SafetensorsFile], folder: String
    ) throws -> NameDictionary<Int> {
        var result = NameDictionary<Int>()
        for (position, shard) in shards.enumerated() {
            for entry in shard.entries where !result.insert(position, forName: entry.name) {
                let first = result[entry.name].map { shards[$0].path } ?? ""
                throw TensorFolderError(
                    folder: folder,
                    problem: .tensorInTwoShards(
                        entry.name, RelativePath.lastName(of: first),
                        RelativePath.lastName(of: shard.path)))
            }
        }
        return result
    }
}

extension String {
    fileprivate func hasBytePrefix(_ prefix: String) -> Bool { utf8.starts(with: prefix.utf8) }
}
