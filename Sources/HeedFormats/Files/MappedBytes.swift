/// A range of a mapped file, whose bytes are there as long as this is.
///
/// Whoever reads them relies on nobody cutting the file meanwhile (see `MappedFile`).
public final class MappedBytes: Sendable {
    /// The number of bytes.
    public let count: Int
    private let file: MappedFile
    private let address: UInt

    init(_ file: MappedFile, address: UInt, count: Int) {
        self.file = file
        self.address = address
        self.count = count
    }

    /// The first byte; nil without any.
    public var start: UnsafeRawPointer? { unsafe UnsafeRawPointer(bitPattern: address) }
}
