internal import Glibc

/// A file or folder that cannot be used, and why.
public struct FileError: Error, Equatable, Sendable {
    /// What is wrong.
    public enum Problem: Equatable, Sendable {
        /// The operating system refused an operation; `code` is its `errno`.
        case system(operation: String, code: Int32)
        /// Something other than a regular file, such as a folder or a pipe.
        case notARegularFile(kind: String)
        /// Something other than a folder.
        case notAFolder
        /// More bytes than a limit allows.
        case tooLarge(bytes: Int, limit: Int)
        /// The file ended before a range that it held when it was opened.
        case endedEarly(offset: Int, expected: Int)
        /// A path with a NUL byte inside, or an empty one.
        case invalidPath
        /// Something exists where nothing may be overwritten.
        case exists
        /// Another process works in the folder.
        case inUse
    }

    /// The path as it was given.
    public let path: String
    /// What is wrong.
    public let problem: Problem

    /// Makes an error.
    public init(path: String, _ problem: Problem) {
        self.path = path
        self.problem = problem
    }

    /// Whether there is no such file or folder.
    public var isMissing: Bool {
        if case .system(_, let code) = problem { return code == ENOENT || code == ENOTDIR }
        return false
    }
}

extension FileError: CustomStringConvertible {
    /// The whole message in one line.
    public var description: String { "\(nameForMessage(path)): \(problem.message)" }
}

extension FileError.Problem {
    fileprivate var message: String {
        switch self {
        case .system(let operation, let code):
            unsafe "cannot \(operation): \(String(cString: strerror(code)))"
        case .notARegularFile(let kind): "is \(kind), not a regular file"
        case .notAFolder: "is not a folder"
        case .tooLarge(let bytes, let limit): "has \(bytes) bytes; the limit is \(limit)"
        case .endedEarly(let offset, let expected):
            "ends after \(offset) bytes, where \(expected) bytes were expected; it shrank while open"
        case .invalidPath: "is no valid path"
        case .exists: "exists already"
        case .inUse: "is in use by another process"
        }
    }
}
