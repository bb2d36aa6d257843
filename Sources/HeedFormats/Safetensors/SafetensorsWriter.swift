/// A tensor that is going to be written.
public struct TensorDescription: Sendable, Equatable {
    /// The name.
    public let name: String
    /// The type of the elements.
    public let type: ElementType
    /// The sizes, the slowest first; none may be negative.
    public let shape: [Int]

    /// Describes a tensor.
    public init(_ name: String, _ type: ElementType, _ shape: [Int]) {
        self.name = name
        self.type = type
        self.shape = shape
    }
}

/// Writes a safetensors file tensor by tensor; it appears complete or not at all.
///
/// Tensors stand in the order of the reference: wide elements first, then by name, after a header
/// padded to eight bytes, so that all are aligned. They may be written in any order and in pieces;
/// writing in the order of `entries` streams.
public final class SafetensorsWriter {
    /// The tensors in the order of the file.
    public let entries: [TensorEntry]

    private let file: AtomicFile
    private let positions: NameDictionary<Int>
    private var written: [Int]
    private var end: Int

    /// Writes the header; throws `FileError`, and `SafetensorsError` for names and shapes that no such
    /// file can hold.
    public init(
        path: String, tensors: [TensorDescription], metadata: NameDictionary<String> = [:]
    ) throws {
        let (entries, header) = try Self.layOut(tensors, metadata: metadata, path: path)
        self.entries = entries
        var positions = NameDictionary<Int>()
        for (position, entry) in entries.enumerated() {
            positions.insert(position, forName: entry.name)
        }
        self.positions = positions
        written = [Int](repeating: 0, count: entries.count)
        end = header.count
        file = try AtomicFile(path: path)
        try file.write(header)
    }

    /// Writes the next bytes of a tensor; traps for an unknown name and beyond the tensor's end.
    public func write(_ bytes: UnsafeRawBufferPointer, to name: String) throws {
        guard let position = positions[name] else {
            preconditionFailure("No tensor of this name was announced")
        }
        let entry = entries[position]
        precondition(
            bytes.count <= entry.byteCount - written[position], "More bytes than the tensor has")
        let offset = entry.byteRange.lowerBound + written[position]
        if offset == end {
            try unsafe file.write(bytes)
            end += bytes.count
        } else {
            try unsafe file.write(bytes, at: offset)
        }
        written[position] += bytes.count
    }

    /// Writes the next elements of a tensor, as they stand in memory.
    public func write<Element: BitwiseCopyable>(_ elements: [Element], to name: String) throws {
        try unsafe elements.withUnsafeBytes { try unsafe write($0, to: name) }
    }

    /// Makes the file appear; throws `FileError`, and traps where a tensor was not written whole.
    public func commit() throws {
        for (entry, count) in zip(entries, written) {
            precondition(count == entry.byteCount, "A tensor was not written whole")
        }
        try file.commit()
    }

    /// Drops what was written; nothing happens after a commit.
    public func discard() { file.discard() }

    private static func layOut(
        _ tensors: [TensorDescription], metadata: NameDictionary<String>, path: String
    ) throws -> ([TensorEntry], [UInt8]) {
        let ordered = tensors.sorted { a, b in
            a.type.bitWidth != b.type.bitWidth
                ? a.type.bitWidth > b.type.bitWidth
                : a.name.utf8.lexicographicallyPrecedes(b.name.utf8)
        }
        var object = JSONObject()
        if !metadata.isEmpty {
            var strings = JSONObject()
            for entry in metadata { strings.insert(.string(entry.value), forName: entry.name) }
            object["__metadata__"] = .object(strings)
        }
        var ends: [Int] = []
        for tensor in ordered {
            let start = ends.last ?? 0
            let end = try self.end(of: tensor, start: start, path: path)
            let value: JSONValue = [
                "dtype": .string(tensor.type.name),
                "shape": .array(tensor.shape.map(JSONValue.int)),
                "data_offsets": [.int(start), .int(end)],
            ]
            guard tensor.name != "__metadata__", object.insert(value, forName: tensor.name) else {
                throw SafetensorsError(file: path, tensor: nil, problem: .duplicateKey(tensor.name))
            }
            ends.append(end)
        }
        let header = try self.header(object, path: path)
        let starts = [0] + ends.dropLast()
        let entries = zip(ordered, zip(starts, ends)).map { tensor, range in
            TensorEntry(
                name: tensor.name, type: tensor.type, shape: tensor.shape,
                byteRange: header.count + range.0..<header.count + range.1)
        }
        return (entries, header)
    }

    private static func end(
        of tensor: TensorDescription, start: Int, path: String
    ) throws -> Int {
        precondition(tensor.shape.allSatisfy { $0 >= 0 }, "A size is negative")
        func fail(_ problem: SafetensorsError.Problem) -> SafetensorsError {
            SafetensorsError(file: path, tensor: tensor.name, problem: problem)
        }
        guard tensor.shape.count <= 32 else { throw fail(.rankTooLarge) }
        switch tensor.type.byteCount(ofShape: tensor.shape) {
        case .failure(.overflow): throw fail(.shapeOverflow)
        case .failure(.misaligned): throw fail(.misaligned)
        case .success(let count):
            let (end, overflow) = start.addingReportingOverflow(count)
            guard !overflow, end <= Int.max - SafetensorsHeader.maximumLength - 8 else {
                throw fail(.shapeOverflow)
            }
            return end
        }
    }

    /// The length of the header and the header, padded to eight bytes.
    private static func header(_ object: JSONObject, path: String) throws -> [UInt8] {
        var json = JSONWriter().bytes(.object(object))
        while json.count % 8 != 0 { json.append(UInt8(ascii: " ")) }
        guard json.count <= SafetensorsHeader.maximumLength else {
            throw SafetensorsError(
                file: path, tensor: nil, problem: .headerTooLarge(UInt64(json.count)))
        }
        let length = UInt64(json.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + json
    }
}
