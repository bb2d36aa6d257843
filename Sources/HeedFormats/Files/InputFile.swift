internal import Glibc

/// A regular file open for reading.
///
/// Pipes, folders and devices are refused at once rather than waited for. Reading copies into the
/// caller's memory, so that a file which shrinks while open is an error and never a signal.
public final class InputFile: ByteSource {
    /// The path as it was given.
    public let path: String
    /// The number of bytes when the file was opened.
    public let count: Int

    let descriptor: Int32

    /// Opens a file; throws `FileError`.
    public init(path: String) throws {
        // Without O_NONBLOCK opening a pipe would wait for its writer.
        let descriptor = try System.open(path, O_RDONLY | O_NONBLOCK)
        do {
            let status = try System.status(of: descriptor, path: path)
            guard status.isRegular else {
                throw FileError(path: path, .notARegularFile(kind: status.kind))
            }
            count = status.size
        } catch {
            _ = close(descriptor)
            throw error
        }
        self.path = path
        self.descriptor = descriptor
    }

    deinit { _ = close(descriptor) }

    /// Fills a buffer with the bytes from an offset on; throws `FileError` where they are not all there.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws {
        guard offset >= 0, offset <= count, buffer.count <= count - offset else {
            throw FileError(path: path, .endedEarly(offset: count, expected: buffer.count))
        }
        var done = 0
        while done < buffer.count {
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let count = try unsafe System.read(
                descriptor, into: rest, at: offset + done, path: path)
            guard count > 0 else {
                throw FileError(
                    path: path, .endedEarly(offset: offset + done, expected: rest.count))
            }
            done += count
        }
    }

    /// All bytes of a file, at most `limit`; throws `FileError`.
    public static func bytes(path: String, limit: Int) throws -> [UInt8] {
        let file = try InputFile(path: path)
        guard file.count <= limit else {
            throw FileError(path: path, .tooLarge(bytes: file.count, limit: limit))
        }
        return try file.bytes(in: 0..<file.count)
    }
}
