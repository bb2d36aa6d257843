import HeedFormats

/// What turns words into pieces of a vocabulary: the `model` of a tokenizer.json.
enum TokenModel: Sendable {
    /// Byte-pair encoding.
    case bytePairs(BytePairModel)
    /// Whole words.
    case words(WordModel)

    /// The pieces.
    var vocabulary: Vocabulary {
        switch self {
        case .bytePairs(let model): model.vocabulary
        case .words(let model): model.vocabulary
        }
    }

    /// The piece for what is not in the vocabulary, if there is one.
    var unknownPiece: String? {
        switch self {
        case .bytePairs(let model): model.unknownPiece
        case .words(let model): model.unknownPiece
        }
    }

    /// What the last piece of a word ends with, such as `</w>`, if words are marked so.
    var wordSuffix: String? {
        if case .bytePairs(let model) = self { model.wordSuffix } else { nil }
    }
}

extension TokenModel: TokenizerComponent {
    init(json reader: JSONObjectReader) throws {
        // Files of byte pairs from before the type was written have none.
        switch try reader.string("type", default: BytePairModel.type) {
        case BytePairModel.type: self = .bytePairs(try BytePairModel(json: reader))
        case WordModel.type: self = .words(try WordModel(json: reader))
        default: throw unsupported(reader, "model", "\(BytePairModel.type), \(WordModel.type)")
        }
    }

    var json: JSONValue {
        switch self {
        case .bytePairs(let model): model.json
        case .words(let model): model.json
        }
    }
}
