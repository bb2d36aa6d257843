import HeedFormats

extension SyntheticPairs {
    /// Writes `train`, `valid` and `test` files, one text a line, and `dataset.json`, which says
    /// how they were made and comes last.
    ///
    /// - Parameter path: A folder that is empty or does not exist.
    /// - Throws: `FolderNotEmptyError`, or `FileError` when a file cannot be written; what was
    ///   written before is then removed.
    public func write(toFolder path: String) throws {
        let existed = try Folder.kind(of: path) != nil
        if existed, try !Folder.names(in: path).isEmpty {
            throw FolderNotEmptyError(path: path)
        }
        try Folder.create(path)
        var written: [String] = []
        do {
            for (name, pairs) in splits {
                for (side, text) in [("source", \TextPair.source), ("target", \.target)] {
                    let file = "\(path)/\(name).\(side)"
                    try Self.write(pairs.map { $0[keyPath: text] }, to: file)
                    written.append(file)
                }
            }
            let json = JSONWriter(.pretty).string(.object(metadata)) + "\n"
            try AtomicFile.write(json, to: "\(path)/dataset.json")
        } catch {
            for file in written { try? Folder.remove(file) }
            if !existed { try? Folder.remove(path) }
            throw error
        }
    }

    private var splits: [(name: String, pairs: [TextPair])] {
        [("train", training), ("valid", validation), ("test", test)]
    }

    private var metadata: JSONObject {
        [
            "task": .string(task.rawValue),
            "description": .string(task.summary),
            "count": .int(training.count + validation.count + test.count),
            // A string, since a seed may be larger than what other readers take a number for.
            "seed": .string("\(seed)"),
            "splits": [
                "train": .int(training.count), "valid": .int(validation.count),
                "test": .int(test.count),
            ],
            "license": "CC0-1.0",
        ]
    }

    private static func write(_ lines: [String], to path: String) throws {
        let file = try AtomicFile(path: path)
        for line in lines { try file.write(line + "\n") }
        try file.commit()
    }
}

/// A folder that was to be filled holds something already.
public struct FolderNotEmptyError: Error, Equatable, CustomStringConvertible {
    /// The folder as it was given.
    public let path: String

    /// The error of a folder.
    public init(path: String) {
        self.path = path
    }

    /// The error in one line.
    public var description: String { "\(nameForMessage(path)): is not empty" }
}
