import HeedFormats

/// What BERT does to a text (Devlin et al., 2019).
struct BertNormalizer: Sendable, Equatable {
    /// Whether controls go, and white space becomes spaces.
    var cleansText = true
    /// Whether each Chinese character stands between spaces.
    var separatesChinese = true
    /// Whether accents go; nil means what `lowercases` says.
    var stripsAccents: Bool?
    /// Whether letters become small.
    var lowercases = true

    func apply(to text: inout NormalizedText) {
        if cleansText { clean(&text) }
        if separatesChinese { separateChinese(&text) }
        if stripsAccents ?? lowercases {
            CanonicalComposition.normalize(&text, .nfd)
            text.remove(RemovalClass.nonspacing)
        }
        if lowercases { text.lowercase() }
    }

    private func clean(_ text: inout NormalizedText) {
        text.remove(RemovalClass.control)
        var isASCII = true
        for position in text.bytes.indices {
            let byte = text.bytes[position]
            if byte &- 0x9 < 5 { text.replaceByte(at: position, with: 0x20) }
            if byte >= 0x80 { isASCII = false }
        }
        guard !isASCII else { return }
        let table = SplitClass.table
        let spaces = text.bytes.ranges(of: { table[$0] & SplitClass.whitespace != 0 && $0 != 0x20 })
        text.replace(spaces, with: [0x20])
    }

    private func separateChinese(_ text: inout NormalizedText) {
        guard text.bytes.contains(where: { $0 >= 0xE3 }) else { return }
        guard !text.bytes.ranges(of: Self.isChinese).isEmpty else { return }
        text.rewrite { scalar, output in
            guard Self.isChinese(scalar) else { return output.append(scalar) }
            output.append(0x20)
            output.append(scalar)
            output.append(0x20)
        }
    }

    private static func isChinese(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF,
            0x2A700...0x2B73F, 0x2B740...0x2B81F, 0x2B920...0x2CEAF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }
}

extension BertNormalizer: TokenizerComponent {
    init(json reader: JSONObjectReader) throws {
        cleansText = try reader.bool("clean_text", default: true)
        separatesChinese = try reader.bool("handle_chinese_chars", default: true)
        stripsAccents = try reader.optionalBool("strip_accents")
        lowercases = try reader.bool("lowercase", default: true)
    }

    var json: JSONValue {
        [
            "type": "BertNormalizer", "clean_text": .bool(cleansText),
            "handle_chinese_chars": .bool(separatesChinese),
            "strip_accents": stripsAccents.map(JSONValue.bool) ?? .null,
            "lowercase": .bool(lowercases),
        ]
    }
}

extension [UInt8] {
    /// The places of the characters outside of ASCII that have a property.
    func ranges(of holds: (UInt32) -> Bool) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var position = 0
        while position < count {
            if self[position] < 0x80 {
                position += 1
                continue
            }
            let scalar = UTF8Bytes.scalar(in: self, at: position)
            if holds(scalar.value) { found.append(position..<scalar.next) }
            position = scalar.next
        }
        return found
    }
}
