public import HeedFormats

extension Tensor {
    /// Reads a tensor from a file, in the type that it has there; float16 is widened to float32. From a mapped file nothing
    /// is copied.
    public init(reading name: String, from store: any TensorStore) throws {
        let entry = try store.requiredEntry(named: name)
        let shape = Shape(entry.shape)
        if entry.type == .float16 {
            self = Tensor(try store.floats(of: name), shape: shape)
            return
        }
        guard entry.type.bitWidth % 8 == 0 else {
            throw TensorTypeError(
                path: store.path, tensor: name, type: entry.type,
                expected: "elements of whole bytes")
        }
        if let bytes = try store.mappedBytes(of: name),
            let mapped = Tensor(bytes, shape: shape, entry.type)
        {
            self = mapped
            return
        }
        self = try unsafe Tensor.filled(shape, entry.type) { bytes in
            try unsafe store.read(name, into: bytes)
        }
    }

    /// Writes the elements as the next bytes of a tensor of a file.
    public func write(to writer: SafetensorsWriter, as name: String) throws {
        try unsafe withBytes { try unsafe writer.write($0, to: name) }
    }
}
