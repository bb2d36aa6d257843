/// The steps that look at one character at a time.
extension NormalizedText {
    /// Makes small letters.
    mutating func lowercase() {
        var needsRewriting = false
        for position in bytes.indices {
            let byte = bytes[position]
            if byte &- 0x41 < 26 {
                replaceByte(at: position, with: byte | 0x20)
            } else if byte >= 0x80 {
                needsRewriting = true
            }
        }
        guard needsRewriting else { return }
        let table = LowercaseTable.shared
        guard contains(where: { table.target(of: $0) != nil }) else { return }
        rewrite { scalar, output in
            guard let target = table.target(of: scalar) else { return output.append(scalar) }
            for scalar in target { output.append(scalar) }
        }
    }

    /// Whether some character outside of ASCII has a property.
    private func contains(where holds: (UInt32) -> Bool) -> Bool {
        var position = 0
        while position < bytes.count {
            if bytes[position] < 0x80 {
                position += 1
                continue
            }
            let scalar = UTF8Bytes.scalar(in: bytes, at: position)
            if holds(scalar.value) { return true }
            position = scalar.next
        }
        return false
    }

    /// Removes the characters of a class.
    mutating func remove(_ bits: UInt8) {
        let table = RemovalClass.table
        let isFound =
            bytes.contains { $0 < 0x80 && table[UInt32($0)] & bits != 0 }
            || contains { table[$0] & bits != 0 }
        guard isFound else { return }
        rewrite { scalar, output in
            if table[scalar] & bits == 0 { output.append(scalar) }
        }
    }

    /// Removes white space at the ends.
    mutating func strip(left: Bool, right: Bool) {
        let table = SplitClass.table
        var (lower, upper) = (0, bytes.count)
        while left, lower < upper {
            let scalar = UTF8Bytes.scalar(in: bytes, at: lower)
            guard table[scalar.value] & SplitClass.whitespace != 0 else { break }
            lower = scalar.next
        }
        while right, lower < upper {
            let start = UTF8Bytes.start(in: bytes, before: upper)
            let scalar = UTF8Bytes.scalar(in: bytes, at: start)
            guard table[scalar.value] & SplitClass.whitespace != 0 else { break }
            upper = start
        }
        keep(lower..<upper)
    }

    /// The replacements of the step `Nmt`.
    mutating func applyNmt() {
        let table = RemovalClass.table
        rewrite { scalar, output in
            if table[scalar] & RemovalClass.nmt != 0 { return }
            switch scalar {
            case 0x9, 0xA, 0xC, 0xD, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF,
                0xFFFD:
                output.append(0x20)
            default: output.append(scalar)
            }
        }
    }

    /// Makes a visible character of each byte.
    mutating func makeBytesVisible() {
        // Characters of ASCII that are not visible are rare but for spaces, which change, too.
        let characters = ByteAlphabet.characters
        rewrite { scalar, output in
            if scalar < 0x80 { return output.append(characters[Int(scalar)]) }
            var bytes: [UInt8] = []
            UTF8Bytes.append(scalar, to: &bytes)
            for byte in bytes { output.append(characters[Int(byte)]) }
        }
    }
}

/// The visible characters that byte-level models write for bytes: most of Latin-1 for itself, and from U+0100
/// on for the others (the scheme of GPT-2).
enum ByteAlphabet {
    /// The scalar of each byte.
    static let characters: [UInt32] = {
        var next: UInt32 = 0x100
        return (UInt32(0)...255).map { byte in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return byte
            default:
                defer { next += 1 }
                return next
            }
        }
    }()

    /// The byte of each scalar below U+0144, or −1.
    private static let bytes: [Int16] = {
        var bytes = [Int16](repeating: -1, count: 0x144)
        for (byte, scalar) in characters.enumerated() { bytes[Int(scalar)] = Int16(byte) }
        return bytes
    }()

    /// The character of a byte, as a text.
    static func piece(of byte: UInt8) -> String {
        String(Character(Unicode.Scalar(characters[Int(byte)]) ?? " "))
    }

    /// Bytes as a piece.
    static func piece(of content: some Sequence<UInt8>) -> String {
        var piece: [UInt8] = []
        for byte in content { UTF8Bytes.append(characters[Int(byte)], to: &piece) }
        return String(decoding: piece, as: UTF8.self)
    }

    /// Appends the bytes of a piece; appends nothing and says so if a character stands for none.
    static func append(_ piece: ArraySlice<UInt8>, to result: inout [UInt8]) -> Bool {
        let count = result.count
        var position = piece.startIndex
        while position < piece.endIndex {
            var scalar = UInt32(piece[position])
            var next = position + 1
            if scalar >= 0xC0, scalar < 0xE0, next < piece.endIndex {
                scalar = (scalar & 0x1F) << 6 | UInt32(piece[next] & 0x3F)
                next += 1
            }
            guard scalar < 0x144, bytes[Int(scalar)] >= 0, scalar < 0x80 || next == position + 2
            else {
                result.removeLast(result.count - count)
                return false
            }
            result.append(UInt8(truncatingIfNeeded: bytes[Int(scalar)]))
            position = next
        }
        return true
    }
}
