public import Foundation
import Glibc
import HeedFormats

/// An empty folder of a test's own, removed with its last reference.
public final class TemporaryFolder: Sendable {
    /// Where it is, without a slash at the end.
    public let path: String

    /// Creates it; throws where the system's folder for such things cannot be written to.
    public init() throws {
        path =
            FileManager.default.temporaryDirectory
            .appending(path: "heed-test-\(UUID().uuidString)").path(percentEncoded: false)
        try Folder.create(path)
    }

    deinit { try? Folder.remove(path) }

    /// Where it is.
    public var url: URL { URL(filePath: path, directoryHint: .isDirectory) }

    /// The path of something in the folder, which need not be there.
    public func path(of name: String) -> String { RelativePath.join(path, name) }

    /// Writes a text and gives its path.
    @discardableResult
    public func file(_ name: String, _ text: String) throws -> String {
        try file(name, bytes: Array(text.utf8))
    }

    /// Writes bytes and gives their path.
    @discardableResult
    public func file(_ name: String, bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: URL(filePath: path(of: name)))
        return path(of: name)
    }

    /// The bytes of a file.
    public func bytes(_ name: String) throws -> [UInt8] {
        try InputFile.bytes(path: path(of: name), limit: 1 << 30)
    }

    /// What is in the folder, sorted.
    public func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }

    /// Gives a file another size, with a hole where it grows.
    public func resize(_ name: String, to count: Int) throws {
        try check(unsafe truncate(path(of: name), off_t(count)), "resize", name)
    }

    /// Makes a pipe that has a name, and gives its path.
    @discardableResult
    public func makePipe(_ name: String) throws -> String {
        try check(unsafe mkfifo(path(of: name), 0o644), "make the pipe", name)
        return path(of: name)
    }

    /// Makes a symbolic link.
    public func link(_ name: String, to target: String) throws {
        try check(unsafe symlink(target, path(of: name)), "link", name)
    }

    private func check(_ status: Int32, _ operation: String, _ name: String) throws {
        guard status == 0 else {
            throw FileError(
                path: path(of: name), .system(operation: operation, code: errno))
        }
    }
}

/// Calls `body` with the path of an empty folder, which is removed afterwards.
public func withTemporaryFolder(_ body: (String) throws -> Void) throws {
    let folder = try TemporaryFolder()
    try withExtendedLifetime(folder) { try body(folder.path) }
}
