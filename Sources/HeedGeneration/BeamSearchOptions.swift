/// When the search for one sentence ends before the maximum length. Nothing ends before as many hypotheses are
/// complete as the beam is wide.
public enum StoppingRule: String, Sendable, Codable, CaseIterable {
    /// As soon as the beam is full of complete hypotheses: `early_stopping=True` in `transformers`.
    case whenBeamFull
    /// When the best open hypothesis, scored at its present length, is not better than the worst complete one: their
    /// `early_stopping=False`. With α > 0 a longer hypothesis could still have won.
    case heuristic
    /// When no open hypothesis can become better than the worst complete one, whatever follows: their
    /// `early_stopping="never"`.
    case whenBest
}

/// How greedy and beam search decode.
///
/// A length counts generated tokens with the end mark and without the start token. In terms of `transformers`,
/// `maximumLength` is `max_length` − 1 or `max_new_tokens`, and `minimumLength` is `min_length`.
public struct BeamSearchOptions: Sendable, Equatable, Codable {
    /// Hypotheses that are followed at a time; 1 is greedy search: the most probable token, up to the end mark.
    public var beamWidth = 5
    /// α of the score Σ log p / lengthᵅ: 0 favours short outputs, 1 is the mean per token, above favours long ones.
    public var lengthPenalty = 1.0
    /// When the search ends; greedy search ends at its first end mark.
    public var stopping = StoppingRule.heuristic
    /// Hypotheses to return for each sentence, best first; at most `beamWidth`.
    public var hypothesisCount = 1
    /// The most tokens of an output, the end mark included.
    public var maximumLength = 256
    /// The fewest tokens of an output, the end mark included.
    public var minimumLength = 0
    /// Whether the last token that the maximum length allows is the end mark, with probability 1: Marian's
    /// `forced_eos_token_id`.
    public var forcesEnd = false
    /// The token that is fed first.
    public var startToken: Int32
    /// The end mark.
    public var endToken: Int32
    /// Whether there is an end mark; without one every output has the maximum length, and `endToken` means nothing.
    public var hasEndToken = true
    /// Further tokens that end an output.
    public var otherEndTokens: [Int32] = []
    /// Tokens that are never generated. Probabilities are not spread over the others instead.
    public var forbiddenTokens: [Int32] = []

    /// The usual options: beam 5, the mean of log p, one hypothesis.
    public init(startToken: Int32, endToken: Int32) {
        self.startToken = startToken
        self.endToken = endToken
    }

    /// Options of greedy search.
    public static func greedy(startToken: Int32, endToken: Int32) -> BeamSearchOptions {
        var options = BeamSearchOptions(startToken: startToken, endToken: endToken)
        options.beamWidth = 1
        return options
    }

    /// Reads the options; those that are missing have their usual values.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, into value: inout Value) throws {
            if let found = try values.decodeIfPresent(Value.self, forKey: key) { value = found }
        }
        startToken = try values.decode(Int32.self, forKey: .startToken)
        endToken = try values.decode(Int32.self, forKey: .endToken)
        try read(.beamWidth, into: &beamWidth)
        try read(.lengthPenalty, into: &lengthPenalty)
        try read(.stopping, into: &stopping)
        try read(.hypothesisCount, into: &hypothesisCount)
        try read(.maximumLength, into: &maximumLength)
        try read(.minimumLength, into: &minimumLength)
        try read(.forcesEnd, into: &forcesEnd)
        try read(.hasEndToken, into: &hasEndToken)
        try read(.otherEndTokens, into: &otherEndTokens)
        try read(.forbiddenTokens, into: &forbiddenTokens)
    }

    /// Whether a token ends an output.
    func ends(_ token: Int32) -> Bool {
        (hasEndToken && token == endToken) || otherEndTokens.contains(token)
    }

    /// Checks that a search can follow the options.
    ///
    /// - Parameter vocabularySize: the model's number of tokens, where it is known.
    /// - Throws: `InvalidSearchOption`.
    public func validate(vocabularySize: Int? = nil) throws {
        func check(_ condition: Bool, _ option: String, _ value: Any, _ rule: String) throws {
            if !condition {
                throw InvalidSearchOption(option: option, value: "\(value)", rule: rule)
            }
        }
        try check(
            1...Self.largestBeam ~= beamWidth, "beamWidth", beamWidth,
            "must be from 1 to \(Self.largestBeam)")
        try check(
            abs(lengthPenalty) <= 10, "lengthPenalty", lengthPenalty, "must be from -10 to 10")
        try check(
            1...beamWidth ~= hypothesisCount, "hypothesisCount", hypothesisCount,
            "must be from 1 to the beam's width, \(beamWidth)")
        try check(maximumLength >= 1, "maximumLength", maximumLength, "must be at least 1")
        try check(
            0...maximumLength ~= minimumLength, "minimumLength", minimumLength,
            "must be from 0 to the maximum, \(maximumLength)")
        let tokens = 0..<Int32(clamping: vocabularySize ?? .max)
        let range = vocabularySize.map { "must be below the vocabulary's size, \($0)" }
        for (option, token) in [("startToken", startToken), ("endToken", endToken)]
            + otherEndTokens.map({ ("otherEndTokens", $0) })
            + forbiddenTokens.map({ ("forbiddenTokens", $0) })
        {
            try check(tokens.contains(token), option, token, range ?? "must not be negative")
        }
        try check(
            hasEndToken || !forcesEnd, "forcesEnd", forcesEnd, "needs an end mark")
        try check(
            !hasEndToken || !forbiddenTokens.contains(endToken), "forbiddenTokens", endToken,
            "must not hold the end mark")
    }

    /// The widest beam that is accepted.
    public static let largestBeam = 4096
}

/// An option that no search can follow.
public struct InvalidSearchOption: Error, Equatable, CustomStringConvertible {
    /// The option's name.
    public let option: String
    /// Its value.
    public let value: String
    /// What it must be.
    public let rule: String

    /// An option that breaks a rule.
    public init(option: String, value: String, rule: String) {
        self.option = option
        self.value = value
        self.rule = rule
    }

    /// Option, value and rule in one line.
    public var description: String { "\(option) is \(value): it \(rule)" }
}
