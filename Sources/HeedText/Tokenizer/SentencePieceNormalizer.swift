import HeedFormats

/// All that sentencepiece does to a text before its model sees it.
struct SentencePieceNormalizer: Sendable, Equatable {
    /// The type in files, which Heed alone writes.
    static let type = "HeedSentencePiece"

    /// The table of replacements, if there is one.
    var table: PrecompiledCharacters? { didSet { findPlainCharacters() } }
    /// Whether a space is put before the text, or behind it.
    var addsSpace = true
    /// Whether spaces at the ends go, and runs of them become one.
    var removesExtraSpaces = true
    /// Whether spaces become ▁.
    var escapesSpaces = true
    /// Whether spaces belong to the word before them.
    var putsSpaceBehind = false
    /// Pieces that no replacement touches.
    private(set) var userDefined: [String] = []
    private var trie = ByteTrie()
    /// Characters of ASCII, by their numbers, that are no spaces and stay what they are unless one beyond ASCII follows.
    private var isPlain: [Bool] = []

    /// The defaults of sentencepiece.
    init() { findPlainCharacters() }

    /// Another's settings, with pieces that no replacement touches.
    init(_ other: SentencePieceNormalizer, userDefined: [String]) {
        self = other
        self.userDefined = userDefined
        trie = ByteTrie()
        for (number, piece) in userDefined.enumerated() {
            trie.insert(piece.utf8, piece: Int32(truncatingIfNeeded: number))
        }
        findPlainCharacters()
    }

    private mutating func findPlainCharacters() {
        isPlain = (0..<0x80).map { byte in
            byte != 0x20 && trie.step(ByteTrie.root, byte) == nil
                && table?.mayReplaceASCII(beginningWith: byte) != true
        }
    }

    static func == (a: SentencePieceNormalizer, b: SentencePieceNormalizer) -> Bool {
        a.json == b.json
    }

    private static let mark: [UInt8] = [0xE2, 0x96, 0x81]

    func apply(to text: inout NormalizedText) {
        let space = escapesSpaces ? Self.mark : [0x20]
        var output = SentencePieceOutput(isTracking: text.isTracking)
        let bytes = text.bytes
        var position = 0
        var chunk: [UInt8] = []
        if removesExtraSpaces {
            while position < bytes.count {
                let end = next(bytes, position, trie, &chunk)
                guard chunk == [0x20] else { break }
                position = end
            }
        }
        guard position < bytes.count else {
            output.finish(at: position)
            return text.take(output)
        }
        if addsSpace, !putsSpaceBehind { output.append(space, position) }
        var wasSpace = removesExtraSpaces
        while position < bytes.count {
            let plain = position..<endOfPlainWord(bytes, position)
            if !plain.isEmpty {
                output.append(bytes, plain)
                wasSpace = false
                position = plain.upperBound
                continue
            }
            let end = next(bytes, position, trie, &chunk)
            var rest = chunk[...]
            while wasSpace, rest.first == 0x20 { rest = rest.dropFirst() }
            for byte in rest {
                if byte == 0x20 {
                    output.append(space, position)
                } else {
                    output.append([byte], position)
                }
            }
            if let last = rest.last { wasSpace = last == 0x20 }
            if !removesExtraSpaces { wasSpace = false }
            position = end
        }
        output.finish(at: position)
        if removesExtraSpaces { output.removeTrailing(space) }
        if addsSpace, putsSpaceBehind { output.appendAtEnd(space) }
        text.take(output)
    }

    /// Where the characters end that begin at a position, stay what they are, and are no spaces.
    private func endOfPlainWord(_ bytes: [UInt8], _ position: Int) -> Int {
        var end = position
        while end < bytes.count, bytes[end] < 0x80, isPlain[Int(bytes[end])],
            end + 1 == bytes.count || bytes[end + 1] < 0x80
        {
            end += 1
        }
        return end
    }

    /// What the text at a position becomes, and where that ends.
    private func next(
        _ bytes: [UInt8], _ position: Int, _ trie: ByteTrie, _ chunk: inout [UInt8]
    ) -> Int {
        chunk.removeAll(keepingCapacity: true)
        let rest = position..<bytes.count
        if let user = trie.longest(bytes, rest) {
            chunk.append(contentsOf: bytes[position..<user.end])
            return user.end
        }
        if let table, let found = table.longest(bytes, rest) {
            chunk.append(contentsOf: table.blob[found.text])
            return position + found.length
        }
        let end = min(bytes.count, position + UTF8Bytes.length(bytes[position]))
        chunk.append(contentsOf: bytes[position..<end])
        return end
    }

    /// A bound on how many times longer a text becomes.
    var growth: Double { max(3, (table?.growth ?? 1) * 3) }
}

/// A text as sentencepiece aligns it: each byte begins where it was taken from, and ends where the next one
/// begins.
private struct SentencePieceOutput {
    var bytes: [UInt8] = []
    var starts: [UInt32] = []
    private var end: UInt32 = 0
    let isTracking: Bool

    init(isTracking: Bool) { self.isTracking = isTracking }

    mutating func append(_ content: [UInt8], _ position: Int) {
        bytes += content
        if isTracking {
            let start = UInt32(truncatingIfNeeded: position)
            for _ in content { starts.append(start) }
        }
    }

    /// Appends what a range of a text stays.
    mutating func append(_ text: [UInt8], _ range: Range<Int>) {
        bytes += text[range]
        if isTracking { starts += range.lazy.map(UInt32.init(truncatingIfNeeded:)) }
    }

    mutating func finish(at position: Int) { end = UInt32(truncatingIfNeeded: position) }

    mutating func removeTrailing(_ space: [UInt8]) {
        while bytes.count >= space.count, bytes.suffix(space.count).elementsEqual(space) {
            bytes.removeLast(space.count)
            guard isTracking else { continue }
            end = starts[bytes.count]
            starts.removeLast(space.count)
        }
    }

    mutating func appendAtEnd(_ space: [UInt8]) { append(space, Int(end)) }

    /// The range of each byte.
    func sources(base: Int) -> [NormalizedText.Source] {
        starts.indices.map { index in
            let next = index + 1 < starts.count ? starts[index + 1] : end
            return NormalizedText.Source(base + Int(starts[index]), base + Int(next))
        }
    }
}

extension NormalizedText {
    fileprivate mutating func take(_ output: SentencePieceOutput) {
        // Only a text that nothing has changed is sentencepiece's input.
        take(output.bytes, isTracking ? output.sources(base: base) : nil)
    }
}

extension SentencePieceNormalizer: TokenizerComponent {
    init(json reader: JSONObjectReader) throws {
        self.init()
        table = try reader.optionalObject("table").map(PrecompiledCharacters.init(json:))
        addsSpace = try reader.bool("adds_space", default: true)
        removesExtraSpaces = try reader.bool("removes_extra_spaces", default: true)
        escapesSpaces = try reader.bool("escapes_spaces", default: true)
        putsSpaceBehind = try reader.bool("puts_space_behind", default: false)
        self = SentencePieceNormalizer(
            self,
            userDefined: try reader.contains("user_defined") ? reader.strings("user_defined") : [])
    }

    var json: JSONValue {
        [
            "type": .string(Self.type), "table": table?.json ?? .null,
            "adds_space": .bool(addsSpace), "removes_extra_spaces": .bool(removesExtraSpaces),
            "escapes_spaces": .bool(escapesSpaces), "puts_space_behind": .bool(putsSpaceBehind),
            "user_defined": .array(userDefined.map(JSONValue.string)),
        ]
    }
}
