import HeedFormats

/// The ids that have a meaning of their own to a model.
public struct SpecialTokens: Sendable, Equatable {
    /// Ends every sequence; `</s>` where Heed made the vocabulary.
    public var endOfSequence: Int32?
    /// Stands for characters outside the vocabulary.
    public var unknown: Int32?
    /// Fills batches and starts the decoder; never generated.
    public var padding: Int32?

    /// The names that Heed gives them.
    static let endName = "</s>"
    static let unknownName = "<unk>"
    static let paddingName = "<pad>"
}

/// A token outside of the model's pieces, or one of them with a special meaning.
struct AddedToken: Sendable, Equatable {
    let id: Int32
    let content: String
    /// The flags, kept to be written as they were read; they matter to whoever finds the token in a
    /// text, which Heed does not do.
    let isSingleWord: Bool
    let stripsLeft: Bool
    let stripsRight: Bool
    let isNormalized: Bool

    init(id: Int32, content: String) {
        self.id = id
        self.content = content
        (isSingleWord, stripsLeft, stripsRight, isNormalized) = (false, false, false, false)
    }
}

extension AddedToken: TokenizerComponent {
    init(json reader: JSONObjectReader) throws {
        id = Int32(try reader.int("id", in: 0...Vocabulary.maximumID - 1))
        content = try reader.string("content")
        guard !content.isEmpty else { throw reader.error("content", "must not be empty") }
        isSingleWord = try reader.bool("single_word", default: false)
        stripsLeft = try reader.bool("lstrip", default: false)
        stripsRight = try reader.bool("rstrip", default: false)
        isNormalized = try reader.bool("normalized", default: false)
        guard try reader.bool("special", default: false) else {
            throw reader.error("special", "is not supported; supported is true")
        }
    }

    var json: JSONValue {
        [
            "id": .int(Int(id)), "content": .string(content), "single_word": .bool(isSingleWord),
            "lstrip": .bool(stripsLeft), "rstrip": .bool(stripsRight),
            "normalized": .bool(isNormalized), "special": true,
        ]
    }
}
