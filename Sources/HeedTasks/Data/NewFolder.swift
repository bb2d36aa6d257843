import HeedFormats

/// A folder to be filled: one that is empty or does not exist yet.
public struct NewFolder {
    /// The folder as it was given.
    public let path: String
    private let existed: Bool

    /// Looks at the folder without changing anything.
    ///
    /// Throws `FolderNotEmptyError`, or `FileError` where no folder can be or be written into.
    public init(path: String) throws {
        self.path = path
        try Folder.checkCanWrite(into: path)
        existed = try Folder.kind(of: path) != nil
        // What a writer that was killed left under a temporary name was never anything.
        if existed, !(try Folder.names(in: path).allSatisfy(RelativePath.isTemporaryName)) {
            throw FolderNotEmptyError(path: path)
        }
    }

    /// Creates the folder and lets `body` write into it; after an error all that was written is removed.
    public func fill(_ body: () throws -> Void) throws {
        do {
            try Folder.create(path)
            try body()
        } catch {
            let written = existed ? (try? Folder.names(in: path)) ?? [] : nil
            if let written {
                for name in written { try? Folder.remove(RelativePath.join(path, name)) }
            } else {
                try? Folder.remove(path)
            }
            throw error
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
