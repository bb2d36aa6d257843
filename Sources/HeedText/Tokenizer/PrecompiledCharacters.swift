import HeedFormats

/// The replacements that sentencepiece computes beforehand: a trie in the double array of darts-clone, and
/// the texts that its values point to, each with a NUL behind it.
struct PrecompiledCharacters: Sendable, Equatable {
    /// The table as it stands in a file.
    let blob: [UInt8]
    private let units: [UInt32]
    /// Where the texts begin in `blob`.
    private let textStart: Int

    /// Reads a table, or nil if it is none.
    init?(blob: [UInt8]) {
        self.blob = blob
        guard blob.count >= 4 else { return nil }
        let size = Int(Self.word(blob, 0))
        guard size.isMultiple(of: 4), size >= 4, size <= blob.count - 4 else { return nil }
        units = (0..<size / 4).map { Self.word(blob, 4 + 4 * $0) }
        textStart = 4 + size
        guard String(validating: blob[textStart...], as: UTF8.self) != nil else { return nil }
    }

    private static func word(_ bytes: [UInt8], _ position: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[position + $1]) << UInt32(8 * $1) }
    }

    /// Calls `body` with the length and the value of each key that the text begins with, short ones first,
    /// until it returns false.
    private func forEachPrefix(
        of bytes: [UInt8], _ range: Range<Int>, _ body: (Int, UInt32) -> Bool
    ) {
        var node = Self.offset(units[0])
        for position in range {
            guard let next = step(node, bytes[position]) else { return }
            node = next.node
            if let value = next.value {
                guard body(position + 1 - range.lowerBound, value) else { return }
            }
        }
    }

    /// Goes one byte along the keys from a node: to where, and the value of the key that ends there; nil where no
    /// key goes on so.
    @inline(__always)
    private func step(_ node: Int, _ byte: UInt8) -> (node: Int, value: UInt32?)? {
        let place = node ^ Int(byte)
        guard byte != 0, place < units.count else { return nil }
        let unit = units[place]
        guard unit & 0x8000_00FF == UInt32(byte) else { return nil }
        let next = place ^ Self.offset(unit)
        guard next < units.count else { return nil }
        return (next, unit >> 8 & 1 == 1 ? units[next] & 0x7FFF_FFFF : nil)
    }

    /// Whether some key is this character of ASCII, or begins with it and another one of ASCII.
    func mayReplaceASCII(beginningWith byte: UInt8) -> Bool {
        guard let first = step(Self.offset(units[0]), byte) else { return false }
        return first.value != nil || (0..<0x80).contains { step(first.node, $0) != nil }
    }

    private static func offset(_ unit: UInt32) -> Int { Int((unit >> 10) << ((unit & 0x200) >> 6)) }

    /// The bytes that a value points to, or nil where it points into nothing.
    private func text(at value: UInt32) -> Range<Int>? {
        let start = textStart + Int(value)
        guard start <= blob.count else { return nil }
        var end = start
        while end < blob.count, blob[end] != 0 { end += 1 }
        guard start == blob.count || blob[start] & 0xC0 != 0x80 else { return nil }
        return start..<end
    }

    /// What the shortest key at the beginning of a range stands for, as a range of `blob`: the `tokenizers`
    /// library replaces the whole range by it.
    private func shortest(_ bytes: [UInt8], _ range: Range<Int>) -> Range<Int>? {
        var found: UInt32?
        forEachPrefix(of: bytes, range) { _, value in
            found = value
            return false
        }
        return found.flatMap(text(at:))
    }

    /// The longest key at the beginning of a range and what it stands for, as sentencepiece replaces it.
    func longest(_ bytes: [UInt8], _ range: Range<Int>) -> (length: Int, text: Range<Int>)? {
        var found: (Int, UInt32)?
        forEachPrefix(of: bytes, range) { length, value in
            let end = range.lowerBound + length
            // Half a character is no key.
            if end == bytes.count || bytes[end] & 0xC0 != 0x80 { found = (length, value) }
            return true
        }
        guard let found, let text = text(at: found.1) else { return nil }
        return (found.0, text)
    }

    /// How many times longer a text becomes at most.
    var growth: Double {
        let texts = blob[textStart...].split(separator: 0)
        return Double(max(1, texts.map(\.count).max() ?? 1))
    }

    /// Applies the table as the `tokenizers` library does: to whole clusters of less than 6 bytes, else to
    /// single characters.
    func apply(to text: inout NormalizedText) {
        var changes: [(scalar: UInt32, change: Int)] = []
        changes.reserveCapacity(text.bytes.count)
        var isChanged = false
        let bytes = text.bytes
        GraphemeClusters.forEach(in: bytes) { cluster in
            if cluster.count < 6, let new = shortest(bytes, cluster) {
                replace(bytes, cluster, new, &changes)
                isChanged = true
                return
            }
            var position = cluster.lowerBound
            while position < cluster.upperBound {
                let scalar = UTF8Bytes.scalar(in: bytes, at: position)
                if let new = shortest(bytes, position..<scalar.next) {
                    replace(bytes, position..<scalar.next, new, &changes)
                    isChanged = true
                } else {
                    changes.append((scalar.value, 0))
                }
                position = scalar.next
            }
        }
        if isChanged { text.transform(changes) }
    }

    /// Appends a text in the place of another: characters beyond the old ones are inserted, and the last one
    /// removes what is left of them.
    private func replace(
        _ bytes: [UInt8], _ old: Range<Int>, _ new: Range<Int>,
        _ changes: inout [(scalar: UInt32, change: Int)]
    ) {
        let oldCount = bytes[old].count { $0 & 0xC0 != 0x80 }
        var newCount = 0
        var position = new.lowerBound
        while position < new.upperBound {
            let scalar = UTF8Bytes.scalar(in: blob, at: position)
            changes.append((scalar.value, 0))
            newCount += 1
            position = scalar.next
        }
        let difference = newCount - oldCount
        if difference > 0 {
            for index in changes.indices.suffix(difference) { changes[index].change = 1 }
        } else if difference < 0, !changes.isEmpty {
            changes[changes.count - 1].change += difference
        }
    }
}

