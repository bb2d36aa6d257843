import HeedFormats
import HeedPatterns

/// A token outside of the model's pieces, or one of them with a special meaning.
struct AddedToken: Sendable, Equatable {
    let id: Int32
    let content: String
    /// Whether it is only found where no word goes on beside it.
    var isSingleWord = false
    /// Whether white space before it belongs to it.
    var stripsLeft = false
    /// Whether white space behind it belongs to it.
    var stripsRight = false
    /// Whether it is looked for in the normalized text.
    var isNormalized = false
    /// Whether it is no text: decoding may leave it out.
    var isSpecial = true

    /// A special token that is looked for as it stands.
    init(id: Int32, content: String) {
        self.id = id
        self.content = content
    }
}

extension AddedToken: TokenizerComponent {
    /// Longer ones are refused: each byte of a text may cost as much.
    private static let maximumBytes = 1024

    init(json reader: JSONObjectReader) throws {
        id = Int32(try reader.int("id", in: 0...Vocabulary.maximumID - 1))
        content = try reader.string("content")
        guard (1...Self.maximumBytes).contains(content.utf8.count) else {
            throw reader.error("content", "must have 1 to \(Self.maximumBytes) bytes")
        }
        isSingleWord = try reader.bool("single_word", default: false)
        stripsLeft = try reader.bool("lstrip", default: false)
        stripsRight = try reader.bool("rstrip", default: false)
        isSpecial = try reader.bool("special", default: false)
        isNormalized = try reader.bool("normalized", default: !isSpecial)
    }

    var json: JSONValue {
        [
            "id": .int(Int(id)), "content": .string(content), "single_word": .bool(isSingleWord),
            "lstrip": .bool(stripsLeft), "rstrip": .bool(stripsRight),
            "normalized": .bool(isNormalized), "special": .bool(isSpecial),
        ]
    }
}

/// The added tokens of a tokenizer, and how they are found in a text.
struct AddedTokens: Sendable {
    /// A part of a text: an added token, or what stands between two of them.
    struct Part {
        let range: Range<Int>
        /// The index of the token, or nil.
        let token: Int?
    }

    /// A text is gone through again in no more bytes than these and its own: a run of spaces may hold many tokens to each
    /// of which all spaces behind it belong.
    private static let maximumRepetition = 1 << 20

    let tokens: [AddedToken]
    /// The index of the token of an id.
    private let byID: [Int32: Int]
    private let byName: NameDictionary<Int32>
    /// What a token is in the normalized text, where that is something else.
    private var normalizedContents: [Int32: [UInt8]] = [:]
    /// The ids that decoding leaves out.
    private let skipped: Set<Int32>
    private var raw = ByteTrie()
    private var normalized = ByteTrie()
    private var rawWithoutSpecial = ByteTrie()
    private var normalizedWithoutSpecial = ByteTrie()
    /// A token that normalization leaves nothing of.
    private var emptyToken: Int32?
    private var emptyTokenWithoutSpecial: Int32?

    /// - Throws: `PatternError` where the normalizer has a pattern that takes too many steps.
    init(_ tokens: [AddedToken], normalizer: Normalizer?) throws {
        self.tokens = tokens
        var byID: [Int32: Int] = [:]
        var byName = NameDictionary<Int32>()
        for (index, token) in tokens.enumerated() {
            byID[token.id] = index
            byName.insert(token.id, forName: token.content)
        }
        self.byID = byID
        self.byName = byName
        var budget = SearchBudget()
        let contents = try tokens.map { try Self.content($0, normalizer, within: &budget) }
        let special = Set(tokens.filter(\.isSpecial).map { Array($0.content.utf8) })
        // The `tokenizers` library leaves out what reads like a special token.
        skipped = Set(zip(tokens, contents).filter { special.contains($1) }.map(\.0.id))
        for (index, token) in tokens.enumerated() {
            let piece = Int32(truncatingIfNeeded: index)
            guard token.isNormalized else {
                raw.insert(token.content.utf8, piece: piece)
                if !token.isSpecial { rawWithoutSpecial.insert(token.content.utf8, piece: piece) }
                continue
            }
            let content = contents[index]
            if !content.elementsEqual(token.content.utf8) {
                normalizedContents[token.id] = content
            }
            if content.isEmpty {
                emptyToken = piece
                if !token.isSpecial { emptyTokenWithoutSpecial = piece }
            }
            normalized.insert(content, piece: piece)
            if !token.isSpecial { normalizedWithoutSpecial.insert(content, piece: piece) }
        }
    }

