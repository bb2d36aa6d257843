import HeedFormats

/// What the `tokenizer_config.json` of a folder says about its tokenizer.
///
/// Special tokens that it names have their meanings, if the vocabulary has them; `split_special_tokens` says whether they
/// are text where a text spells them out. `add_bos_token` and `add_eos_token` count for the forms that do not say
/// themselves what is added to a text, as a `tokenizer.json` does; of these forms the named tokens are special, so that texts
/// are cut at them and decoding may leave them out.
struct TokenizerSettings {
    /// The file's object, if there is one.
    private let json: JSONObjectReader?
    /// Whether texts begin with the beginning token where nothing says so.
    private let addsBeginning: Bool

    private static let fileName = "tokenizer_config.json"

    /// Reads the settings of a folder; `addsBeginning` is for a `.model` of sentencepiece alone.
    ///
    /// - Throws: `FileError`, `JSONError`.
    init(folder: String, addsBeginning: Bool) throws {
        let path = RelativePath.join(folder, Self.fileName)
        do {
            let bytes = try InputFile.bytes(path: path, limit: Tokenizer.maximumFileBytes)
            json = try JSONObjectReader(parsing: bytes, file: path)
        } catch let error as FileError where error.isMissing {
            // A link to nothing, as an unfinished download leaves, is not the same as no file.
            guard try Folder.kind(of: path) == nil else { throw error }
            json = nil
        }
        self.addsBeginning = addsBeginning
    }

    /// Changes a tokenizer as the settings say; `isWhole` if it comes from a `tokenizer.json`.
    ///
    /// - Throws: `JSONFieldError` which names the field.
    func apply(to tokenizer: inout Tokenizer, isWhole: Bool) throws {
        guard json != nil || addsBeginning else { return }
        var special = tokenizer.specialTokens
        special.endOfSequence = try token("eos_token", tokenizer) ?? special.endOfSequence
        special.unknown = try token("unk_token", tokenizer) ?? special.unknown
        special.padding = try token("pad_token", tokenizer) ?? special.padding
        special.beginningOfSequence =
            try token("bos_token", tokenizer) ?? special.beginningOfSequence
        tokenizer.specialTokens = special
        if !isWhole { try completeList(&tokenizer) }
        tokenizer.parsesSpecialTokens =
            try json.map { try !$0.bool("split_special_tokens", default: false) } ?? true
    }

    /// The id of a token that is named; none where the vocabulary does not have it, as some files name tokens that the
    /// model never uses.
    private func token(_ name: String, _ tokenizer: Tokenizer) throws -> Int32? {
        guard let json, let value = json.optionalValue(name) else { return nil }
        guard let content = value.stringValue ?? value["content"]?.stringValue else {
            throw json.error(name, "must be a token")
        }
        return tokenizer.id(of: content)
    }

    /// Makes the named tokens special, and adds what is to be added to a text.
    private func completeList(_ tokenizer: inout Tokenizer) throws {
        let special = tokenizer.specialTokens
        let isSentencePiece =
            if case .sentencePiece? = tokenizer.normalizer { true } else { false }
        let isLlama =
            try json?.optionalString("tokenizer_class")?.hasPrefix("LlamaTokenizer") ?? false
        let begins =
            try json?.bool("add_bos_token", default: isLlama || addsBeginning) ?? addsBeginning
        let ends = try json?.bool("add_eos_token", default: false) ?? false
        // By default it is Llama's models alone that begin texts: other forms must be told.
        let saysSo = json?.contains("add_bos_token") ?? false
        try tokenizer.complete(
            before: begins && (isSentencePiece || saysSo) ? special.beginningOfSequence : nil,
            after: ends ? special.endOfSequence : nil)
    }
}

extension Tokenizer {
    /// Makes the special tokens such that texts are cut at, and puts tokens around each text.
    fileprivate mutating func complete(before: Int32?, after: Int32?) throws {
        let named = [
            specialTokens.beginningOfSequence, specialTokens.endOfSequence, specialTokens.padding,
        ].compactMap(\.self)
        var tokens = added.tokens
        for id in named where !tokens.contains(where: { $0.id == id }) {
            if let content = piece(of: id) { tokens.append(AddedToken(id: id, content: content)) }
        }
        let processor = surrounding(before: before, after: after)
        guard tokens.count > added.tokens.count || processor != postProcessor else { return }
        self = try Tokenizer(
            normalizer: normalizer, preTokenizer: preTokenizer, model: model,
            postProcessor: processor, decoder: decoder, addedTokens: tokens,
            specialTokens: specialTokens, truncation: truncation, padding: padding)
    }

    /// The post-processor with these tokens around each text, if it is one that adds none.
    private func surrounding(before: Int32?, after: Int32?) -> PostProcessor? {
        var specials: [TemplateProcessor.Special] = []
        func parts(_ id: Int32?, typeID: Int) -> [TemplateProcessor.Part] {
            guard let id, let name = piece(of: id) else { return [] }
            if !specials.contains(where: { $0.name == name }) {
                specials.append(.init(name: name, ids: [id], tokens: [name]))
            }
            return [.special(name, typeID: typeID)]
        }
        func part(_ name: String, typeID: Int) -> [TemplateProcessor.Part] {
            parts(before, typeID: typeID) + [.sequence(name, typeID: typeID)]
                + parts(after, typeID: typeID)
        }
        let (single, second) = (part("A", typeID: 0), part("B", typeID: 1))
        guard single.count > 1 else { return postProcessor }
        let template = PostProcessor.template(
            TemplateProcessor(single: single, pair: single + second, specials: specials))
        switch postProcessor {
        case nil: return template
        case .byteLevel?: return .sequence([postProcessor, template].compactMap(\.self))
        default: return postProcessor
        }
    }
}
