/// What a file says about one tensor.
public struct TensorEntry: Sendable, Equatable {
    /// The name: any text, never a path.
    public let name: String
    /// The type of the elements.
    public let type: ElementType
    /// The sizes, the slowest first; empty for a single element.
    public let shape: [Int]
    /// Where the bytes stand in the file, row-major and little-endian, at any alignment.
    public let byteRange: Range<Int>

    /// The number of bytes.
    public var byteCount: Int { byteRange.count }

    /// The number of elements.
    public var elementCount: Int { shape.reduce(1, &*) }

    /// The same tensor under another name.
    public func named(_ name: String) -> TensorEntry {
        TensorEntry(name: name, type: type, shape: shape, byteRange: byteRange)
    }
}
