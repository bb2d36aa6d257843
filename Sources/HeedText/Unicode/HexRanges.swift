/// Reads the generated tables: words of hexadecimal numbers with marks between them.
struct HexReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// The next number, and the mark that ends it (a space at the end of the text); `nil` at the end.
    mutating func next() -> (value: UInt32, mark: UInt8)? {
        guard position < bytes.count else { return nil }
        var value: UInt32 = 0
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
            case 0x41...0x46: value = value << 4 | UInt32(byte - 0x37)
            default: return (value, byte)
            }
        }
        return (value, 0x20)
    }
}

/// The marks of the generated tables.
enum HexMark {
    static let space = UInt8(ascii: " ")
    static let range = UInt8(ascii: "-")
    static let composes = UInt8(ascii: "+")
}
