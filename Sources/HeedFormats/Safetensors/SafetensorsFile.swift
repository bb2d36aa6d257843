/// A safetensors file open for reading, its header checked.
public struct SafetensorsFile: TensorStore {
    /// The path of the file.
    public let path: String
    /// The checked header.
    public let header: SafetensorsHeader

    private let source: any ByteSource

    /// Opens a file and checks its header; throws `FileError` or `SafetensorsError`.
    ///
    /// With `mapped` the bytes of a tensor are reached without copying them, for files that nobody
    /// changes meanwhile (see `MappedFile`).
    public init(path: String, mapped: Bool = false) throws {
        let file = try InputFile(path: path)
        try self.init(mapped ? MappedFile(file) : file, name: path)
    }

    /// Checks the header of any source; `name` stands for the path in messages.
    public init(_ source: any ByteSource, name: String) throws {
        path = name
        header = try SafetensorsHeader(reading: source, file: name)
        self.source = source
    }

    /// All tensors, in the order of their bytes.
    public var entries: [TensorEntry] { header.entries }

    /// The free strings of `__metadata__`, or nil where the file has none.
    public var metadata: NameDictionary<String>? { header.metadata }

    /// What is known about a tensor, or nil where there is none of this name.
    public func entry(named name: String) -> TensorEntry? { header.entry(named: name) }

    /// Fills a buffer with the bytes of a tensor.
    public func read(_ name: String, into buffer: UnsafeMutableRawBufferPointer) throws {
        let entry = try requiredEntry(named: name)
        precondition(buffer.count == entry.byteCount, "The buffer must have the tensor's size")
        try unsafe source.read(into: buffer, at: entry.byteRange.lowerBound)
    }

    /// The bytes of a tensor, if the file is mapped.
    public func mappedBytes(of name: String) throws -> MappedBytes? {
        guard let file = source as? MappedFile else { return nil }
        return try file.mapped(requiredEntry(named: name).byteRange)
    }

    /// Calls a function with the bytes of a tensor, which are valid during the call only.
    public func withBytes<Result>(
        of name: String, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result {
        try unsafe source.withBytes(in: requiredEntry(named: name).byteRange, body)
    }
}
