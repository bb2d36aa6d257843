import HeedPatterns

/// A step that turns pieces back into text: the `decoder` of a tokenizer.json.
indirect enum TokenDecoder: Sendable, Equatable {
    /// Turns runs of pieces such as `<0xE2>` into the characters whose bytes they are; a run that
    /// is no UTF-8 becomes one U+FFFD for each byte.
    case byteFallback
    /// Joins all pieces.
    case fuse
    /// Replaces every occurrence of a text or a pattern in each piece.
    case replace(pattern: TextPattern, content: String)
    /// Turns visible characters back into the bytes that they stand for.
    case byteLevel
    /// Joins pieces inside of words and puts spaces between words; may take the spaces before signs away.
    case wordPiece(prefix: String, cleansUp: Bool)
    /// Turns visible spaces into spaces.
    case metaspace(Metaspace)
    /// Removes repetitions and the padding between them (Graves et al., 2006).
    case ctc(padding: String, delimiter: String, cleansUp: Bool)
    /// Removes up to so many characters from the beginning and the end of each piece.
    case strip(content: Unicode.Scalar, start: Int, stop: Int)
    /// Turns the mark at the end of words into a space, and into nothing in the last piece.
    case wordEnd(suffix: String)
    /// All that sentencepiece does.
    case sentencePiece(SentencePieceDecoder)
    /// Several steps in turn.
    case sequence([TokenDecoder])

    /// A step that replaces every occurrence of a text.
    static func replace(text: String, content: String) -> TokenDecoder {
        .replace(pattern: TextPattern(text: text), content: content)
    }

    /// The step for pieces that do not begin a text.
    var continuing: TokenDecoder {
        guard case .sentencePiece(var decoder) = self else { return self }
        decoder.leadingSpaces = .kept
        return .sentencePiece(decoder)
    }

    /// Whether characters stand for bytes, as in GPT-2's vocabularies.
    var readsVisibleBytes: Bool {
        switch self {
        case .byteLevel: true
        case .sequence(let steps): steps.contains(where: \.readsVisibleBytes)
        default: false
        }
    }

    /// Applies the step to the pieces, each in UTF-8.
    ///
    /// - Parameter budget: what the patterns' searches of the whole text may still take.
    /// - Throws: `PatternError` where a pattern takes too many steps.
    func apply(to pieces: [[UInt8]], within budget: inout SearchBudget) throws -> [[UInt8]] {
        switch self {
        case .byteLevel: return [Self.bytes(of: pieces)]
        case .wordPiece(let prefix, let cleansUp):
            return Self.joiningWords(pieces, Array(prefix.utf8), cleansUp)
        case .metaspace(let rule):
            let mark = Array(String(rule.replacement).utf8)
            return pieces.enumerated().map { index, piece in
                let isFirst = index == 0 && rule.prependScheme != .never
                return replacing(mark, with: isFirst ? [] : [0x20], in: piece)
            }
        case .ctc(let padding, let delimiter, let cleansUp):
            return Self.withoutRepetitions(pieces, padding, delimiter, cleansUp)
        case .byteFallback: return Self.joiningBytes(pieces)
        case .fuse: return [Array(pieces.joined())]
        case .replace(let pattern, let content):
            return try pieces.map { piece in
                var matches: [Range<Int>] = []
                try pattern.appendMatches(
                    in: piece, piece.indices, to: &matches, within: &budget)
                guard !matches.isEmpty else { return piece }
                var result: [UInt8] = []
                var position = 0
                for match in matches {
                    result += piece[position..<match.lowerBound]
                    result += content.utf8
                    position = match.upperBound
                }
                return result + piece[position...]
            }
        case .strip(let content, let start, let stop):
            let mark = Array(String(content).utf8)
            return pieces.map { Self.stripped($0, of: mark, start: start, stop: stop) }
        case .wordEnd(let suffix):
            let mark = Array(suffix.utf8)
            return pieces.enumerated().map { index, piece in
                replacing(mark, with: index == pieces.count - 1 ? [] : [0x20], in: piece)
            }
        case .sentencePiece(let decoder): return [decoder.text(of: pieces)]
        case .sequence(let steps):
            return try steps.reduce(pieces) { try $1.apply(to: $0, within: &budget) }
        }
    }

    private static func bytes(of pieces: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        for piece in pieces where !ByteAlphabet.append(piece[...], to: &bytes) {
            bytes += piece
        }
        return Array(String(decoding: bytes, as: UTF8.self).utf8)
    }

    private static func joiningWords(
        _ pieces: [[UInt8]], _ prefix: [UInt8], _ cleansUp: Bool
    ) -> [[UInt8]] {
        pieces.enumerated().map { index, piece in
            var piece = piece
            if index > 0 {
                piece =
                    piece.starts(with: prefix)
                    ? Array(piece.dropFirst(prefix.count)) : [0x20] + piece
            }
            return cleansUp ? cleaned(piece) : piece
        }
    }

    /// English text without the spaces that were put before signs and contractions.
    private static func cleaned(_ piece: [UInt8]) -> [UInt8] {
        guard piece.contains(0x20) else { return piece }
        let rules = [
            (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"),
            (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
        ]
        return rules.reduce(piece) { replacing(Array($1.0.utf8), with: Array($1.1.utf8), in: $0) }
    }

    private static func withoutRepetitions(
        _ pieces: [[UInt8]], _ padding: String, _ delimiter: String, _ cleansUp: Bool
    ) -> [[UInt8]] {
        var result: [[UInt8]] = []
        var last: [UInt8]?
        for piece in pieces where piece != last {
            last = piece
            var text = replacing(Array(padding.utf8), with: [], in: piece)
            if cleansUp { text = replacing(Array(delimiter.utf8), with: [0x20], in: cleaned(text)) }
            if !text.isEmpty { result.append(text) }
        }
        return result
    }

    private static func joiningBytes(_ pieces: [[UInt8]]) -> [[UInt8]] {
        var result: [[UInt8]] = []
        var run: [UInt8] = []
        func flush() {
            guard !run.isEmpty else { return }
            if String(validating: run, as: UTF8.self) != nil {
                result.append(run)
            } else {
                result.append(contentsOf: repeatElement([0xEF, 0xBF, 0xBD], count: run.count))
            }
            run.removeAll(keepingCapacity: true)
        }
        for piece in pieces {
            if let byte = BytePieces.byte(of: piece) {
                run.append(byte)
            } else {
                flush()
                result.append(piece)
            }
        }
        flush()
        return result
    }

    private static func stripped(
        _ piece: [UInt8], of mark: [UInt8], start: Int, stop: Int
    ) -> [UInt8] {
        var rest = piece[...]
        for _ in 0..<start {
            guard rest.starts(with: mark) else { break }
            rest = rest.dropFirst(mark.count)
        }
        for _ in 0..<stop {
            guard rest.count >= mark.count, rest.suffix(mark.count).elementsEqual(mark) else {
                break
            }
            rest = rest.dropLast(mark.count)
        }
        return Array(rest)
    }
}

/// The text with every occurrence of a pattern replaced, from left to right.
func replacing(_ pattern: [UInt8], with content: [UInt8], in text: [UInt8]) -> [UInt8] {
    guard let first = pattern.first, text.contains(first) else { return text }
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var position = 0
    while position < text.count {
        if text[position] == first, text[position...].starts(with: pattern) {
            result.append(contentsOf: content)
            position += pattern.count
        } else {
            result.append(text[position])
            position += 1
        }
    }
    return result
}

/// The pieces `<0x00>` … `<0xFF>` that stand for single bytes.
enum BytePieces {
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// The piece of a byte.
    static func piece(of byte: UInt8) -> String {
        let hex = [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        return "<0x" + String(decoding: hex, as: UTF8.self) + ">"
    }

    /// The byte of a piece, or `nil` for any other piece.
    static func byte(of piece: [UInt8]) -> UInt8? {
        guard piece.count == 6, piece.starts(with: "<0x".utf8), piece[5] == UInt8(ascii: ">") else {
            return nil
        }
        // A sign before the digit is none, and every byte has two digits.
        guard let high = Character(Unicode.Scalar(piece[3])).hexDigitValue,
            let low = Character(Unicode.Scalar(piece[4])).hexDigitValue
        else { return nil }
        return UInt8(truncatingIfNeeded: high << 4 | low)
    }
}
