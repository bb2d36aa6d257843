import HeedFormats

/// Writes attention maps into an `.npz` file, one after another, so that only one of them is in memory.
///
/// For each part of a map: `KIND` float32 [layers, heads, rows, columns], `KIND.rows` and `KIND.columns` (texts), `KIND.layers`
/// and `KIND.heads` (int64); `source` and `target` (texts); and `without_heads` (texts) of a
/// model from which heads were taken out. In a file of many maps the names begin with the number of
/// the map, from 1, as in `12/cross`.
public final class AttentionArchive {
    private let archive: NumPyArchive
    private let isNumbered: Bool
    private var count = 0

    /// Creates the file; throws `FileError`.
    ///
    /// - Parameters:
    ///   - path: where to; it appears when the archive is closed.
    ///   - isNumbered: whether names begin with the number of the map, for more than one.
    public init(path: String, isNumbered: Bool = true) throws {
        archive = try NumPyArchive(path: path)
        self.isNumbered = isNumbered
    }

    /// Adds a map; throws `FileError`. An archive that is not numbered takes one.
    public func add(_ map: AttentionMap) throws {
        precondition(isNumbered || count == 0, "An archive without numbers holds one map")
        count += 1
        let prefix = isNumbered ? "\(count)/" : ""
        if let source = map.source { try archive.add("\(prefix)source", source) }
        try archive.add("\(prefix)target", map.target)
        if !map.removedHeads.isEmpty {
            try archive.add("\(prefix)without_heads", map.removedHeads.map(\.description))
        }
        for part in map.parts {
            let name = prefix + part.kind.rawValue
            try archive.add(
                name, part.weights,
                shape: [
                    part.layers.count, part.heads.count, part.rows.count, part.columns.count,
                ])
            try archive.add("\(name).rows", part.rows)
            try archive.add("\(name).columns", part.columns)
            try archive.add("\(name).layers", part.layers)
            try archive.add("\(name).heads", part.heads)
        }
    }

    /// Makes the file appear under its name; throws `FileError`.
    public func commit() throws { try archive.commit() }
}

extension AttentionMap {
    /// Writes the map as an `.npz` file that `numpy.load` opens; throws `FileError`.
    public func writeNumPy(to path: String) throws {
        let archive = try AttentionArchive(path: path, isNumbered: false)
        try archive.add(self)
        try archive.commit()
    }
}
