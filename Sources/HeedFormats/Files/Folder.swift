internal import Glibc

/// Folders: creating, listing, moving and removing them, with `FileError` where that fails.
public enum Folder {
    /// What is behind a path.
    public enum Kind: Sendable {
        /// A regular file.
        case file
        /// A folder.
        case folder
        /// A pipe, a socket, a device, or a link to nothing.
        case other
    }

    /// What is behind a path, links followed, or nil where nothing is there.
    public static func kind(of path: String) throws -> Kind? {
        if let status = try System.status(at: path) {
            return status.isRegular ? .file : status.isFolder ? .folder : .other
        }
        return try System.status(at: path, followingLinks: false) == nil ? nil : .other
    }

    /// Creates a folder and those above it; one that exists already is left alone.
    public static func create(_ path: String) throws {
        switch try kind(of: path) {
        case .folder: return
        case .file, .other: throw FileError(path: path, .notAFolder)
        case nil: break
        }
        let parent = RelativePath.parent(of: path)
        if parent != path { try create(parent) }
        do {
            try System.createFolder(path)
        } catch let error as FileError {
            // Another process may have been faster.
            guard case .system(_, EEXIST) = error.problem, try kind(of: path) == .folder else {
                throw error
            }
        }
    }

    /// Throws where a folder cannot be created or files cannot be written into it, as far as that can be told without
    /// doing it: to refuse an output before the work for it begins.
    public static func checkCanWrite(into path: String) throws {
        switch try kind(of: path) {
        case .folder:
            guard unsafe access(path, W_OK | X_OK) == 0 else {
                throw FileError(path: path, .system(operation: "write into", code: errno))
            }
        case .file, .other: throw FileError(path: path, .notAFolder)
        case nil:
            let parent = RelativePath.parent(of: path)
            if parent != path { try checkCanWrite(into: parent) }
        }
    }

    /// The names in a folder, sorted by their bytes.
    public static func names(in path: String) throws -> [String] {
        try System.check(path: path)
        guard let stream = unsafe opendir(path) else {
            let code = errno
            if code == ENOTDIR, try kind(of: path) != nil {
                throw FileError(path: path, .notAFolder)
            }
            throw FileError(path: path, .system(operation: "list", code: code))
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = unsafe readdir(stream) {
            let capacity = Int(unsafe entry.pointee.d_reclen)
            let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
            let start = unsafe UnsafeRawPointer(entry) + offset
            let bytes = unsafe UnsafeRawBufferPointer(
                start: start, count: max(0, capacity - offset))
            let name = unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            if name != ".", name != ".." { names.append(name) }
            errno = 0
        }
        if errno != 0 { throw FileError(path: path, .system(operation: "list", code: errno)) }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// The relative paths of all files in a folder and those below it, sorted in each folder.
    ///
    /// Links, pipes and devices are refused.
    public static func files(in path: String) throws -> [String] {
        try files(in: path, prefix: "", depth: 0)
    }

    /// Throws `FileError` where a path is neither a file nor a folder but a link, a pipe or a device.
    package static func checkIsNoLink(_ path: String) throws {
        guard let status = try System.status(at: path, followingLinks: false) else { return }
        guard status.isFolder || status.isRegular else {
            throw FileError(path: path, .notARegularFile(kind: status.kind))
        }
    }

    /// The folders above a path that do not exist, the deepest first.
    package static func missing(above path: String) throws -> [String] {
        var missing: [String] = []
        var parent = RelativePath.parent(of: path)
        while try System.status(at: parent, followingLinks: false) == nil {
            missing.append(parent)
            let next = RelativePath.parent(of: parent)
            guard next != parent else { break }
            parent = next
        }
        return missing
    }

    /// Removes a folder in which nothing is; throws `FileError` where something is.
    package static func removeEmpty(_ path: String) throws { try System.removeFolder(path) }

    /// Removes a file or a folder with all that is in it; links are removed, not followed.
    public static func remove(_ path: String) throws {
        guard let status = try System.status(at: path, followingLinks: false) else { return }
        guard status.isFolder else { return try System.remove(path) }
        for name in try names(in: path) { try remove(RelativePath.join(path, name)) }
        try System.removeFolder(path)
    }

    /// Gives a file or folder another name on the same file system, and flushes the folder above;
    /// refuses to replace anything.
    public static func rename(_ path: String, to destination: String) throws {
        if try System.status(at: destination, followingLinks: false) != nil {
            throw FileError(path: destination, .exists)
        }
        try System.rename(path, to: destination)
        try System.flushFolder(RelativePath.parent(of: destination))
    }

    private static func files(in path: String, prefix: String, depth: Int) throws -> [String] {
        guard depth < 32 else {
            throw FileError(path: path, .system(operation: "list", code: ELOOP))
        }
        var result: [String] = []
        for name in try names(in: path) {
            let inner = RelativePath.join(path, name)
            guard let status = try System.status(at: inner, followingLinks: false) else { continue }
            if status.isFolder {
                result += try files(in: inner, prefix: prefix + name + "/", depth: depth + 1)
            } else if status.isRegular {
                result.append(prefix + name)
            } else {
                throw FileError(path: inner, .notARegularFile(kind: status.kind))
            }
        }
        return result
    }
}
