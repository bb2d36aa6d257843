import HeedFormats
import HeedPatterns

extension Tokenizer {
    /// The name of the file that holds a whole tokenizer.
    public static let fileName = "tokenizer.json"

    /// How much longer a text may become on its way through a hostile file.
    private static let maximumGrowth = 256.0

    /// Reads a tokenizer.json.
    ///
    /// Which special token has which meaning is not in that file; it is told from the model, the
    /// post-processor and the name `<pad>`. `init(folder:)` also asks `tokenizer_config.json`.
    ///
    /// - Throws: `FileError`, `JSONError`, or `JSONFieldError` which names the field.
    public init(file: String) throws {
        try self.init(
            parsing: InputFile.bytes(path: file, limit: Self.maximumFileBytes), file: file)
    }

    /// Reads the bytes of a tokenizer.json.
    ///
    /// - Parameters:
    ///   - bytes: the whole text of the file.
    ///   - file: the name for messages.
    /// - Throws: `JSONError`, or `JSONFieldError` which names the field.
    public init(parsing bytes: [UInt8], file: String) throws {
        let parser = JSONParser(maximumBytes: Self.maximumFileBytes)
        let reader = try JSONObjectReader(parsing: bytes, file: file, parser: parser)
        let model = try TokenModel(json: reader.object("model"))
        let normalizer = try reader.optionalObject("normalizer").map(Normalizer.init(json:))
        guard (normalizer?.growth ?? 1) <= Self.maximumGrowth else {
            throw reader.error("normalizer", "makes texts too long")
        }
        let decoder = try reader.optionalObject("decoder").map(TokenDecoder.init(json:))
        guard (decoder?.growth ?? 1) <= Self.maximumGrowth else {
            throw reader.error("decoder", "makes texts too long")
        }
        let added = try Self.addedTokens(reader, vocabulary: model.vocabulary)
        let postProcessor = try reader.optionalObject("post_processor").map {
            try PostProcessor(json: $0)
        }
        let preTokenizer = try reader.optionalObject("pre_tokenizer").map(PreTokenizer.init(json:))
        let truncation = try reader.optionalObject("truncation").map(Truncation.init(json:))
        let padding = try reader.optionalObject("padding").map(Padding.init(json:))
        do {
            try self.init(
                normalizer: normalizer, preTokenizer: preTokenizer, model: model,
                postProcessor: postProcessor, decoder: decoder, addedTokens: added,
                specialTokens: SpecialTokens(), truncation: truncation, padding: padding)
        } catch let error as PatternError {
            throw reader.error("added_tokens", "cannot be normalized: a pattern \(error.words)")
        }
        for (field, id) in postProcessor?.addedIDs ?? [] where piece(of: id) == nil {
            throw JSONFieldError(
                file: file, field: "post_processor.\(field)", value: .int(Int(id)),
                problem: "is an id without a piece")
        }
        if let padding, piece(of: padding.id) == nil {
            throw JSONFieldError(
                file: file, field: "padding.pad_id", value: .int(Int(padding.id)),
                problem: "is an id without a piece")
        }
        specialTokens = SpecialTokens(
            endOfSequence: postProcessor?.surroundingIDs.after.last
                ?? id(of: SpecialTokens.endName),
            unknown: model.unknownPiece.flatMap { id(of: $0) },
            padding: id(of: SpecialTokens.paddingName))
    }

    private static func addedTokens(
        _ reader: JSONObjectReader, vocabulary: Vocabulary
    ) throws -> [AddedToken] {
        guard reader.contains("added_tokens") else { return [] }
        var seen = Set<Int32>()
        var names = NameDictionary<Bool>()
        let elements = try reader.objects("added_tokens")
        return try elements.map { element in
            let token = try AddedToken(json: element)
            guard seen.insert(token.id).inserted, names.insert(true, forName: token.content) else {
                throw element.error("id", "or its content stands twice")
            }
            guard Int(token.id) < Vocabulary.idBound(count: vocabulary.count + elements.count)
            else {
                throw element.error("id", "is far beyond the number of pieces")
            }
            let known = vocabulary.id(of: token.content)
            guard known ?? token.id == token.id,
                known != nil || vocabulary.bytes(of: token.id) == nil
            else {
                throw element.error("id", "does not agree with the vocabulary")
            }
            return token
        }
    }
}

extension Tokenizer {
    /// The tokenizer as a tokenizer.json.
    var json: JSONValue {
        [
            "version": "1.0", "truncation": truncation?.json ?? .null,
            "padding": padding?.json ?? .null,
            "added_tokens": .array(added.tokens.map(\.json)),
            "normalizer": normalizer?.json ?? .null, "pre_tokenizer": preTokenizer?.json ?? .null,
            "post_processor": postProcessor?.json ?? .null, "decoder": decoder?.json ?? .null,
            "model": model.json,
        ]
    }

    /// The bytes of the tokenizer.json that reads back as this tokenizer.
    public func serialized() -> [UInt8] { JSONWriter(.compact).bytes(json) }

    /// Writes `tokenizer.json`, `tokenizer_config.json` and `special_tokens_map.json` into a folder
    /// that exists, so that `AutoTokenizer` of `transformers` opens it.
    ///
    /// - Parameters:
    ///   - folder: the model folder.
    ///   - maximumLength: the longest sequence that the model takes, in tokens, if it has a limit.
    /// - Throws: `FileError`.
    public func write(to folder: String, maximumLength: Int? = nil) throws {
        for file in files(maximumLength: maximumLength) {
            try AtomicFile.write(file.bytes, to: folder + "/" + file.name)
        }
    }

    /// The files of `write(to:maximumLength:)`, for whoever writes the folder as a whole.
    public func files(maximumLength: Int? = nil) -> [(name: String, bytes: [UInt8])] {
        let named: [(String, Int32?)] = [
            ("eos_token", specialTokens.endOfSequence), ("unk_token", specialTokens.unknown),
            ("pad_token", specialTokens.padding), ("bos_token", specialTokens.beginningOfSequence),
        ]
        var map = JSONObject()
        for (name, id) in named {
            if let piece = id.flatMap(piece(of:)) { map.insert(.string(piece), forName: name) }
        }
        var configuration = map
        configuration.insert("PreTrainedTokenizerFast", forName: "tokenizer_class")
        configuration.insert(false, forName: "clean_up_tokenization_spaces")
        // Where a text that spells out a special token is text, the ids are those of `encodeIDs` there, too.
        configuration.insert(.bool(!parsesSpecialTokens), forName: "split_special_tokens")
        if let maximumLength {
            configuration.insert(.int(maximumLength), forName: "model_max_length")
        }
        let writer = JSONWriter(.pretty)
        return [
            (Self.fileName, serialized()),
            ("tokenizer_config.json", writer.bytes(.object(configuration))),
            ("special_tokens_map.json", writer.bytes(.object(map))),
        ]
    }
}
