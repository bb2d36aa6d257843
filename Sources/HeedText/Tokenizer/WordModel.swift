import HeedFormats

/// Whole words: each has an id of its own, and all others share that of the unknown piece.
struct WordModel: Sendable {
    let vocabulary: Vocabulary
    /// The piece for words outside the vocabulary.
    let unknownPiece: String
    private let unknownID: Int32

    /// A model, or nil if the unknown piece is not in the vocabulary.
    init?(vocabulary: Vocabulary, unknownPiece: String) {
        guard let id = vocabulary.id(of: unknownPiece) else { return nil }
        self.vocabulary = vocabulary
        self.unknownPiece = unknownPiece
        unknownID = id
    }

    /// The id of a word.
    func id(of bytes: [UInt8], _ word: Range<Int>) -> Int32 {
        vocabulary.id(of: bytes, word) ?? unknownID
    }
}

extension WordModel: TokenizerComponent {
    /// The type in files.
    static let type = "WordLevel"

    init(json reader: JSONObjectReader) throws {
        let vocabulary = try Vocabulary(json: reader.object("vocab"))
        let unknown = try reader.string("unk_token", default: SpecialTokens.unknownName)
        guard let model = WordModel(vocabulary: vocabulary, unknownPiece: unknown) else {
            throw reader.error("unk_token", "is not in the vocabulary")
        }
        self = model
    }

    var json: JSONValue {
        ["type": .string(Self.type), "vocab": vocabulary.json, "unk_token": .string(unknownPiece)]
    }
}
