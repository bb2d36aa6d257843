/// Bytes that can be read at any offset: a file, a map of one, or memory.
public protocol ByteSource: Sendable {
    /// The number of bytes.
    var count: Int { get }

    /// Fills a buffer with the bytes from an offset on; throws `FileError` where they are not all there.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws

    /// Calls a function with the bytes of a range, which are valid during the call only.
    func withBytes<Result>(
        in range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result
}

extension ByteSource {
    /// Copies a range; throws `FileError` where the source ends before it does.
    public func bytes(in range: Range<Int>) throws -> [UInt8] {
        try unsafe [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            try unsafe read(into: UnsafeMutableRawBufferPointer(buffer), at: range.lowerBound)
            count = range.count
        }
    }

    /// Copies a range and calls a function with the copy.
    public func withBytes<Result>(
        in range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result {
        try unsafe bytes(in: range).withUnsafeBytes(body)
    }
}

/// Bytes in memory as a source.
public struct MemoryBytes: ByteSource {
    /// The bytes.
    public let bytes: [UInt8]
    /// The name that errors tell.
    public let name: String

    /// Makes a source of bytes.
    public init(_ bytes: [UInt8], name: String = "memory") {
        self.bytes = bytes
        self.name = name
    }

    /// The number of bytes.
    public var count: Int { bytes.count }

    /// Fills a buffer with the bytes from an offset on.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws {
        guard offset >= 0, offset <= count, buffer.count <= count - offset else {
            throw FileError(path: name, .endedEarly(offset: count, expected: buffer.count))
        }
        unsafe buffer.copyBytes(from: bytes[offset..<offset + buffer.count])
    }
}