    /// What a token is in the text in which it is looked for.
    private static func content(
        _ token: AddedToken, _ normalizer: Normalizer?, within budget: inout SearchBudget
    ) throws -> [UInt8] {
        guard token.isNormalized else { return Array(token.content.utf8) }
        var text = NormalizedText(token.content, trackingSources: false)
        try normalizer?.apply(to: &text, within: &budget)
        return text.bytes
    }

    /// One more than the largest id.
    var idLimit: Int { tokens.map { Int($0.id) + 1 }.max() ?? 0 }

    /// The token of an id.
    func token(of id: Int32) -> AddedToken? { byID[id].map { tokens[$0] } }

    /// The id of a content.
    func id(of content: String) -> Int32? { byName[content] }

    /// Whether decoding leaves an id out if it leaves special tokens out.
    func isSkipped(_ id: Int32) -> Bool { skipped.contains(id) }

    /// What decoding sees of a token, in UTF-8.
    func decodedBytes(of id: Int32) -> [UInt8]? {
        normalizedContents[id] ?? token(of: id).map { Array($0.content.utf8) }
    }

    /// The parts of a text, or nil if no token is in it.
    ///
    /// - Parameters:
    ///   - isNormalized: which tokens are looked for.
    ///   - findsSpecial: whether special tokens are among them.
    func parts(of bytes: [UInt8], isNormalized: Bool, findsSpecial: Bool) -> [Part]? {
        let trie =
            isNormalized
            ? (findsSpecial ? normalized : normalizedWithoutSpecial)
            : (findsSpecial ? raw : rawWithoutSpecial)
        let empty =
            !isNormalized ? nil : findsSpecial ? emptyToken : emptyTokenWithoutSpecial
        guard !trie.isEmpty || empty != nil else { return nil }
        var parts: [Part] = []
        var done = 0
        var position = 0
        var spaces = 0..<0
        var repeated = 0
        // Where the last token ended.
        var last = -1
        while position < bytes.count {
            let found = trie.longest(bytes, position..<bytes.count)
            // A token that normalization left nothing of is between any two characters.
            guard let piece = found?.piece ?? (position == last ? nil : empty) else {
                position += empty == nil ? 1 : UTF8Bytes.length(bytes[position])
                last = -1
                continue
            }
            let token = tokens[Int(piece)]
            var (start, stop) = (position, found?.end ?? position)
            position = stop
            last = stop
            if token.isSingleWord, hasWord(bytes, before: start) || hasWord(bytes, behind: stop) {
                continue
            }
            if token.stripsLeft { start = spaceStart(bytes, before: start, notBefore: done) }
            if token.stripsRight {
                // Many tokens may stand in one run of spaces, which is looked through once.
                if !spaces.contains(stop) { spaces = stop..<spaceEnd(bytes, behind: stop) }
                stop = max(stop, spaces.upperBound)
            }
            if start < done {
                repeated += stop - start
                guard repeated <= Self.maximumRepetition + bytes.count else { continue }
            }
            if done < start { parts.append(Part(range: done..<start, token: nil)) }
            // Inside of space that an earlier one took, a token that strips to the left has no text, and is none; one that
            // does not is there again, and so is what stands behind it, as in the `tokenizers` library.
            if start < stop { parts.append(Part(range: start..<stop, token: Int(piece))) }
            done = max(stop, start)
        }
        guard !parts.isEmpty else { return nil }
        if done < bytes.count { parts.append(Part(range: done..<bytes.count, token: nil)) }
        return parts
    }

    private func hasWord(_ bytes: [UInt8], before position: Int) -> Bool {
        guard position > 0 else { return false }
        let start = UTF8Bytes.start(in: bytes, before: position)
        return isWord(UTF8Bytes.scalar(in: bytes, at: start).value)
    }

    private func hasWord(_ bytes: [UInt8], behind position: Int) -> Bool {
        position < bytes.count && isWord(UTF8Bytes.scalar(in: bytes, at: position).value)
    }

    private func isWord(_ scalar: UInt32) -> Bool {
        SplitClass.table[scalar] & SplitClass.word != 0
    }

    private func isSpace(_ scalar: UInt32) -> Bool {
        SplitClass.table[scalar] & SplitClass.whitespace != 0
    }

    private func spaceStart(
        _ bytes: [UInt8], before position: Int, notBefore limit: Int
    ) -> Int {
        var position = max(position, limit)
        while position > limit {
            let start = UTF8Bytes.start(in: bytes, before: position)
            guard isSpace(UTF8Bytes.scalar(in: bytes, at: start).value) else { break }
            position = start
        }
        return position
    }

    private func spaceEnd(_ bytes: [UInt8], behind position: Int) -> Int {
        var position = position
        while position < bytes.count {
            let scalar = UTF8Bytes.scalar(in: bytes, at: position)
            guard isSpace(scalar.value) else { break }
            position = scalar.next
        }
        return position
    }
}
