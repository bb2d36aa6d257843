internal import Glibc

/// A file that appears under its name complete or not at all.
///
/// Bytes go to a temporary file beside it; `commit()` flushes that, renames it, and flushes the folder.
/// Without a commit the temporary file is removed. A symbolic link stays and its target is replaced; a
/// pipe or a device, such as `/dev/stdout`, is written directly, since nothing could be renamed onto it.
public final class AtomicFile {
    /// The path as it was given.
    public let path: String

    let temporaryPath: String?
    private let destination: String
    private var descriptor: Int32
    private let unfinished: UnfinishedOutput?
    private var buffer: [UInt8] = []
    private static let bufferSize = 1 << 16

    /// Creates the temporary file; throws `FileError`.
    public init(path: String) throws {
        self.path = path
        let existing = try System.status(at: path)
        if existing?.isFolder == true || path.utf8.last == UInt8(ascii: "/") {
            throw FileError(path: path, .notARegularFile(kind: "a folder"))
        }
        if let existing, !existing.isRegular {
            temporaryPath = nil
            unfinished = nil
            destination = path
            descriptor = try System.open(path, O_WRONLY)
            return
        }
        destination = existing == nil ? path : try System.resolve(path) ?? path
        let temporary = RelativePath.temporaryName(for: destination)
        temporaryPath = temporary
        var descriptor: Int32 = -1
        do {
            unfinished = try UnfinishedOutput {
                descriptor = try System.open(
                    temporary, O_WRONLY | O_CREAT | O_EXCL, operation: "create")
            } remove: {
                _ = unsafe unlink(temporary)
            }
        } catch let error as FileError {
            // The temporary name would tell nobody anything.
            throw FileError(path: path, error.problem)
        }
        self.descriptor = descriptor
        if let existing { _ = fchmod(descriptor, existing.permissions) }
    }

    deinit { discard() }

    /// Writes bytes at the end.
    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        try checkOpen()
        if buffer.count + bytes.count <= Self.bufferSize {
            unsafe buffer.append(contentsOf: bytes)
            return
        }
        try writeBuffer()
        if bytes.count < Self.bufferSize {
            unsafe buffer.append(contentsOf: bytes)
        } else {
            unsafe try System.write(descriptor, bytes, path: path)
        }
    }

    /// Writes bytes at the end.
    public func write(_ bytes: [UInt8]) throws {
        try unsafe bytes.withUnsafeBytes { try unsafe write($0) }
    }

    /// Writes a text as UTF-8 at the end.
    public func write(_ text: String) throws { try write(Array(text.utf8)) }

    /// Writes bytes at an offset, which may leave a hole to be written later; regular files only.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
        try checkOpen()
        try writeBuffer()
        unsafe try System.write(descriptor, bytes, at: offset, path: path)
    }

    /// Makes the file appear under its name; throws `FileError`, and then nothing has appeared.
    public func commit() throws {
        try checkOpen()
        try writeBuffer()
        if temporaryPath != nil { try System.flush(descriptor, path: path) }
        let descriptor = self.descriptor
        self.descriptor = -1
        do {
            try System.close(descriptor, path: path)
            if let temporaryPath {
                try unfinished?.finish { try System.rename(temporaryPath, to: destination) }
            }
        } catch {
            removeTemporary()
            throw error
        }
        if temporaryPath != nil { try System.flushFolder(RelativePath.parent(of: destination)) }
    }

    /// Drops what was written; nothing happens after a commit.
    public func discard() {
        guard descriptor >= 0 else { return }
        _ = close(descriptor)
        descriptor = -1
        removeTemporary()
    }

    /// Writes a whole file at once.
    public static func write(_ bytes: [UInt8], to path: String) throws {
        let file = try AtomicFile(path: path)
        try file.write(bytes)
        try file.commit()
    }

    /// Writes a whole text at once, as UTF-8.
    public static func write(_ text: String, to path: String) throws {
        try write(Array(text.utf8), to: path)
    }

    private func removeTemporary() {
        guard let temporaryPath else { return }
        try? unfinished?.finish { _ = unsafe unlink(temporaryPath) }
    }

    private func checkOpen() throws {
        if descriptor < 0 {
            throw FileError(path: path, .system(operation: "write", code: EBADF))
        }
    }

    private func writeBuffer() throws {
        guard !buffer.isEmpty else { return }
        try unsafe buffer.withUnsafeBytes { try unsafe System.write(descriptor, $0, path: path) }
        buffer.removeAll(keepingCapacity: true)
    }
}
