import HeedNN
import HeedTensor

extension LanguageModelConfiguration {
    /// Throws `ConfigurationError` for sizes that cannot work, before anything is allocated; fields have the names that
    /// Llama's `config.json` gives them.
    public func validate() throws {
        try validateSizes()
        if type == .gpt2 {
            try check(width % heads == 0, "num_attention_heads", heads, "must divide \(width)")
        }
        try check(
            heads % keyValueHeads == 0, "num_key_value_heads", keyValueHeads,
            "must divide num_attention_heads = \(heads)")
        try check(
            Float(epsilon) > 0 && epsilon < 1, "rms_norm_eps", epsilon,
            "must be above 0, as float32 too, and below 1")
        for (field, value) in [("dropout", dropout), ("attention_dropout", attentionDropout)] {
            try check(value >= 0 && value < 1, field, value, "must be at least 0 and below 1")
        }
        try check(
            TransformerConfiguration.activations.contains { $0.function == activation },
            "hidden_act", activation, "is not one that files can name")
        if let rotary { try validate(rotary) }
        let tokens =
            endTokens.map { ("eos_token_id", $0) }
            + [("bos_token_id", startToken), ("pad_token_id", paddingToken)].compactMap {
                name, token in token.map { (name, $0) }
            }
        for (field, token) in tokens {
            try check(
                (0..<vocabulary).contains(token), field, token,
                "must be below the vocabulary's size of \(vocabulary)")
        }
    }

    /// Layers of a model at most.
    static let maximumLayers = 1024

    private func validateSizes() throws {
        for (field, value, limit) in [
            ("vocab_size", vocabulary, 1 << 24), ("hidden_size", width, 1 << 16),
            ("num_hidden_layers", layers, Self.maximumLayers),
            ("intermediate_size", inner, 1 << 18),
            ("num_attention_heads", heads, 4096), ("num_key_value_heads", keyValueHeads, 4096),
            ("head_dim", headSize, 4096), ("max_position_embeddings", maximumPositions, 1 << 24),
            ("sliding_window", window ?? 1, 1 << 30),
        ] {
            try check(1...limit ~= value, field, value, "must be between 1 and \(limit)")
        }
    }

    private func validate(_ form: RotaryForm) throws {
        try check(
            form.size >= 1 && 2 * form.pairCount <= headSize, "head_dim", headSize,
            "cannot have \(form.size) of its elements turned in pairs")
        try check(
            form.base > 1 && form.base <= 1e15, "rope_theta", form.base,
            "must be above 1 and at most 1e15")
        let stretch = { (factor: Double) in factor >= 1 && factor <= 1e6 }
        var (factor, original): (Double, Int) = (1, 1)
        switch form.scaling {
        case .none: break
        case .linear(let value): factor = value
        case .dynamic(let value, let length):
            (factor, original) = (value, length)
            try check(form.size > 2, "head_dim", headSize, "is too small for dynamic scaling")
        case .llama3(let value, let low, let high, let length):
            (factor, original) = (value, length)
            try check(
                low > 0 && high > low && high <= 1e6, "high_freq_factor", high,
                "must be above low_freq_factor = \(low), and that above 0")
        case .yarn(let value, let fast, let slow, let length, _, let attention):
            (factor, original) = (value, length)
            try check(
                slow > 0 && fast >= slow && fast <= 1e6, "beta_fast", fast,
                "must not be below beta_slow = \(slow), and that above 0")
            try checkAttention(attention)
        case .longRoPE(let short, let long, let length, let attention):
            original = length
            for (field, factors) in [("short_factor", short), ("long_factor", long)] {
                try check(
                    factors.count == form.pairCount
                        && factors.allSatisfy { $0 > 0 && $0 <= 1e9 }, field, factors.count,
                    "must be \(form.pairCount) numbers above 0")
            }
            try checkAttention(attention)
        }
        try check(stretch(factor), "factor", factor, "must be from 1 to 1e6")
        try check(
            1...(1 << 24) ~= original, "original_max_position_embeddings", original,
            "must be between 1 and \(1 << 24)")
    }

    private func checkAttention(_ factor: Double) throws {
        try check(
            factor > 0 && factor <= 1000, "attention_factor", factor,
            "must be above 0 and at most 1000")
    }

    private func check(
        _ condition: Bool, _ field: String, _ value: some Any, _ problem: String
    ) throws {
        guard condition else {
            throw ConfigurationError(field: field, value: "\(value)", problem: problem)
        }
    }
}
