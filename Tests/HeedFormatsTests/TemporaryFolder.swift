import Glibc
import HeedFormats

/// A folder of a test's own, removed with its last reference.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = "/tmp/heed-formats-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        try Folder.create(path)
    }

    deinit { try? Folder.remove(path) }

    /// The path of something in the folder.
    func path(_ name: String) -> String { RelativePath.join(path, name) }

    /// Writes a file without any care.
    @discardableResult
    func write(_ bytes: [UInt8], to name: String) throws -> String {
        let path = path(name)
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        guard descriptor >= 0 else { throw TestFailure("cannot create \(path)") }
        defer { close(descriptor) }
        let count = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
        }
        guard count == bytes.count else { throw TestFailure("cannot write \(path)") }
        return path
    }

    /// Gives a file another size, with a hole where it grows.
    func resize(_ name: String, to count: Int) throws {
        guard unsafe truncate(path(name), off_t(count)) == 0 else {
            throw TestFailure("cannot resize \(name)")
        }
    }

    func makePipe(_ name: String) throws -> String {
        guard unsafe mkfifo(path(name), 0o644) == 0 else { throw TestFailure("cannot make a pipe") }
        return path(name)
    }

    func link(_ name: String, to target: String) throws {
        guard unsafe symlink(target, path(name)) == 0 else { throw TestFailure("cannot link") }
    }

    func bytes(_ name: String) throws -> [UInt8] {
        try InputFile.bytes(path: path(name), limit: 1 << 30)
    }
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
