import HeedFormats

/// What turns words into pieces of a vocabulary: the `model` of a tokenizer.json.
enum TokenModel: Sendable {
    /// Byte-pair encoding.
    case bytePairs(BytePairModel)
    /// Byte-pair encoding whose words come as bytes.
    case bytes(BytePairModel)
    /// sentencepiece's byte pairs.
    case scoredPairs(ScoredPairModel)
    /// The longest pieces first.
    case wordPieces(WordPieceModel)
    /// The most probable pieces.
    case unigram(UnigramModel)
    /// Whole words.
    case words(WordModel)

    /// The pieces.
    var vocabulary: Vocabulary {
        switch self {
        case .bytePairs(let model), .bytes(let model): model.vocabulary
        case .scoredPairs(let model): model.vocabulary
        case .wordPieces(let model): model.vocabulary
        case .unigram(let model): model.vocabulary
        case .words(let model): model.vocabulary
        }
    }

    /// The piece for what is not in the vocabulary, if there is one.
    var unknownPiece: String? {
        switch self {
        case .bytePairs(let model), .bytes(let model): model.unknownPiece
        case .scoredPairs(let model): model.unknownID.flatMap { model.vocabulary.piece(of: $0) }
        case .wordPieces(let model): model.unknownPiece
        case .unigram(let model): model.unknownID.flatMap { model.vocabulary.piece(of: $0) }
        case .words(let model): model.unknownPiece
        }
    }

    /// What the last piece of a word ends with, such as `</w>`, if words are marked so.
    var wordSuffix: String? {
        bytePairs?.wordSuffix
    }
}

extension TokenModel {
    /// Appends the ids of a word, and how many bytes of it each stands for.
    func encode(_ bytes: [UInt8], _ word: Range<Int>, into scratch: inout TokenizerScratch) throws {
        switch self {
        case .bytePairs(let model): model.encode(bytes, word, into: &scratch)
        case .bytes(let model): model.encodeBytes(bytes, word, into: &scratch)
        case .scoredPairs(let model): try model.encode(bytes, word, into: &scratch)
        case .wordPieces(let model): try model.encode(bytes, word, into: &scratch)
        case .unigram(let model): try model.encode(bytes, word, into: &scratch)
        case .words(let model): scratch.append(model.id(of: bytes, word), length: word.count)
        }
    }

    /// The merges of byte pairs, if the model has some.
    var bytePairs: BytePairModel? {
        switch self {
        case .bytePairs(let model), .bytes(let model): model
        default: nil
        }
    }
}

extension TokenModel: TokenizerComponent {
    init(json reader: JSONObjectReader) throws {
        // Files from before the type was written are told by what they hold.
        let type = try reader.optionalString("type") ?? Self.impliedType(reader)
        switch type {
        case BytePairModel.type: self = .bytePairs(try BytePairModel(json: reader))
        case ScoredPairModel.type: self = .scoredPairs(try ScoredPairModel(json: reader))
        case WordPieceModel.type: self = .wordPieces(try WordPieceModel(json: reader))
        case UnigramModel.type: self = .unigram(try UnigramModel(json: reader))
        case WordModel.type: self = .words(try WordModel(json: reader))
        default:
            throw unsupported(reader, "model", "BPE, WordPiece, Unigram, WordLevel")
        }
    }

    private static func impliedType(_ reader: JSONObjectReader) -> String {
        if reader.contains("merges") { return BytePairModel.type }
        if reader.optionalValue("vocab")?.arrayValue != nil { return UnigramModel.type }
        return reader.contains("continuing_subword_prefix")
            ? WordPieceModel.type : BytePairModel.type
    }

    var json: JSONValue {
        switch self {
        case .bytePairs(let model), .bytes(let model): model.json
        case .scoredPairs(let model): model.json
        case .wordPieces(let model): model.json
        case .unigram(let model): model.json
        case .words(let model): model.json
        }
    }
}
