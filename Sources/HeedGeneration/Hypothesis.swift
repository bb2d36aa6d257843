/// Watches the tokens of a hypothesis as they come, and may end it.
///
/// Hypotheses share their beginnings: a watcher is a value that is copied where they part.
public protocol HypothesisWatcher {
    /// Takes the next token; returns whether the hypothesis ends with it.
    mutating func ends(with token: Int32) -> Bool
}

/// One output that a search found.
public struct Hypothesis: Sendable, Equatable {
    /// The tokens, without the start token and the end mark.
    public let tokens: [Int32]
    /// Whether the end mark follows; false where the maximum length or a watcher cut the output off.
    public let isComplete: Bool
    /// Σ log p / lengthᵅ over the tokens and the end mark, which counts in the length; α is the length penalty.
    public let score: Double
    /// log p of each token, and of the end mark where it follows (0 where it was forced).
    public let logProbabilities: [Float]

    /// A hypothesis with its score.
    public init(tokens: [Int32], isComplete: Bool, score: Double, logProbabilities: [Float]) {
        self.tokens = tokens
        self.isComplete = isComplete
        self.score = score
        self.logProbabilities = logProbabilities
    }
}
