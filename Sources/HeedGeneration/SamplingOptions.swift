/// How the next token is chosen from a model's logits.
///
/// The steps, in the order of `transformers`: the biases of single tokens are added; tokens that occurred before, in the
/// prompt or since, are made less likely by the repetition penalty; tokens that must not come are left out. Greedy choice
/// takes the largest logit then, the lower token of equal ones. Otherwise logits are divided by the temperature; top-k, top-p
/// and min-p leave out what is too unlikely, each judging what those before it have left; and one of the rest is drawn.
public struct SamplingOptions: Sendable, Equatable {
    /// Logits are divided by this; 0 chooses greedily.
    public var temperature: Double
    /// So many of the most probable tokens stay, with those that equal the last; all when nil.
    public var topK: Int?
    /// The most probable tokens stay until their probabilities add up to this; all when nil.
    public var topP: Double?
    /// Tokens stay that are at least so probable, as a share of the most probable one; all when nil.
    public var minP: Double?
    /// Divides positive logits of tokens that occurred before, and multiplies negative ones (Keskar et al. 2019).
    public var repetitionPenalty: Double
    /// What is added to the logits of single tokens.
    public var logitBias: [Int32: Float]
    /// The seed of the draws. What is drawn depends on it, on the number of the token, and on the text itself: never on the
    /// texts beside it, nor on the number of threads.
    public var seed: UInt64

    /// Options; greedy where there is no temperature.
    public init(
        temperature: Double = 0, topK: Int? = nil, topP: Double? = nil, minP: Double? = nil,
        repetitionPenalty: Double = 1, logitBias: [Int32: Float] = [:], seed: UInt64 = 0
    ) {
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.minP = minP
        self.repetitionPenalty = repetitionPenalty
        self.logitBias = logitBias
        self.seed = seed
    }

    /// Checks that a choice can follow the options.
    ///
    /// - Throws: `InvalidSearchOption`.
    public func validate(vocabularySize: Int? = nil) throws {
        func check(_ condition: Bool, _ option: String, _ value: Any, _ rule: String) throws {
            if !condition {
                throw InvalidSearchOption(option: option, value: "\(value)", rule: rule)
            }
        }
        try check(
            temperature >= 0 && temperature <= 1000, "temperature", temperature,
            "must be from 0 to 1000")
        if let topK { try check(topK >= 1, "topK", topK, "must be at least 1") }
        if let topP { try check(topP > 0 && topP <= 1, "topP", topP, "must be above 0, at most 1") }
        if let minP { try check(minP >= 0 && minP <= 1, "minP", minP, "must be from 0 to 1") }
        try check(
            repetitionPenalty > 0 && repetitionPenalty <= 1000, "repetitionPenalty",
            repetitionPenalty, "must be above 0, at most 1000")
        let tokens = 0..<Int32(clamping: vocabularySize ?? .max)
        for (token, bias) in logitBias {
            try check(
                tokens.contains(token), "logitBias", token, "must be a token of the vocabulary")
            try check(
                bias.isFinite || bias == -.infinity, "logitBias", bias, "must be a number or -inf")
        }
    }
}

/// How texts are continued.
public struct GenerationOptions: Sendable, Equatable {
    /// How tokens are chosen.
    public var sampling = SamplingOptions()
    /// The most tokens that are added to a text, an end mark included.
    public var maximumLength = 256
    /// The fewest tokens before an end mark may come.
    public var minimumLength = 0
    /// Tokens that end a text.
    public var endTokens: [Int32] = []
    /// Tokens that are never generated.
    public var forbiddenTokens: [Int32] = []
    /// How many of the most probable tokens are told beside each that was chosen; nil for no probabilities at all.
    public var logProbabilities: Int?

    /// The usual options: greedy, at most 256 tokens.
    public init() {}

    /// Checks that a generator can follow the options.
    ///
    /// - Throws: `InvalidSearchOption`.
    public func validate(vocabularySize: Int) throws {
        try sampling.validate(vocabularySize: vocabularySize)
        let rules: [(Bool, String, Int, String)] = [
            (maximumLength >= 1, "maximumLength", maximumLength, "must be at least 1"),
            (minimumLength >= 0, "minimumLength", minimumLength, "must not be negative"),
            (
                (logProbabilities ?? 0) >= 0, "logProbabilities", logProbabilities ?? 0,
                "must not be negative"
            ),
        ]
        for (holds, option, value, rule) in rules where !holds {
            throw InvalidSearchOption(option: option, value: "\(value)", rule: rule)
        }
        for (option, tokens) in [
            ("endTokens", endTokens), ("forbiddenTokens", forbiddenTokens),
        ] {
            for token in tokens where !(0..<Int32(clamping: vocabularySize)).contains(token) {
                throw InvalidSearchOption(
                    option: option, value: "\(token)",
                    rule: "must be below the vocabulary's size, \(vocabularySize)")
            }
        }
    }
}
