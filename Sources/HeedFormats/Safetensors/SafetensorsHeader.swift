/// The checked header of a safetensors file: every entry's bytes are inside the file, exactly its own.
public struct SafetensorsHeader: Sendable {
    /// The tensors in the order of their bytes.
    public let entries: [TensorEntry]
    /// The free strings of `__metadata__`, or nil where the file has none.
    public let metadata: NameDictionary<String>?
    /// Where the bytes of the first tensor start.
    public let dataOffset: Int

    private let entriesByName: NameDictionary<TensorEntry>

    /// The longest header that is read, as in the reference.
    static let maximumLength = 100_000_000

    /// What a tensor is called that this file holds, or nil.
    public func entry(named name: String) -> TensorEntry? { entriesByName[name] }

    /// Reads and checks the header of a source; throws `SafetensorsError` or `FileError`.
    public init(reading source: some ByteSource, file: String) throws {
        func fail(_ problem: SafetensorsError.Problem) -> SafetensorsError {
            SafetensorsError(file: file, tensor: nil, problem: problem)
        }
        guard source.count >= 8 else {
            try ForeignFormat.refuse(source, file: file)
            throw fail(.headerTooSmall)
        }
        let length = try source.bytes(in: 0..<8).reversed().reduce(UInt64(0)) {
            $0 << 8 | UInt64($1)
        }
        guard length <= Self.maximumLength, let length = Int(exactly: length) else {
            try ForeignFormat.refuse(source, file: file)
            throw fail(.headerTooLarge(length))
        }
        guard length <= source.count - 8 else {
            try ForeignFormat.refuse(source, file: file)
            throw fail(.invalidHeaderLength(length))
        }
        let bytes = try source.bytes(in: 8..<8 + length)
        dataOffset = 8 + length
        var parser = try SafetensorsHeaderParser(bytes, file: file, dataOffset: dataOffset)
        try parser.parse()
        metadata = parser.metadata
        entriesByName = parser.entries
        entries = try Self.sorted(
            entriesByName.entries.map(\.value), available: source.count - dataOffset,
            dataOffset: dataOffset, file: file)
    }

    /// Orders entries by their bytes, and checks that these leave no hole, do not overlap, and end with
    /// the file.
    private static func sorted(
        _ unsorted: [TensorEntry], available: Int, dataOffset: Int, file: String
    ) throws -> [TensorEntry] {
        let areSorted = zip(unsorted, unsorted.dropFirst()).allSatisfy {
            $0.byteRange.upperBound <= $1.byteRange.lowerBound
        }
        // Empty tensors share their start with the next one, and stand before it.
        let entries =
            areSorted
            ? unsorted
            : unsorted.sorted {
                ($0.byteRange.lowerBound, $0.byteRange.upperBound)
                    < ($1.byteRange.lowerBound, $1.byteRange.upperBound)
            }
        var end = dataOffset
        for entry in entries {
            guard entry.byteRange.lowerBound == end else {
                throw SafetensorsError(
                    file: file, tensor: entry.name,
                    problem: .invalidOffset(
                        start: entry.byteRange.lowerBound - dataOffset,
                        end: entry.byteRange.upperBound - dataOffset,
                        expectedStart: end - dataOffset))
            }
            end = entry.byteRange.upperBound
            guard end - dataOffset <= available else {
                throw SafetensorsError(
                    file: file, tensor: entry.name, problem: .dataOutOfFile(available: available))
            }
        }
        guard end - dataOffset == available else {
            throw SafetensorsError(
                file: file, tensor: nil,
                problem: .trailingData(bytes: available - (end - dataOffset)))
        }
        return entries
    }
}
