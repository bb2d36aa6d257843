import HeedFormats

/// A folder to be filled: one that is empty or does not exist yet.
public struct NewFolder: Sendable {
    /// The folder as it was given.
    public let path: String
    private let existed: Bool
    /// Folders above that do not exist yet, the deepest first.
    private let newParents: [String]

    /// Looks at the folder without changing anything.
    ///
    /// Throws `FolderNotEmptyError`, or `FileError` where no folder can be or be written into.
    public init(path: String) throws {
        self.path = path
        try Folder.checkCanWrite(into: path)
        existed = try Folder.kind(of: path) != nil
        newParents = try Folder.missing(above: path)
        // What a writer that was killed left under a temporary name was never anything.
        if existed, !(try Folder.names(in: path).allSatisfy(RelativePath.isTemporaryName)) {
            throw FolderNotEmptyError(path: path)
        }
    }

    /// Creates the folder and lets `body` write into it; after an error, or where the process is told to end, all that
    /// was written is removed.
    public func fill(_ body: () throws -> Void) throws {
        let unfinished = try UnfinishedOutput {
            do {
                try Folder.create(path)
            } catch {
                remove()
                throw error
            }
        } remove: {
            remove()
        }
        do {
            try body()
        } catch {
            try? unfinished.finish { remove() }
            throw error
        }
        try unfinished.finish {}
    }

    private func remove() {
        guard existed else {
            try? Folder.remove(path)
            for parent in newParents { try? Folder.removeEmpty(parent) }
            return
        }
        for name in (try? Folder.names(in: path)) ?? [] {
            try? Folder.remove(RelativePath.join(path, name))
        }
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
