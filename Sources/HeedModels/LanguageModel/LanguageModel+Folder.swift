public import HeedFormats
import HeedNN
public import HeedTensor

extension LanguageModel {
    /// Opens the model in a folder of the Hugging Face layout: `config.json`, `generation_config.json` if there is one, and
    /// `model.safetensors`, or shards.
    ///
    /// - Parameters:
    ///   - folder: its path.
    ///   - type: the element type that parameters shall have; that of the files when nil.
    /// - Throws: errors that name the file and the field or the tensors.
    public convenience init(folder: String, as type: ElementType? = nil) throws {
        let configuration = try LanguageModelConfiguration(folder: folder)
        let store = try TensorFolder(path: folder, mapped: true)
        try self.init(configuration, builder: ModelBuilder(forWeightsFromFiles: ()))
        let family = configuration.type.family
        let names = family.names(configuration.type)
        // A file of the model without its head has no prefix; a projection beside it has none anywhere.
        let isBare = store.entry(named: names.tokens + ".weight") != nil
        let prefix = isBare ? names.prefix : ""
        try ModelFiles.load(
            self,
            from: PrefixedTensors(
                store, prefix: prefix, except: [LanguageModelNames.projection]), as: type,
            ignoring: { name in
                (configuration.tiesOutput
                    && name.hasSuffix(LanguageModelNames.projection)) || family.mayIgnore(name)
            })
    }

    /// Writes `config.json`, `generation_config.json` and `model.safetensors` into a folder.
    ///
    /// - Parameters:
    ///   - folder: its path.
    ///   - type: the element type of the weights in the file; their own when nil.
    ///   - values: gives other values than the parameters' own, such as averages.
    public func write(
        toFolder folder: String, as type: ElementType? = nil,
        values: ((Parameter) -> Tensor)? = nil
    ) throws {
        let writer = JSONWriter(.pretty)
        let weights = type ?? embedding.tokens.weight.elementType
        for (name, json) in [
            ("config.json", configuration.json(weights: weights)),
            ("generation_config.json", configuration.generationJSON),
        ] {
            try AtomicFile.write(
                writer.string(json) + "\n", to: RelativePath.join(folder, name))
        }
        try ModelFiles.save(
            self, to: RelativePath.join(folder, TensorFolder.fileName), as: type, values: values)
    }
}

extension LanguageModelConfiguration {
    /// Reads and validates the `config.json` of a folder; where there is a `generation_config.json`, too, that one says
    /// which tokens end a text.
    ///
    /// Throws `FileError`, `JSONError`, and `JSONFieldError` for a field that is missing or cannot be used.
    public init(folder: String) throws {
        try self.init(JSONObjectReader(configurationIn: folder))
        let name = "generation_config.json"
        guard try Folder.kind(of: RelativePath.join(folder, name)) != nil else { return }
        let generation = try JSONObjectReader(configurationIn: folder, name: name)
        try readTokens(generation)
        try naming(generation)
    }

    /// Reads a `config.json` of a language model's type, and validates it.
    ///
    /// Throws `JSONFieldError` for a field that is missing or cannot be used.
    public init(_ json: JSONObjectReader) throws {
        guard case .language(let type) = try ModelType(json) else {
            throw json.error(
                "model_type", "is a model that translates, not one that continues text")
        }
        self = try type.family.configuration(json, type)
        try json.checkElementType()
        try readTokens(json)
        try naming(json)
    }

    /// Reads the tokens that begin and end texts, where a file names them.
    private mutating func readTokens(_ json: JSONObjectReader) throws {
        let ends = try json.tokens("eos_token_id")
        if !ends.isEmpty { endTokens = ends }
        startToken = try json.optionalInt("bos_token_id") ?? startToken
        paddingToken = try json.optionalInt("pad_token_id") ?? paddingToken
        // Older files say -1 for none, and small models keep the tokens of large ones: these never come.
        let tokens = 0..<vocabulary
        endTokens.removeAll { !tokens.contains($0) }
        startToken = startToken.flatMap { tokens.contains($0) ? $0 : nil }
        paddingToken = paddingToken.flatMap { tokens.contains($0) ? $0 : nil }
    }

    /// Validates; an error names the file, and the field as the file calls it.
    private func naming(_ json: JSONObjectReader) throws {
        do {
            try validate()
        } catch let error as ConfigurationError {
            let field = type.family.fieldNames[error.field] ?? error.field
            // Where the file has the field, its value is told already.
            let value = json.contains(field) ? "" : "\(error.value): "
            throw json.error(field, value + error.problem)
        }
    }

    /// The configuration as the `config.json` of a folder whose weights have this element type.
    public func json(weights type: ElementType) -> JSONValue {
        var object: JSONObject = ["model_type": .string(self.type.rawValue)]
        for entry in self.type.family.fields(self).entries {
            object.insert(entry.value, forName: entry.name)
        }
        let set = { (name: String, value: JSONValue) in _ = object.insert(value, forName: name) }
        set("vocab_size", .int(vocabulary))
        set("tie_word_embeddings", .bool(tiesOutput))
        set("bos_token_id", startToken.map(JSONValue.int) ?? nil)
        set("eos_token_id", endsJSON)
        set("pad_token_id", paddingToken.map(JSONValue.int) ?? nil)
        set("use_cache", true)
        set("dtype", .string(type == .bfloat16 ? "bfloat16" : "float32"))
        return .object(object)
    }

    /// What `transformers` should do by default when it generates, as a `generation_config.json`.
    var generationJSON: JSONValue {
        [
            "bos_token_id": startToken.map(JSONValue.int) ?? nil, "eos_token_id": endsJSON,
            "pad_token_id": paddingToken.map(JSONValue.int) ?? nil,
        ]
    }

    private var endsJSON: JSONValue {
        endTokens.count > 1
            ? .array(endTokens.map(JSONValue.int))
            : endTokens.first.map(JSONValue.int) ?? nil
    }
}
