/// Tensors under names with a prefix that they lack in their files.
public struct PrefixedTensors: TensorStore {
    private let base: TensorFolder
    private let prefix: String
    private let exceptions: Set<String>

    /// The tensors of a folder, whose names get this prefix, except for those that keep theirs.
    public init(_ base: TensorFolder, prefix: String, except exceptions: Set<String> = []) {
        self.base = base
        self.prefix = prefix
        self.exceptions = exceptions
    }

    /// The path of the folder.
    public var path: String { base.path }

    /// All tensors.
    public var entries: [TensorEntry] {
        prefix.isEmpty
            ? base.entries
            : base.entries.map { exceptions.contains($0.name) ? $0 : $0.named(prefix + $0.name) }
    }

    /// What is known about a tensor, or nil where there is none of this name.
    public func entry(named name: String) -> TensorEntry? {
        inside(name).flatMap { base.entry(named: $0)?.named(name) }
    }

    /// Fills a buffer with the bytes of a tensor.
    public func read(_ name: String, into buffer: UnsafeMutableRawBufferPointer) throws {
        try unsafe base.read(inside(name) ?? name, into: buffer)
    }

    /// The bytes of a tensor, if the files are mapped.
    public func mappedBytes(of name: String) throws -> MappedBytes? {
        try base.mappedBytes(of: inside(name) ?? name)
    }

    /// Calls a function with the bytes of a tensor, which are valid during the call only.
    public func withBytes<Result>(
        of name: String, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result {
        try unsafe base.withBytes(of: inside(name) ?? name, body)
    }

    private func inside(_ name: String) -> String? {
        if prefix.isEmpty || exceptions.contains(name) { return name }
        return name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : nil
    }
}
