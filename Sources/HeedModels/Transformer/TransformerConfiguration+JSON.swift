public import HeedFormats
import HeedNN
import HeedTensor

extension TransformerConfiguration {
    /// Reads a `config.json` of the types `marian`, `pegasus` or `heed-transformer`, and validates it.
    ///
    /// Throws `JSONFieldError` for a field that is missing or cannot be used.
    public init(_ json: JSONObjectReader) throws {
        guard case .transformer(let family) = try ModelType(json) else {
            throw json.error(
                "model_type", "is a model that continues text, not one that translates")
        }
        // The sizes' defaults are those of the families' published configurations.
        let large = family == .pegasus
        let size = 1...(1 << 24)
        self.init(
            vocabulary: try json.int("vocab_size", in: size, default: large ? 50_265 : 58_101),
            width: try json.int("d_model", in: size, default: 1024),
            layers: try json.int("encoder_layers", in: size, default: 12),
            inner: try json.int("encoder_ffn_dim", in: size, default: 4096),
            heads: try json.int("encoder_attention_heads", in: size, default: 16))
        decoderLayers = try json.int("decoder_layers", in: size, default: 12)
        decoderInner = try json.int("decoder_ffn_dim", in: size, default: 4096)
        decoderHeads = try json.int("decoder_attention_heads", in: size, default: 16)
        placement = family == .pegasus ? .pre : .post
        try readChoices(json, family)
        try readTokens(json, family)
        try json.checkElementType()
        do {
            try validate()
        } catch let error as ConfigurationError {
            throw json.error(error.field, error.problem)
        }
    }

    private mutating func readChoices(_ json: JSONObjectReader, _ family: Family) throws {
        // Pegasus has no such choice, whatever else stands in its file.
        sharesEmbeddings =
            try family == .pegasus || json.bool("share_encoder_decoder_embeddings", default: true)
        targetVocabulary =
            sharesEmbeddings
            ? sourceVocabulary : try json.int("decoder_vocab_size", default: sourceVocabulary)
        tiesOutput = try json.bool("tie_word_embeddings", default: true)
        scalesEmbedding = try json.bool("scale_embedding", default: false)
        maximumPositions = try json.int("max_position_embeddings", default: 1024)
        dropout = try json.double("dropout", default: 0.1)
        attentionDropout = try json.double("attention_dropout", default: 0)
        activationDropout = try json.double("activation_dropout", default: 0)
        activation = try json.activation("activation_function", default: "gelu")
        trainedLength = try json.optionalInt("trained_length", in: 1...Int.max)
        guard family == .heed else {
            // Their norms have the ε of the defaults, whatever stands in the file, which must be a possible one.
            let other = try json.double("layer_norm_eps", default: epsilon)
            guard Float(other) > 0, other < 1 else {
                throw json.error(
                    "layer_norm_eps", "must be above 0, as float32 too, and below 1")
            }
            return
        }
        placement = try json.choice("norm_placement", default: .post)
        norm = try json.choice("norm", default: .layer)
        epsilon = try json.double("layer_norm_eps", default: 1e-5)
        positions = try json.choice("positions", default: .concatenatedSinusoids)
        isGated = try json.bool("gated_feed_forward", default: false)
        keyValueHeads = try json.optionalInt("num_key_value_heads")
        headSize = try json.optionalInt("head_dim")
        valueSize = try json.optionalInt("value_head_dim")
    }

    private mutating func readTokens(_ json: JSONObjectReader, _ family: Family) throws {
        (endToken, paddingToken) = family == .pegasus ? (1, 0) : (0, 58_100)
        paddingToken = try json.int("pad_token_id", default: paddingToken)
        startToken = paddingToken
        try readGeneration(json)
    }

    /// Reads what a `generation_config.json`, or a `config.json` without one, says about decoding: the tokens that begin
    /// and end it, and those that never come. Sequences of several tokens that shall not come are not known here.
    ///
    /// Throws `JSONFieldError`.
    mutating func readGeneration(_ json: JSONObjectReader) throws {
        endToken = try json.token("eos_token_id") ?? endToken
        paddingToken = try json.token("pad_token_id") ?? paddingToken
        startToken = try json.token("decoder_start_token_id") ?? startToken
        forcedEndToken = try json.token("forced_eos_token_id")
        let words = try (json.optionalArray("bad_words_ids") ?? []).enumerated().map {
            index, word in
            guard let ids = word.arrayValue, ids.allSatisfy({ $0.intValue != nil }) else {
                throw json.elementError("bad_words_ids", index, word, "must be an array of ids")
            }
            return ids.compactMap(\.intValue)
        }
        // The end mark is ignored there, as transformers does.
        forbiddenTokens = Set(words.filter { $0.count == 1 }.joined())
            .subtracting([endToken, paddingToken]).sorted()
    }

