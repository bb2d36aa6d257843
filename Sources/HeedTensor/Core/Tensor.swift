public import HeedFormats

/// An n-dimensional array: row-major, contiguous, and a value that nobody ever sees change.
///
/// Tensors share their memory when they are copied; reshaping and taking rows share it too. A tensor that
/// an operator made under a `Tape` carries its place on that tape; see `Tape` for what that means.
public struct Tensor: Sendable {
    /// The sizes of the axes.
    public let shape: Shape
    /// The type of the elements.
    public let elementType: ElementType

    package var storage: Storage
    /// The first element's index in the storage.
    let offset: Int
    /// Where the tensor stands on a tape, if it is recorded.
    package var record: TapeRecord?

    /// A tensor whose elements are not set yet.
    package init(uninitialized shape: Shape, _ elementType: ElementType) {
        self.shape = shape
        self.elementType = elementType
        storage = Storage(byteCount: shape.byteCount(of: elementType))
        offset = 0
    }

    /// A tensor whose elements are bytes of a mapped file; nil where these are not aligned as elements must be.
    init?(_ bytes: MappedBytes, shape: Shape, _ elementType: ElementType) {
        guard bytes.count == shape.byteCount(of: elementType),
            let storage = Storage(bytes, alignment: elementType.size)
        else { return nil }
        self.shape = shape
        self.elementType = elementType
        self.storage = storage
        offset = 0
    }

    /// Whether the elements are those of a mapped file.
    package var isMapped: Bool { storage.isMapped }

    /// A tensor without elements of each type.
    private static let nothing = Dictionary(
        uniqueKeysWithValues: ElementType.allCases.map { ($0, Tensor(uninitialized: [0], $0)) })

    /// A tensor that has a shape but no elements: those of a file will replace it, or the shape is all that is asked for.
    package static func shapeOnly(_ shape: Shape, _ type: ElementType = .float32) -> Tensor {
        Tensor(
            sharing: nothing[type] ?? Tensor(uninitialized: [0], type), shape: shape, offset: 0)
    }

    /// Another view of the same memory, whose elements may be taken for those of another type.
    init(sharing other: Tensor, shape: Shape, offset: Int, as type: ElementType? = nil) {
        self.shape = shape
        elementType = type ?? other.elementType
        storage = other.storage
        self.offset = offset
    }

    /// The number of elements.
    public var count: Int { shape.count }

    /// The number of axes.
    public var rank: Int { shape.rank }

    /// The number of bytes that the elements take.
    public var byteCount: Int { shape.byteCount(of: elementType) }

    /// The same elements without a place on any tape: gradients do not flow through the result.
    public var detached: Tensor {
        var copy = self
        copy.record = nil
        return copy
    }

    /// Whether both tensors are the same view of the same memory.
    package func sharesMemory(with other: Tensor) -> Bool {
        storage === other.storage && offset == other.offset && shape == other.shape
    }

    /// The elements' memory, for reading while the tensor is alive.
    var bytes: UnsafeRawPointer {
        unsafe UnsafeRawPointer(storage.pointer + offset * elementType.size)
    }

    /// The elements' memory, for the operator that makes the tensor.
    var mutableBytes: UnsafeMutableRawPointer {
        unsafe storage.pointer + offset * elementType.size
    }

    /// Whether this value is the only owner of its memory, so that an operator may reuse it.
    mutating func isUniquelyReferenced() -> Bool {
        isKnownUniquelyReferenced(&storage) && !storage.isMapped
    }

    /// Lets `body` read the elements' bytes.
    package func withBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        try withExtendedLifetime(storage) {
            try unsafe body(UnsafeRawBufferPointer(start: bytes, count: byteCount))
        }
    }

    /// Makes a tensor whose bytes `body` writes, such as a reader of files.
    package static func filled(
        _ shape: Shape, _ elementType: ElementType,
        by body: (UnsafeMutableRawBufferPointer) throws -> Void
    ) rethrows -> Tensor {
        let tensor = Tensor(uninitialized: shape, elementType)
        try withExtendedLifetime(tensor.storage) {
            try unsafe body(
                UnsafeMutableRawBufferPointer(start: tensor.mutableBytes, count: tensor.byteCount))
        }
        return tensor
    }
}
