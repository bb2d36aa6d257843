/// Named tensors that can be read one by one: a safetensors file or a folder of them.
public protocol TensorStore: Sendable {
    /// The path of the file or folder, for messages.
    var path: String { get }

    /// All tensors.
    var entries: [TensorEntry] { get }

    /// What is known about a tensor, or nil where there is none of this name.
    func entry(named name: String) -> TensorEntry?

    /// Fills a buffer with the bytes of a tensor, exactly as they stand in the file.
    ///
    /// Traps where the buffer has another size than the entry; throws `MissingTensorError` for an
    /// unknown name and `FileError` where the file cannot be read.
    func read(_ name: String, into buffer: UnsafeMutableRawBufferPointer) throws

    /// The bytes of a tensor in a mapped file; nil where files are read.
    func mappedBytes(of name: String) throws -> MappedBytes?

    /// Calls a function with the bytes of a tensor, which are valid during the call only and stand at
    /// any alignment; from a mapped file without copying them.
    func withBytes<Result>(
        of name: String, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result
}

extension TensorStore {
    /// None: files are read.
    public func mappedBytes(of name: String) throws -> MappedBytes? { nil }

    /// The names of all tensors.
    public var names: [String] { entries.map(\.name) }

    /// What is known about a tensor; throws `MissingTensorError`.
    public func requiredEntry(named name: String) throws -> TensorEntry {
        guard let entry = entry(named: name) else {
            throw MissingTensorError(path: path, tensor: name)
        }
        return entry
    }

    /// The bytes of a tensor.
    public func bytes(of name: String) throws -> [UInt8] {
        let count = try requiredEntry(named: name).byteCount
        return try unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            let target = UnsafeMutableRawBufferPointer(buffer)
            try unsafe read(name, into: .init(rebasing: target[..<count]))
            initialized = count
        }
    }

    /// The elements of a tensor of float16, bfloat16, float32 or float64, as float32; throws
    /// `TensorTypeError` for other types.
    public func floats(of name: String) throws -> [Float] {
        let entry = try requiredEntry(named: name)
        guard entry.type.isFloat else {
            throw TensorTypeError(path: path, tensor: name, type: entry.type, expected: "floats")
        }
        let count = entry.elementCount
        return try unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            let target = unsafe UnsafeMutableBufferPointer(rebasing: buffer[..<count])
            try unsafe withBytes(of: name) { bytes in
                unsafe Widening.widen(bytes, of: entry.type, into: target)
            }
            initialized = count
        }
    }
}

/// A tensor that a file or folder does not hold.
public struct MissingTensorError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The path of the file or folder.
    public let path: String
    /// The name of the tensor.
    public let tensor: String

    /// The whole message in one line.
    public var description: String {
        "\(nameForMessage(path)): has no tensor \(quotedForMessage(tensor))"
    }
}

/// A tensor whose elements are of a type that cannot be used.
public struct TensorTypeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The path of the file or folder.
    public let path: String
    /// The name of the tensor.
    public let tensor: String
    /// The type found.
    public let type: ElementType
    /// What was expected, in words.
    public let expected: String

    /// Makes an error.
    public init(path: String, tensor: String, type: ElementType, expected: String) {
        self.path = path
        self.tensor = tensor
        self.type = type
        self.expected = expected
    }

    /// The whole message in one line.
    public var description: String {
        "\(nameForMessage(path)): tensor \(quotedForMessage(tensor)) holds \(type.name), "
            + "not \(expected)"
    }
}