extension PrecompiledCharacters: TokenizerComponent {
    init(json reader: JSONObjectReader) throws {
        let text = try reader.string("precompiled_charsmap")
        guard let blob = Base64.decode(text.utf8), let table = PrecompiledCharacters(blob: blob)
        else { throw reader.error("precompiled_charsmap", "is no table of characters") }
        self = table
    }

    var json: JSONValue {
        ["type": "Precompiled", "precompiled_charsmap": .string(Base64.encode(blob))]
    }
}

/// Extended grapheme clusters (Unicode Standard Annex 29) of a text.
enum GraphemeClusters {
    /// Calls `body` with each cluster as a range of bytes.
    static func forEach(in bytes: [UInt8], _ body: (Range<Int>) -> Void) {
        var position = 0
        while position < bytes.count {
            // A character of ASCII before another one stands alone, but for a line break of two.
            var end = position
            while end + 1 < bytes.count, bytes[end] < 0x80, bytes[end + 1] < 0x80,
                bytes[end] != 0x0D
            {
                body(end..<end + 1)
                end += 1
            }
            position = end
            while end < bytes.count,
                bytes[end] >= 0x80 || end == position || bytes[end - 1] >= 0x80
                    || bytes[end] == 0x0A
            {
                end += 1
            }
            for character in String(decoding: bytes[position..<end], as: UTF8.self) {
                let next = position + character.utf8.count
                body(position..<next)
                position = next
            }
            position = end
        }
    }
}

/// Base64 (RFC 4648).
enum Base64 {
    private static let digits = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xFF, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()

    /// The bytes, or nil if the text is something else.
    static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count.isMultiple(of: 4) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var (bits, count, padding): (UInt32, Int, Int) = (0, 0, 0)
        for digit in text {
            if digit == UInt8(ascii: "=") {
                padding += 1
                bits <<= 6
            } else {
                let value = values[Int(digit)]
                guard value != 0xFF, padding == 0 else { return nil }
                bits = bits << 6 | UInt32(value)
            }
            count += 1
            guard count == 4 else { continue }
            guard padding < 3 else { return nil }
            for index in 0..<3 - padding {
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(16 - 8 * index)))
            }
            (bits, count) = (0, 0)
        }
        return bytes
    }

    /// The text of bytes.
    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        var position = 0
        while position < bytes.count {
            let count = min(3, bytes.count - position)
            var bits: UInt32 = 0
            for index in 0..<3 {
                bits = bits << 8 | (index < count ? UInt32(bytes[position + index]) : 0)
            }
            for index in 0..<4 {
                text.append(
                    index <= count
                        ? digits[Int(bits >> UInt32(18 - 6 * index) & 63)] : UInt8(ascii: "="))
            }
            position += count
        }
        return String(decoding: text, as: UTF8.self)
    }
}
