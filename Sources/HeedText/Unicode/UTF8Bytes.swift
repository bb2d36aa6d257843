/// Reading and writing scalars in arrays of valid UTF-8.
enum UTF8Bytes {
    /// Whether a byte stands anywhere in UTF-8: neither 0xC0 and 0xC1 nor those from 0xF5 on.
    static func has(_ byte: Int) -> Bool { byte < 0xC0 || 0xC2...0xF4 ~= byte }

    /// The length of a scalar from its first byte.
    @inline(__always)
    static func length(_ lead: UInt8) -> Int {
        lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    }

    /// The scalar at `position` and the position behind it; a cut scalar at the end reads as
    /// U+FFFD.
    @inline(__always)
    static func scalar(in bytes: [UInt8], at position: Int) -> (value: UInt32, next: Int) {
        let lead = bytes[position]
        if lead < 0x80 { return (UInt32(lead), position + 1) }
        let next = position + length(lead)
        guard next <= bytes.count else { return (0xFFFD, bytes.count) }
        var value = UInt32(lead) & (lead < 0xE0 ? 0x1F : lead < 0xF0 ? 0x0F : 0x07)
        var index = position + 1
        while index < next {
            value = value << 6 | UInt32(bytes[index] & 0x3F)
            index += 1
        }
        return (value, next)
    }

    /// Where the scalar begins that ends before `position`, which must not be 0.
    static func start(in bytes: [UInt8], before position: Int) -> Int {
        var start = position - 1
        while start > 0, bytes[start] & 0xC0 == 0x80 { start -= 1 }
        return start
    }

    /// Appends the scalar and returns how many bytes it took.
    @discardableResult
    static func append(_ scalar: UInt32, to bytes: inout [UInt8]) -> Int {
        switch scalar {
        case ..<0x80:
            bytes.append(UInt8(scalar))
            return 1
        case ..<0x800:
            bytes.append(UInt8(0xC0 | scalar >> 6))
        case ..<0x10000:
            bytes.append(UInt8(0xE0 | scalar >> 12))
            bytes.append(UInt8(0x80 | scalar >> 6 & 0x3F))
        default:
            bytes.append(UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18))
            bytes.append(UInt8(0x80 | scalar >> 12 & 0x3F))
            bytes.append(UInt8(0x80 | scalar >> 6 & 0x3F))
        }
        bytes.append(UInt8(0x80 | scalar & 0x3F))
        return scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4
    }
}
