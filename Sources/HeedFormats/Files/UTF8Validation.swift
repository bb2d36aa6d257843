/// The offset of the first byte that is not UTF-8 (Unicode 16, table 3-7), or nil if all bytes are.
///
/// Overlong forms, surrogates, code points above U+10FFFF and cut sequences are refused; the offset is
/// that of the first byte of the wrong sequence.
public func firstInvalidUTF8(in bytes: [UInt8]) -> Int? {
    firstInvalidUTF8(in: bytes.span)
}

/// The offset of the first byte that is not UTF-8, or nil if all bytes are.
public func firstInvalidUTF8(in bytes: Span<UInt8>) -> Int? {
    let raw = unsafe bytes.bytes
    let count = bytes.count
    var index = 0
    while index < count {
        if index + 8 <= count {
            let word = unsafe raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            if word & 0x8080_8080_8080_8080 == 0 {
                index += 8
                continue
            }
        }
        let length = lengthOfUTF8Sequence(in: bytes, at: index)
        if length == 0 { return index }
        index += length
    }
    return nil
}

/// The length of the valid sequence that starts at an index, or 0 if none does.
private func lengthOfUTF8Sequence(in bytes: Span<UInt8>, at index: Int) -> Int {
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch bytes[index] {
    case 0x00...0x7F: return 1
    case 0xC2...0xDF: length = 2
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: length = 3
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: length = 4
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    default: return 0
    }
    guard length <= bytes.count - index, second.contains(bytes[index + 1]) else { return 0 }
    for offset in 2..<max(2, length) where bytes[index + offset] & 0xC0 != 0x80 { return 0 }
    return length
}
