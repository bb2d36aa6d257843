import HeedFormats

/// `metrics.jsonl`: one JSON object a line, cut back to the checkpoint when training is resumed.
final class MetricsLog {
    private let path: String
    /// The bytes that have been written.
    private(set) var byteCount: Int
    private var text: [UInt8]

    /// The checksum of these bytes.
    var checksum: UInt32 { CRC32C.checksum(of: text) }

    /// Continues the log at `path` after its first `byteCount` bytes.
    init(path: String, keeping byteCount: Int) throws {
        self.path = path
        self.byteCount = byteCount
        text =
            byteCount == 0
            ? [] : Array(try InputFile.bytes(path: path, limit: 1 << 30).prefix(byteCount))
        guard text.count == byteCount else {
            throw TrainingError("\(path) is shorter than when the checkpoint was written")
        }
        try AtomicFile.write(text, to: path)
    }

    /// Appends a line.
    func append(_ object: JSONValue) throws {
        text += JSONWriter(.spaced).bytes(object)
        text.append(0x0A)
        byteCount = text.count
        try AtomicFile.write(text, to: path)
    }
}
