/// Where the tokens of a text stand in it.
struct TokenOffsets {
    /// Whether somebody asked for them.
    let isWanted: Bool
    /// Whether the post-processor asks for the spaces of pieces.
    let countsSpaces: Bool
    fileprivate(set) var ranges: [Range<Int>] = []
    fileprivate(set) var spaces: [(leading: Int, trailing: Int)] = []

    init(isWanted: Bool = true, countsSpaces: Bool = false) {
        self.isWanted = isWanted
        self.countsSpaces = countsSpaces
    }

    /// Appends the places of the tokens of a word.
    fileprivate mutating func append(
        _ word: Range<Int>, of text: NormalizedText, _ lengths: ArraySlice<Int>
    ) {
        var start = word.lowerBound
        for length in lengths {
            let end = min(start + abs(length), word.upperBound)
            let range = start..<max(start, end)
            ranges.append(
                range.isEmpty ? text.emptySource(at: start) : text.source(of: range))
            if length > 0 { start = range.upperBound }
        }
    }

    /// Appends the spaces that a piece begins and ends with: white space, and the visible character for a space.
    fileprivate mutating func appendSpaces(of piece: [UInt8]) {
        let table = SplitClass.table
        func isSpace(_ scalar: UInt32) -> Bool {
            scalar == ByteAlphabet.characters[0x20] || table[scalar] & SplitClass.whitespace != 0
        }
        var (leading, trailing) = (0, 0)
        var position = 0
        while position < piece.count {
            let scalar = UTF8Bytes.scalar(in: piece, at: position)
            guard isSpace(scalar.value) else { break }
            leading += 1
            position = scalar.next
        }
        var end = piece.count
        while end > 0 {
            let start = UTF8Bytes.start(in: piece, before: end)
            guard isSpace(UTF8Bytes.scalar(in: piece, at: start).value) else { break }
            trailing += 1
            end = start
        }
        spaces.append((leading, trailing))
    }
}

extension Tokenizer {
    /// Texts beyond are refused: offsets are kept in 32 bits.
    private static let maximumBytes = Int(UInt32.max) - 1

    /// Appends the tokens of a text to the scratch, and where they stand.
    func encode(
        _ bytes: [UInt8], into scratch: inout TokenizerScratch, _ offsets: inout TokenOffsets
    ) throws {
        guard bytes.count < Self.maximumBytes else { throw TokenizerError.textTooLong }
        let text = NormalizedText(bytes, base: 0, trackingSources: offsets.isWanted)
        guard
            let parts = added.parts(
                of: bytes, isNormalized: false, findsSpecial: parsesSpecialTokens)
        else { return try encodePart(text, into: &scratch, &offsets) }
        for part in parts {
            if let index = part.token {
                take(added.tokens[index], part.range, of: text, into: &scratch, &offsets)
            } else {
                try encodePart(text.slice(part.range), into: &scratch, &offsets)
            }
        }
    }

    private func take(
        _ token: AddedToken, _ range: Range<Int>, of text: NormalizedText,
        into scratch: inout TokenizerScratch, _ offsets: inout TokenOffsets
    ) {
        scratch.append(token.id, length: range.count)
        guard offsets.isWanted else { return }
        offsets.append(range, of: text, [range.count])
        if offsets.countsSpaces { offsets.appendSpaces(of: Array(text.bytes[range])) }
    }

    /// A part of a text without added tokens that are looked for as they stand.
    private func encodePart(
        _ part: consuming NormalizedText, into scratch: inout TokenizerScratch,
        _ offsets: inout TokenOffsets
    ) throws {
        try normalizer?.apply(to: &part)
        guard
            let parts = added.parts(
                of: part.bytes, isNormalized: true, findsSpecial: parsesSpecialTokens)
        else { return try encodeWords(part, into: &scratch, &offsets) }
        for section in parts {
            if let index = section.token {
                take(added.tokens[index], section.range, of: part, into: &scratch, &offsets)
            } else {
                try encodeWords(part.slice(section.range), into: &scratch, &offsets)
            }
        }
    }

    private func encodeWords(
        _ text: consuming NormalizedText, into scratch: inout TokenizerScratch,
        _ offsets: inout TokenOffsets
    ) throws {
        var words: [Range<Int>] = []
        swap(&words, &scratch.sections)
        defer { swap(&words, &scratch.sections) }
        try cutter.cut(&text, into: &words)
        let bytes = text.bytes
        for word in words {
            let first = scratch.ids.count
            try scratch.append(bytes, word, of: model)
            guard offsets.isWanted else { continue }
            offsets.append(word, of: text, scratch.lengths[first...])
            guard offsets.countsSpaces else { continue }
            appendSpaces(
                of: bytes, word, scratch.ids[first...], scratch.lengths[first...], &offsets)
        }
    }

    /// Appends the spaces of the pieces of a word. An unknown piece of a unigram model is the text that it stands for.
    private func appendSpaces(
        of bytes: [UInt8], _ word: Range<Int>, _ ids: ArraySlice<Int32>,
        _ lengths: ArraySlice<Int>, _ offsets: inout TokenOffsets
    ) {
        let unknown: Int32? = if case .unigram(let model) = model { model.unknownID } else { nil }
        var start = word.lowerBound
        for (id, length) in zip(ids, lengths) {
            let end = min(start + max(length, 0), word.upperBound)
            offsets.appendSpaces(
                of: id == unknown
                    ? Array(bytes[start..<end])
                    : model.vocabulary.bytes(of: id).map { Array($0) } ?? [])
            start = end
        }
    }
}
