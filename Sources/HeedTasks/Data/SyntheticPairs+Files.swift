import HeedFormats

extension SyntheticPairs {
    /// Writes `train`, `valid` and `test` files, one text a line, and `dataset.json`, which says
    /// how they were made and comes last.
    ///
    /// - Parameter path: A folder that is empty or does not exist.
    /// - Throws: `FolderNotEmptyError`, or `FileError` when a file cannot be written; what was
    ///   written before is then removed.
    public func write(toFolder path: String) throws {
        try DatasetFolder(
            training: training, validation: validation, test: test,
            description: [
                "task": .string(task.rawValue),
                "description": .string(task.summary),
                // A string, since a seed may be larger than what other readers take a number for.
                "seed": .string("\(seed)"),
                "license": "CC0-1.0",
            ]
        ).write(to: path)
    }
}
