/// A folder that appears under its name complete, with a manifest, or not at all.
///
/// Files are written into `NAME.tmp-…` under the paths that `path(of:)` gives; `commit()` flushes and
/// lists them, writes the manifest last, flushes the folder, renames it and flushes its parent.
/// Without a commit the temporary folder is removed.
public final class AtomicFolder {
    /// The path under which the folder will appear.
    public let path: String
    /// The folder to write into.
    public let temporaryPath: String

    private let unfinished: UnfinishedOutput
    private var isOpen = true

    /// Creates the temporary folder, and the folders above; throws `FileError`, also where something
    /// exists under the final name.
    public init(path: String) throws {
        try System.check(path: path)
        guard try System.status(at: path, followingLinks: false) == nil else {
            throw FileError(path: path, .exists)
        }
        let parent = RelativePath.parent(of: path)
        let name = RelativePath.lastName(of: path)
        self.path = RelativePath.join(parent, name)
        let temporary = RelativePath.join(parent, "\(name).tmp-\(RelativePath.uniqueSuffix())")
        temporaryPath = temporary
        try Folder.create(parent)
        unfinished = try UnfinishedOutput {
            try System.createFolder(temporary)
        } remove: {
            try? Folder.remove(temporary)
        }
    }

    deinit { discard() }

    /// Where a file of the folder is to be written.
    public func path(of name: String) -> String { RelativePath.join(temporaryPath, name) }

    /// Writes a whole file of the folder.
    public func write(_ bytes: [UInt8], to name: String) throws {
        guard RelativePath.isContained(name) else { throw FileError(path: name, .invalidPath) }
        try AtomicFile.write(bytes, to: path(of: name))
    }

    /// Writes a whole text file of the folder, as UTF-8.
    public func write(_ text: String, to name: String) throws {
        try write(Array(text.utf8), to: name)
    }

    /// Makes the folder appear under its name; throws `FileError`, and then nothing has appeared.
    ///
    /// Only where flushing the parent fails after the rename has the folder appeared nevertheless.
    @discardableResult
    public func commit() throws -> FolderManifest {
        guard isOpen else { throw FileError(path: path, .exists) }
        let manifest = try FolderManifest(describing: temporaryPath)
        try write(manifest.text, to: FolderManifest.fileName)
        try flushFolders(of: manifest)
        guard try System.status(at: path, followingLinks: false) == nil else {
            throw FileError(path: path, .exists)
        }
        try unfinished.finish { try System.rename(temporaryPath, to: path) }
        isOpen = false
        try System.flushFolder(RelativePath.parent(of: path))
        return manifest
    }

    /// Removes what was written; nothing happens after a commit.
    public func discard() {
        guard isOpen else { return }
        isOpen = false
        try? unfinished.finish { try Folder.remove(temporaryPath) }
    }

    private func flushFolders(of manifest: FolderManifest) throws {
        var flushed: Set<String> = []
        for file in manifest.files {
            var folder = RelativePath.parent(of: file.name)
            while folder != ".", flushed.insert(folder).inserted {
                try System.flushFolder(RelativePath.join(temporaryPath, folder))
                folder = RelativePath.parent(of: folder)
            }
        }
        try System.flushFolder(temporaryPath)
    }
}
