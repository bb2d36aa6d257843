/// Where the tokens of a text stand in it.
struct TokenOffsets {
    /// What is asked of them.
    enum Kind {
        case none
        case ranges
        /// The spaces that pieces begin and end with, too.
        case rangesAndSpaces
    }

    fileprivate private(set) var kind = Kind.none
    private(set) var ranges: [Range<Int>] = []
    private(set) var spaces: [(leading: Int, trailing: Int)] = []

    /// Starts a text.
    mutating func begin(_ kind: Kind, keepingCapacity keeps: Bool) {
        self.kind = kind
        ranges.removeAll(keepingCapacity: keeps)
        spaces.removeAll(keepingCapacity: keeps)
    }

    /// Appends the places of the tokens of a word, whose lengths are those from number `first` on.
    fileprivate mutating func append(
        _ word: Range<Int>, of text: borrowing NormalizedText, _ lengths: [Int], from first: Int = 0
    ) {
        var start = word.lowerBound
        for index in first..<lengths.count {
            let length = lengths[index]
            let end = min(start + abs(length), word.upperBound)
            let range = start..<max(start, end)
            ranges.append(
                range.isEmpty ? text.emptySource(at: start) : text.source(of: range))
            if length > 0 { start = range.upperBound }
        }
    }

    fileprivate mutating func append(_ count: PieceSpaces.Count) {
        spaces.append((Int(count.leading), Int(count.trailing)))
    }
}

extension Tokenizer {
    /// Texts beyond are refused: offsets are kept in 32 bits.
    private static let maximumBytes = Int(UInt32.max) - 1

    /// Appends the tokens of a text to the scratch, and where they stand.
    func encode(
        _ bytes: [UInt8], _ kind: TokenOffsets.Kind, into scratch: inout TokenizerScratch
    ) throws {
        scratch.begin(kind)
        guard bytes.count < Self.maximumBytes else { throw TokenizerError.textTooLong }
        let text = NormalizedText(bytes, base: 0, trackingSources: kind != .none)
        guard
            let parts = added.parts(
                of: bytes, isNormalized: false, findsSpecial: parsesSpecialTokens)
        else { return try encodePart(text, into: &scratch) }
        for part in parts {
            if let index = part.token {
                take(added.tokens[index], part.range, of: text, into: &scratch)
            } else {
                try encodePart(text.slice(part.range), into: &scratch)
            }
        }
    }

    private func take(
        _ token: AddedToken, _ range: Range<Int>, of text: NormalizedText,
        into scratch: inout TokenizerScratch
    ) {
        scratch.append(token.id, length: range.count)
        guard scratch.offsets.kind != .none else { return }
        scratch.offsets.append(range, of: text, [range.count])
        if scratch.offsets.kind == .rangesAndSpaces {
            scratch.offsets.append(PieceSpaces.count(in: Array(text.bytes[range])))
        }
    }

    /// A part of a text without added tokens that are looked for as they stand.
    private func encodePart(
        _ part: consuming NormalizedText, into scratch: inout TokenizerScratch
    ) throws {
        try normalizer?.apply(to: &part, within: &scratch.budget)
        guard
            let parts = added.parts(
                of: part.bytes, isNormalized: true, findsSpecial: parsesSpecialTokens)
        else { return try encodeWords(part, into: &scratch) }
        for section in parts {
            if let index = section.token {
                take(added.tokens[index], section.range, of: part, into: &scratch)
            } else {
                try encodeWords(part.slice(section.range), into: &scratch)
            }
        }
    }

    private func encodeWords(
        _ text: consuming NormalizedText, into scratch: inout TokenizerScratch
    ) throws {
        var words: [Range<Int>] = []
        swap(&words, &scratch.sections)
        defer { swap(&words, &scratch.sections) }
        try cutter.cut(&text, into: &words, within: &scratch.budget)
        let bytes = text.bytes
        // Taken once: its reference count is that of all threads.
        let spaces = scratch.offsets.kind == .rangesAndSpaces ? pieceSpaces : nil
        for word in words {
            let first = scratch.ids.count
            try scratch.append(bytes, word, of: model, remembers: !looksUpWords)
            guard scratch.offsets.kind != .none else { continue }
            scratch.offsets.append(word, of: text, scratch.lengths, from: first)
            guard let spaces else { continue }
            var start = word.lowerBound
            for token in first..<scratch.ids.count {
                let end = min(start + max(scratch.lengths[token], 0), word.upperBound)
                scratch.offsets.append(
                    spaces.count(of: scratch.ids[token], for: Array(bytes[start..<end])))
                start = end
            }
        }
    }
}