    /// The functions that feed-forward networks may have, by their names in files, the first of which is written.
    static let activations: [(function: UnaryFunction, names: [String])] = [
        (.relu, ["relu"]), (.gelu, ["gelu"]),
        (.geluTanh, ["gelu_new", "gelu_pytorch_tanh", "gelu_fast"]), (.silu, ["swish", "silu"]),
        (.elu, ["elu"]), (.tanh, ["tanh"]), (.sigmoid, ["sigmoid"]), (.identity, ["linear"]),
    ]

    /// The configuration as a `config.json`.
    public var json: JSONValue {
        let architectures: [Family: JSONValue] = [
            .marian: ["MarianMTModel"], .pegasus: ["PegasusForConditionalGeneration"],
            .heed: ["HeedTransformer"],
        ]
        var object = JSONObject()
        let set = { (name: String, value: JSONValue) in _ = object.insert(value, forName: name) }
        set("model_type", .string(family.rawValue))
        set("architectures", architectures[family] ?? [])
        set("is_encoder_decoder", true)
        set("vocab_size", .int(sourceVocabulary))
        set("decoder_vocab_size", .int(targetVocabulary))
        set("d_model", .int(width))
        set("encoder_layers", .int(encoderLayers))
        set("decoder_layers", .int(decoderLayers))
        set("num_hidden_layers", .int(encoderLayers))
        set("encoder_ffn_dim", .int(encoderInner))
        set("decoder_ffn_dim", .int(decoderInner))
        set("encoder_attention_heads", .int(encoderHeads))
        set("decoder_attention_heads", .int(decoderHeads))
        let names = Self.activations.first { $0.function == activation }?.names
        set("activation_function", .string(names?.first ?? "\(activation)"))
        set("max_position_embeddings", .int(maximumPositions))
        set("scale_embedding", .bool(scalesEmbedding))
        set("share_encoder_decoder_embeddings", .bool(sharesEmbeddings))
        set("tie_word_embeddings", .bool(tiesOutput))
        set("static_position_embeddings", .bool(positions == .concatenatedSinusoids))
        set("normalize_before", .bool(placement == .pre))
        set("dropout", .double(dropout))
        set("attention_dropout", .double(attentionDropout))
        set("activation_dropout", .double(activationDropout))
        set("pad_token_id", .int(paddingToken))
        set("eos_token_id", .int(endToken))
        set("bos_token_id", nil)
        set("decoder_start_token_id", .int(startToken))
        set("forced_eos_token_id", forcedEndToken.map(JSONValue.int) ?? nil)
        set("use_cache", true)
        if let trainedLength { set("trained_length", .int(trainedLength)) }
        if family == .heed {
            set("norm_placement", .string(placement.rawValue))
            set("norm", .string(norm.rawValue))
            set("layer_norm_eps", .double(epsilon))
            set("positions", .string(positions.rawValue))
            set("gated_feed_forward", .bool(isGated))
            set("num_key_value_heads", keyValueHeads.map(JSONValue.int) ?? nil)
            set("head_dim", headSize.map(JSONValue.int) ?? nil)
            set("value_head_dim", valueSize.map(JSONValue.int) ?? nil)
        }
        return .object(object)
    }

    /// What `transformers` should do by default when it generates, as a `generation_config.json`.
    public var generationJSON: JSONValue {
        let words = neverGenerated.map { JSONValue.array([.int($0)]) }
        return [
            "decoder_start_token_id": .int(startToken), "pad_token_id": .int(paddingToken),
            "eos_token_id": .int(endToken), "bad_words_ids": words.isEmpty ? nil : .array(words),
            "forced_eos_token_id": forcedEndToken.map(JSONValue.int) ?? nil, "num_beams": 5,
            "length_penalty": 1.0, "early_stopping": false, "max_length": 512,
        ]
    }
}

extension JSONObjectReader {
    /// A token, which may stand in an array by itself; nil where the field is missing.
    fileprivate func token(_ name: String) throws -> Int? {
        guard let array = optionalValue(name)?.arrayValue else { return try optionalInt(name) }
        guard array.count == 1, let token = array[0].intValue else {
            throw error(name, "must be one token; several are not supported here")
        }
        return token
    }
}
