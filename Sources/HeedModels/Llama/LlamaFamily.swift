import HeedFormats
import HeedNN
import HeedTensor

/// Llama and the families that took its form: RMS norms, rotary positions, gated feed-forward networks, grouped heads
/// (Touvron et al. 2023).
enum LlamaFamily: LanguageModelFamily {
    static let fieldNames: [String: String] = [:]

    static func names(_ type: LanguageModelType) -> LanguageModelNames {
        LanguageModelNames(
            prefix: "model.", tokens: "embed_tokens", positions: "embed_positions.weight",
            layers: "layers", finalNorm: "norm", layer: type == .phi3 ? .phi3 : .llama)
    }

    static func configuration(
        _ json: JSONObjectReader, _ type: LanguageModelType
    ) throws -> LanguageModelConfiguration {
        let size = 1...(1 << 24)
        let defaults = Defaults(type)
        let width = try json.int("hidden_size", in: size, default: defaults.width)
        let heads = try json.int("num_attention_heads", in: size, default: 32)
        // A null stands for as many as heads, in every type; a field that is missing for the type's default.
        let keyValueHeads =
            json.object["num_key_value_heads"] == nil ? defaults.keyValueHeads : nil
        let headSize = try json.optionalInt("head_dim", in: size) ?? defaults.headSize
        if headSize == nil, width % heads != 0 {
            throw json.error("num_attention_heads", "must divide hidden_size = \(width)")
        }
        var configuration = LanguageModelConfiguration.llama(
            vocabulary: try json.int("vocab_size", in: size, default: defaults.vocabulary),
            width: width,
            layers: try json.int("num_hidden_layers", in: size, default: 32), heads: heads,
            keyValueHeads: try json.int(
                "num_key_value_heads", in: size, default: keyValueHeads ?? heads),
            inner: try json.int("intermediate_size", in: size, default: defaults.inner),
            positions: try json.int(
                "max_position_embeddings", in: size, default: defaults.positions))
        configuration.type = type
        configuration.headSize = headSize ?? width / heads
        configuration.activation = try json.activation("hidden_act", default: "silu")
        configuration.epsilon = try json.double("rms_norm_eps", default: defaults.epsilon)
        configuration.attentionDropout = try json.double("attention_dropout", default: 0)
        configuration.dropout = try type == .phi3 ? json.double("resid_pdrop", default: 0) : 0
        configuration.tiesOutput = try json.bool("tie_word_embeddings", default: false)
        try readBiases(json, &configuration)
        try readWindows(json, &configuration)
        configuration.rotary = try RotaryForm(
            json, type, headSize: configuration.headSize,
            positions: configuration.maximumPositions)
        if !json.contains("bos_token_id"), json.object["bos_token_id"] == nil,
            type != .qwen2, type != .qwen3
        {
            configuration.startToken = 1
        }
        if !json.contains("eos_token_id"), json.object["eos_token_id"] == nil,
            let end = defaults.end
        {
            configuration.endTokens = [end]
        }
        return configuration
    }

    private static func readBiases(
        _ json: JSONObjectReader, _ configuration: inout LanguageModelConfiguration
    ) throws {
        switch configuration.type {
        case .llama, .qwen3:
            let hasBias = try json.bool("attention_bias", default: false)
            configuration.hasAttentionInputBias = hasBias
            configuration.hasAttentionOutputBias = hasBias
            configuration.hasFeedForwardBias =
                try configuration.type == .llama && json.bool("mlp_bias", default: false)
        case .qwen2: configuration.hasAttentionInputBias = true
        case .gpt2, .mistral, .phi3: break
        }
    }

    private static func readWindows(
        _ json: JSONObjectReader, _ configuration: inout LanguageModelConfiguration
    ) throws {
        // More are refused when all is read.
        let all = 0..<min(configuration.layers, LanguageModelConfiguration.maximumLayers)
        switch configuration.type {
        case .gpt2, .llama: return
        case .mistral, .phi3:
            let isAbsent = json.object["sliding_window"] == nil
            configuration.window =
                try json.optionalInt("sliding_window", in: 1...Int.max)
                ?? (isAbsent && configuration.type == .mistral ? 4096 : nil)
            if configuration.window != nil { configuration.windowedLayers = Set(all) }
        case .qwen2, .qwen3:
            guard try json.bool("use_sliding_window", default: false) else {
                if json.contains("layer_types") {
                    _ = try windowedLayers(json, count: configuration.layers)
                }
                return
            }
            let isAbsent = json.object["sliding_window"] == nil
            configuration.window =
                try json.optionalInt("sliding_window", in: 1...Int.max)
                ?? (isAbsent ? 4096 : nil)
            guard configuration.window != nil else { return }
            let first = try json.int("max_window_layers", in: 0...Int.max, default: 28)
            configuration.windowedLayers =
                try json.contains("layer_types")
                ? windowedLayers(json, count: configuration.layers)
                : Set(all.filter { $0 >= first })
        }
    }

