import HeedFormats
import HeedNN
import HeedTensor

/// GPT-2: learned positions, layer norms before each sublayer, biases everywhere (Radford et al. 2019).
enum GPT2Family: LanguageModelFamily {
    static let fieldNames = [
        "hidden_size": "n_embd", "num_hidden_layers": "n_layer", "num_attention_heads": "n_head",
        "intermediate_size": "n_inner", "max_position_embeddings": "n_positions",
        "hidden_act": "activation_function", "rms_norm_eps": "layer_norm_epsilon",
        "dropout": "resid_pdrop", "attention_dropout": "attn_pdrop",
    ]

    static func names(_ type: LanguageModelType) -> LanguageModelNames {
        LanguageModelNames(
            prefix: "transformer.", tokens: "wte", positions: "wpe.weight", layers: "h",
            finalNorm: "ln_f", layer: .gpt2)
    }

    static func configuration(
        _ json: JSONObjectReader, _ type: LanguageModelType
    ) throws -> LanguageModelConfiguration {
        let size = 1...(1 << 24)
        let width = try json.int("n_embd", in: size, default: 768)
        var configuration = LanguageModelConfiguration.gpt2(
            vocabulary: try json.int("vocab_size", in: size, default: 50_257), width: width,
            layers: try json.int("n_layer", in: size, default: 12),
            heads: try json.int("n_head", in: size, default: 12),
            positions: try json.int("n_positions", in: size, default: 1024),
            inner: try json.optionalInt("n_inner", in: size))
        configuration.activation = try json.activation(
            "activation_function", default: "gelu_new")
        configuration.epsilon = try json.double("layer_norm_epsilon", default: 1e-5)
        configuration.dropout = try json.double("resid_pdrop", default: 0.1)
        configuration.attentionDropout = try json.double("attn_pdrop", default: 0.1)
        configuration.scalesAttention = try json.bool("scale_attn_weights", default: true)
        configuration.scalesByLayer = try json.bool(
            "scale_attn_by_inverse_layer_idx", default: false)
        configuration.tiesOutput = try json.bool("tie_word_embeddings", default: true)
        if try json.bool("add_cross_attention", default: false) {
            throw json.error("add_cross_attention", "is not supported")
        }
        let end = min(50_256, configuration.vocabulary - 1)
        // A null says that there is none.
        configuration.startToken = json.object["bos_token_id"] == nil ? end : nil
        configuration.endTokens = json.object["eos_token_id"] == nil ? [end] : []
        return configuration
    }

    static func fields(_ configuration: LanguageModelConfiguration) -> JSONObject {
        var object = JSONObject()
        let set = { (name: String, value: JSONValue) in _ = object.insert(value, forName: name) }
        set("architectures", ["GPT2LMHeadModel"])
        set("n_embd", .int(configuration.width))
        set("n_layer", .int(configuration.layers))
        set("n_head", .int(configuration.heads))
        set("n_inner", .int(configuration.inner))
        set("n_positions", .int(configuration.maximumPositions))
        set("n_ctx", .int(configuration.maximumPositions))
        set("activation_function", .string(configuration.activationName))
        set("layer_norm_epsilon", .double(configuration.epsilon))
        for name in ["resid_pdrop", "embd_pdrop"] { set(name, .double(configuration.dropout)) }
        set("attn_pdrop", .double(configuration.attentionDropout))
        set("scale_attn_weights", .bool(configuration.scalesAttention))
        set("scale_attn_by_inverse_layer_idx", .bool(configuration.scalesByLayer))
        return object
    }

    /// Masks, which older files hold.
    static func mayIgnore(_ name: String) -> Bool {
        name.hasSuffix(".attn.bias") || name.hasSuffix(".attn.masked_bias")
    }
}

extension LanguageModelConfiguration {
    /// The name of the function of the feed-forward networks in files.
    var activationName: String {
        TransformerConfiguration.activations.first { $0.function == activation }?.names.first
            ?? "\(activation)"
    }
}

extension JSONObjectReader {
    /// A function of feed-forward networks.
    func activation(_ field: String, default name: String) throws -> UnaryFunction {
        let name = try string(field, default: name)
        let all = TransformerConfiguration.activations
        guard let function = all.first(where: { $0.names.contains(name) }) else {
            let known = all.flatMap(\.names).joined(separator: ", ")
            throw error(field, "is not supported; known are \(known)")
        }
        return function.function
    }
}
