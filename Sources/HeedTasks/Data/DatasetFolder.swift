import HeedFormats

/// A folder of pairs: `train`, `valid` and `test` files, one text a line, and `dataset.json`, which says how they were
/// made and is written last.
struct DatasetFolder {
    let training: [TextPair]
    let validation: [TextPair]
    let test: [TextPair]
    /// What `dataset.json` says beside the sizes.
    let description: JSONObject

    /// Writes the files.
    ///
    /// - Parameter path: a folder that is empty or does not exist.
    /// - Throws: `FolderNotEmptyError`, or `FileError` when a file cannot be written; what was written before is then
    ///   removed.
    func write(to path: String) throws {
        try NewFolder(path: path).fill {
            for (name, pairs) in [("train", training), ("valid", validation), ("test", test)] {
                for (side, text) in [("source", \TextPair.source), ("target", \.target)] {
                    let lines = pairs.map { $0[keyPath: text] }
                    try Self.write(lines, to: "\(path)/\(name).\(side)")
                }
            }
            let json = JSONWriter(.pretty).string(.object(metadata)) + "\n"
            try AtomicFile.write(json, to: "\(path)/dataset.json")
        }
    }

    private var metadata: JSONObject {
        var object = description
        object.insert(
            .int(training.count + validation.count + test.count), forName: "count")
        object.insert(
            [
                "train": .int(training.count), "valid": .int(validation.count),
                "test": .int(test.count),
            ], forName: "splits")
        return object
    }

    private static func write(_ lines: [String], to path: String) throws {
        let file = try AtomicFile(path: path)
        for line in lines { try file.write(line + "\n") }
        try file.commit()
    }
}