    /// The layers that `layer_types` says have a window.
    private static func windowedLayers(_ json: JSONObjectReader, count: Int) throws -> Set<Int> {
        let types = try json.strings("layer_types")
        guard types.count == count else {
            throw json.error("layer_types", "must have num_hidden_layers = \(count) elements")
        }
        let known = ["full_attention", "sliding_attention"]
        guard types.allSatisfy(known.contains) else {
            throw json.error("layer_types", "known are \(known.joined(separator: ", "))")
        }
        return Set(types.indices.filter { types[$0] == "sliding_attention" })
    }

    static func fields(_ configuration: LanguageModelConfiguration) -> JSONObject {
        var object = JSONObject()
        let set = { (name: String, value: JSONValue) in _ = object.insert(value, forName: name) }
        let classes: [LanguageModelType: JSONValue] = [
            .llama: ["LlamaForCausalLM"], .mistral: ["MistralForCausalLM"],
            .qwen2: ["Qwen2ForCausalLM"], .qwen3: ["Qwen3ForCausalLM"],
            .phi3: ["Phi3ForCausalLM"],
        ]
        set("architectures", classes[configuration.type] ?? [])
        set("hidden_size", .int(configuration.width))
        set("num_hidden_layers", .int(configuration.layers))
        set("num_attention_heads", .int(configuration.heads))
        set("num_key_value_heads", .int(configuration.keyValueHeads))
        set("head_dim", .int(configuration.headSize))
        set("intermediate_size", .int(configuration.inner))
        set("max_position_embeddings", .int(configuration.maximumPositions))
        // Models that translate call it swish.
        let activation = configuration.activation == .silu ? "silu" : configuration.activationName
        set("hidden_act", .string(activation))
        set("rms_norm_eps", .double(configuration.epsilon))
        set("attention_dropout", .double(configuration.attentionDropout))
        switch configuration.type {
        case .llama:
            set("attention_bias", .bool(configuration.hasAttentionInputBias))
            set("mlp_bias", .bool(configuration.hasFeedForwardBias))
        case .qwen3: set("attention_bias", .bool(configuration.hasAttentionInputBias))
        case .phi3:
            for name in ["resid_pdrop", "embd_pdrop"] { set(name, .double(configuration.dropout)) }
        case .gpt2, .mistral, .qwen2: break
        }
        if configuration.type != .llama {
            set("sliding_window", configuration.window.map(JSONValue.int) ?? nil)
        }
        if [.qwen2, .qwen3].contains(configuration.type) {
            let windowed = configuration.windowedLayers
            set("use_sliding_window", .bool(configuration.window != nil))
            set("max_window_layers", .int(windowed.min() ?? configuration.layers))
            set(
                "layer_types",
                .array(
                    (0..<configuration.layers).map {
                        .string(windowed.contains($0) ? "sliding_attention" : "full_attention")
                    }))
        }
        configuration.rotary?.write(to: &object, configuration)
        return object
    }

    /// Angles, which older files hold.
    static func mayIgnore(_ name: String) -> Bool { name.hasSuffix("rotary_emb.inv_freq") }

    /// What a field means that a file leaves out: the sizes of the family's first model.
    private struct Defaults {
        var width = 4096
        var vocabulary = 32_000
        var inner = 11_008
        var positions = 2048
        var epsilon = 1e-6
        var keyValueHeads: Int?
        var headSize: Int?
        var end: Int? = 2

        init(_ type: LanguageModelType) {
            switch type {
            case .gpt2, .llama: break
            case .mistral: (inner, positions, keyValueHeads) = (14_336, 131_072, 8)
            case .qwen2, .qwen3:
                (vocabulary, inner, positions, end) = (151_936, 22_016, 32_768, nil)
                keyValueHeads = 32
                if type == .qwen3 { headSize = 128 }
            case .phi3:
                (width, vocabulary, inner, positions) = (3072, 32_064, 8192, 4096)
                (epsilon, end) = (1e-5, 32_000)
            }
        }
    }
}
