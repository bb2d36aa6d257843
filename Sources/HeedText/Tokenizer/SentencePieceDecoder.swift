import HeedFormats

/// Turns pieces back into text as sentencepiece does.
struct SentencePieceDecoder: Sendable, Equatable {
    /// Which visible spaces at the beginning of a text are none.
    enum LeadingSpaces: String, Sendable, CaseIterable {
        /// All are spaces.
        case kept
        /// The first one was put before the text.
        case first
        /// Pieces lose the one that they begin with until there is text.
        case all
    }

    /// The piece for what is not in the vocabulary; what it looks like in a text.
    var unknown: (piece: String, text: String)
    /// What spaces at the beginning are.
    var leadingSpaces: LeadingSpaces

    private static let space = Array("\u{2581}".utf8)
    private static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

    static func == (a: SentencePieceDecoder, b: SentencePieceDecoder) -> Bool {
        a.unknown == b.unknown && a.leadingSpaces == b.leadingSpaces
    }

    /// The text of pieces, each in UTF-8.
    func text(of pieces: [[UInt8]]) -> [UInt8] {
        let unknownPiece = Array(unknown.piece.utf8)
        var text: [UInt8] = []
        var run: [UInt8] = []
        var isBeginning = true
        var hasLostSpace = false
        for piece in pieces {
            if let byte = BytePieces.byte(of: piece) {
                run.append(byte)
                continue
            }
            Self.take(&run, into: &text)
            if hasLostSpace || !text.isEmpty { isBeginning = false }
            hasLostSpace = false
            if piece == unknownPiece {
                text += unknown.text.utf8
                continue
            }
            var rest = piece[...]
            if isBeginning, leadingSpaces != .kept, rest.starts(with: Self.space) {
                rest = rest.dropFirst(Self.space.count)
                hasLostSpace = leadingSpaces == .first
            }
            text += replacing(Self.space, with: [0x20], in: Array(rest))
        }
        Self.take(&run, into: &text)
        return text
    }

    /// Appends bytes; each that belongs to no character as U+FFFD.
    private static func take(_ run: inout [UInt8], into text: inout [UInt8]) {
        var position = 0
        while position < run.count {
            let end = min(position + UTF8Bytes.length(run[position]), run.count)
            let character = run[position..<end]
            if String(validating: character, as: UTF8.self) != nil {
                text += character
                position = end
            } else {
                text += replacement
                position += 1
            }
        }
        run.removeAll(keepingCapacity: true)
    }

    /// A bound on how many times longer a text becomes.
    var growth: Double {
        1 + Double(unknown.text.utf8.count) / Double(max(unknown.piece.utf8.count, 1))
    }
}

extension SentencePieceDecoder: TokenizerComponent {
    /// The type in files: Heed's own, beside that of the normalizer.
    static let type = SentencePieceNormalizer.type

    init(json reader: JSONObjectReader) throws {
        unknown = (try reader.string("unknown"), try reader.string("unknown_text"))
        try checkLength(unknown.text, "unknown_text", reader)
        let name = try reader.string("leading_spaces")
        guard let leadingSpaces = LeadingSpaces(rawValue: name) else {
            throw reader.error(
                "leading_spaces",
                "must be one of \(LeadingSpaces.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.leadingSpaces = leadingSpaces
    }

    var json: JSONValue {
        [
            "type": .string(Self.type), "unknown": .string(unknown.piece),
            "unknown_text": .string(unknown.text),
            "leading_spaces": .string(leadingSpaces.rawValue),
        ]
    }
}
