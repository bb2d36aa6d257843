import HeedFormats

/// Words cut greedily into the longest pieces of a vocabulary (Schuster and Nakajima, 2012), as BERT does.
struct WordPieceModel: Sendable {
    let vocabulary: Vocabulary
    /// The piece for words that cannot be put together from pieces.
    let unknownPiece: String
    /// What pieces begin with that do not begin a word.
    let continuingPrefix: String
    /// Longer words, in characters, are unknown.
    let maximumWordLength: Int

    private let unknownID: Int32?
    private let trie: ByteTrie
    /// Where pieces inside of words begin, or nil where there are none.
    private let continuing: ByteTrie.Step?

    init(
        vocabulary: Vocabulary, unknownPiece: String = "[UNK]", continuingPrefix: String = "##",
        maximumWordLength: Int = 100
    ) {
        self.vocabulary = vocabulary
        self.unknownPiece = unknownPiece
        self.continuingPrefix = continuingPrefix
        self.maximumWordLength = maximumWordLength
        unknownID = vocabulary.id(of: unknownPiece)
        var trie = ByteTrie()
        for id in 0..<Int32(vocabulary.idLimit) {
            if let bytes = vocabulary.bytes(of: id) { trie.insert(bytes, piece: id) }
        }
        self.trie = trie
        var step: ByteTrie.Step? = ByteTrie.root
        for byte in continuingPrefix.utf8 { step = step.flatMap { trie.step($0, byte) } }
        continuing = step
    }

    /// Appends the ids of a word, and how many bytes of it each stands for.
    func encode(_ bytes: [UInt8], _ word: Range<Int>, into scratch: inout TokenizerScratch) throws {
        let count = scratch.ids.count
        if word.count <= maximumWordLength || isShort(bytes, word) {
            var position = word.lowerBound
            while position < word.upperBound {
                let start = position == word.lowerBound ? ByteTrie.root : continuing
                guard let start,
                    let found = trie.longest(bytes, position..<word.upperBound, from: start)
                else { break }
                scratch.append(found.piece, length: found.end - position)
                position = found.end
            }
            if position == word.upperBound { return }
        }
        scratch.removeTokens(from: count)
        guard let unknownID else { throw TokenizerError.noUnknownPiece }
        scratch.append(unknownID, length: word.count)
    }

    private func isShort(_ bytes: [UInt8], _ word: Range<Int>) -> Bool {
        var count = 0
        for position in word where bytes[position] & 0xC0 != 0x80 {
            count += 1
            if count > maximumWordLength { return false }
        }
        return true
    }
}

extension WordPieceModel: TokenizerComponent {
    /// The type in files.
    static let type = "WordPiece"

    init(json reader: JSONObjectReader) throws {
        let prefix = try reader.string("continuing_subword_prefix", default: "##")
        try checkLength(prefix, "continuing_subword_prefix", reader)
        self.init(
            vocabulary: try Vocabulary(json: reader.object("vocab")),
            unknownPiece: try reader.string("unk_token", default: "[UNK]"),
            continuingPrefix: prefix,
            maximumWordLength: try reader.int(
                "max_input_chars_per_word", in: 0...1_000_000, default: 100))
    }

    var json: JSONValue {
        [
            "type": .string(Self.type), "unk_token": .string(unknownPiece),
            "continuing_subword_prefix": .string(continuingPrefix),
            "max_input_chars_per_word": .int(maximumWordLength), "vocab": vocabulary.json,
        ]
    }
}
