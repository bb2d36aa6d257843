/// Reads the fields of one message of Protocol Buffers, bounds checked.
///
/// A model of sentencepiece needs twelve fields of four small messages; a library with generated code for all of
/// them would be HeedText's largest part.
struct ProtobufReader {
    /// A field as it stands on the wire.
    enum Value {
        case varint(UInt64)
        case fixed32(UInt32)
        case fixed64(UInt64)
        /// The range of a text, of bytes or of another message.
        case bytes(Range<Int>)
    }

    private let bytes: [UInt8]
    private var position: Int
    private let end: Int

    init(_ bytes: [UInt8], _ range: Range<Int>? = nil) {
        self.bytes = bytes
        position = range?.lowerBound ?? 0
        end = min(range?.upperBound ?? bytes.count, bytes.count)
    }

    /// The next field, or nil at the end.
    ///
    /// - Throws: `SentencePieceError` where the bytes are no message.
    mutating func next() throws(SentencePieceError) -> (number: Int, value: Value)? {
        guard position < end else { return nil }
        let tag = try varint()
        let number = Int(truncatingIfNeeded: tag >> 3)
        guard tag >> 3 > 0, tag >> 3 < 1 << 29 else { throw .damaged(offset: position) }
        switch tag & 7 {
        case 0: return (number, .varint(try varint()))
        case 1: return (number, .fixed64(try fixed(8)))
        case 2:
            let length = try varint()
            guard length <= UInt64(end - position) else { throw .damaged(offset: position) }
            let range = position..<position + Int(length)
            position = range.upperBound
            return (number, .bytes(range))
        case 5: return (number, .fixed32(UInt32(truncatingIfNeeded: try fixed(4))))
        default: throw .damaged(offset: position)
        }
    }

    private mutating func varint() throws(SentencePieceError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard position < end else { throw .damaged(offset: position) }
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw .damaged(offset: position)
    }

    private mutating func fixed(_ count: Int) throws(SentencePieceError) -> UInt64 {
        guard end - position >= count else { throw .damaged(offset: position) }
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(bytes[position + index]) << UInt64(8 * index) }
        position += count
        return value
    }
}

/// A model of sentencepiece that cannot be used.
public enum SentencePieceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The bytes are no message of Protocol Buffers.
    case damaged(offset: Int)
    /// A field that does not fit the others.
    case wrong(String)

    /// The whole message in one line, without the file.
    public var description: String {
        switch self {
        case .damaged(let offset): "is no model of sentencepiece: damaged at byte \(offset + 1)"
        case .wrong(let words): "is no model of sentencepiece that can be used: \(words)"
        }
    }
}
