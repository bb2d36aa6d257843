import HeedNN
import HeedTensor

/// A configuration that no model can have.
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The field, under its name in `config.json`.
    public let field: String
    /// Its value.
    public let value: String
    /// What is wrong with it.
    public let problem: String

    /// The whole message in one line.
    public var description: String { "\(field) = \(value): \(problem)" }
}

extension TransformerConfiguration {
    /// Throws `ConfigurationError` for sizes that cannot work, before anything is allocated.
    public func validate() throws {
        try validateSizes()
        try validateHeads()
        try validateTokens()
        let rates = [
            ("dropout", dropout), ("attention_dropout", attentionDropout),
            ("activation_dropout", activationDropout),
        ]
        for (field, value) in rates where !(value >= 0 && value < 1) {
            throw error(field, value, "must be at least 0 and below 1")
        }
        if !Self.activations.contains(where: { $0.function == activation }) {
            throw error("activation_function", activation, "is not one that files can name")
        }
        if !(Float(epsilon) > 0 && epsilon < 1) {
            throw error("layer_norm_eps", epsilon, "must be above 0, as float32 too, and below 1")
        }
    }

    private func validateSizes() throws {
        let sizes = [
            ("vocab_size", sourceVocabulary, 1 << 24),
            ("decoder_vocab_size", targetVocabulary, 1 << 24), ("d_model", width, 1 << 16),
            ("encoder_layers", encoderLayers, 1024), ("decoder_layers", decoderLayers, 1024),
            ("encoder_ffn_dim", encoderInner, 1 << 18), ("decoder_ffn_dim", decoderInner, 1 << 18),
            ("encoder_attention_heads", encoderHeads, 4096),
            ("decoder_attention_heads", decoderHeads, 4096),
            ("max_position_embeddings", maximumPositions, 1 << 24),
        ]
        for (field, value, limit) in sizes where value < 1 || value > limit {
            throw error(field, value, "must be between 1 and \(limit)")
        }
        if sharesEmbeddings, sourceVocabulary != targetVocabulary {
            throw error(
                "decoder_vocab_size", targetVocabulary,
                "must be vocab_size = \(sourceVocabulary), since the tables are shared")
        }
    }

    private func validateHeads() throws {
        for (field, heads) in [
            ("encoder_attention_heads", encoderHeads), ("decoder_attention_heads", decoderHeads),
        ] {
            if headSize == nil, width % heads != 0 {
                throw error(field, heads, "must divide d_model = \(width)")
            }
            if let keyValueHeads, keyValueHeads < 1 || heads % keyValueHeads != 0 {
                throw error("num_key_value_heads", keyValueHeads, "must divide \(field) = \(heads)")
            }
            let size = headSize ?? width / heads
            if positions == .rotary, size % 2 != 0 {
                throw error("head_dim", size, "must be even for rotary positions")
            }
        }
        for (field, size) in [("head_dim", headSize), ("value_head_dim", valueSize)] {
            if let size, size < 1 || size > 4096 {
                throw error(field, size, "must be between 1 and 4096")
            }
        }
    }

    private func validateTokens() throws {
        let tokens =
            [
                ("pad_token_id", paddingToken), ("eos_token_id", endToken),
                ("decoder_start_token_id", startToken),
                ("forced_eos_token_id", forcedEndToken ?? 0),
            ] + forbiddenTokens.map { ("bad_words_ids", $0) }
        for (field, token) in tokens where token < 0 || token >= targetVocabulary {
            throw error(
                field, token, "must be below the vocabulary's size of \(targetVocabulary)")
        }
        if let forcedEndToken, forcedEndToken != endToken {
            throw error("forced_eos_token_id", forcedEndToken, "must be eos_token_id = \(endToken)")
        }
    }

    private func error(_ field: String, _ value: some Any, _ problem: String)
        -> ConfigurationError
    {
        ConfigurationError(field: field, value: "\(value)", problem: problem)
    }
}
