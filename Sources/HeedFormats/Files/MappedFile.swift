internal import Glibc

/// A regular file mapped into memory for reading, for files that nobody changes while they are used.
///
/// A range is checked against the size that the file has when it is asked for. Should another process cut the file
/// after that, the system sends a signal to whoever reads the bytes (`endProcess(onLoss:)`); `InputFile` has no such
/// gap and is what files of unknown origin are read with.
@safe public final class MappedFile: ByteSource {
    /// The path as it was given.
    public let path: String
    /// The number of bytes when the file was mapped.
    public var count: Int { file.count }

    let file: InputFile
    let base: UInt

    /// Maps a file; throws `FileError`.
    public convenience init(path: String) throws {
        try self.init(InputFile(path: path))
    }

    /// Maps an open file; throws `FileError`.
    public init(_ file: InputFile) throws {
        self.file = file
        path = file.path
        guard file.count > 0 else {
            base = 0
            return
        }
        let map = unsafe mmap(nil, file.count, PROT_READ, MAP_PRIVATE, file.descriptor, 0)
        guard let map = unsafe map, unsafe map != MAP_FAILED else {
            throw FileError(path: file.path, .system(operation: "map", code: errno))
        }
        base = UInt(bitPattern: map)
        remember()
    }

    deinit {
        guard base != 0 else { return }
        forget()
        _ = unsafe munmap(UnsafeMutableRawPointer(bitPattern: base), count)
    }

    /// The bytes of a range, which stay mapped as long as the result is there; throws `FileError`.
    public func mapped(_ range: Range<Int>) throws -> MappedBytes {
        let address = try unsafe withBytes(in: range) { bytes in
            UInt(bitPattern: bytes.baseAddress)
        }
        return MappedBytes(self, address: address, count: range.count)
    }

    /// Calls a function with the bytes of a range, which are valid during the call only.
    public func withBytes<Result>(
        in range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result {
        let size = try System.status(of: file.descriptor, path: path).size
        guard range.lowerBound >= 0, range.upperBound <= min(size, count) else {
            throw FileError(path: path, .endedEarly(offset: size, expected: range.count))
        }
        guard let start = unsafe UnsafeRawPointer(bitPattern: base) else {
            return try unsafe body(UnsafeRawBufferPointer(start: nil, count: 0))
        }
        return try unsafe body(
            UnsafeRawBufferPointer(start: start + range.lowerBound, count: range.count))
    }

    /// Fills a buffer with the bytes from an offset on; throws `FileError` where they are not all there.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws {
        // The read call copies without touching the map, so that a file that shrinks is an error.
        try unsafe file.read(into: buffer, at: offset)
    }
}
