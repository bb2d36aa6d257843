public import HeedGeneration

/// How prompts are continued.
public struct TextGenerationOptions: Sendable {
    /// How tokens are chosen; greedily at first.
    public var sampling: SamplingOptions
    /// Tokens that are added to a prompt at most.
    public var maximumLength: Int
    /// Tokens before the model may end a text by itself.
    public var minimumLength = 0
    /// Texts at which a continuation ends; they are no part of it.
    public var stops: [String]
    /// How many of the most probable tokens are told beside each that was chosen; nil for no probabilities at all.
    public var logProbabilities: Int?
    /// Continuations that are followed at a time: above 1 the most probable whole is searched, and nothing is drawn.
    public var beam = 1
    /// α of beam search: continuations are compared by Σ log p / length^α.
    public var lengthPenalty = 1.0
    /// Prompts that are continued together.
    public var batch = 8

    /// Options; greedy, at most 256 tokens, if nothing else is said.
    public init(
        sampling: SamplingOptions = SamplingOptions(), maximumLength: Int = 256,
        stops: [String] = []
    ) {
        self.sampling = sampling
        self.maximumLength = maximumLength
        self.stops = stops
    }

    /// Throws `InvalidSearchOption`.
    func validate() throws {
        let rules: [(Bool, String, String, String)] = [
            (
                !stops.contains(""), "stops", "an empty text",
                "would end every continuation before it begins"
            ),
            (
                minimumLength >= 0, "minimumLength", "\(minimumLength)", "must not be negative"
            ),
            (
                maximumLength <= 1 << 30, "maximumLength", "\(maximumLength)",
                "must be at most \(1 << 30)"
            ),
            (batch >= 1, "batch", "\(batch)", "must be at least 1"),
            (
                beam == 1 || sampling.temperature == 0, "beam", "\(beam)",
                "goes without a temperature: nothing is drawn"
            ),
            (
                beam == 1
                    || (sampling.logitBias.isEmpty && sampling.repetitionPenalty == 1
                        && logProbabilities == nil),
                "beam", "\(beam)",
                "goes without biases, a repetition penalty and log-probabilities"
            ),
        ]
        for (holds, option, value, rule) in rules where !holds {
            throw InvalidSearchOption(option: option, value: value, rule: rule)
        }
    }
}

/// A prompt and what follows it.
public struct TextGeneration: Sendable {
    /// The prompt.
    public let prompt: String
    /// What was added to it.
    public let text: String
    /// The tokens that were added.
    public let tokens: [GeneratedToken]
    /// Why nothing follows.
    public let ending: GeneratedTokens.Ending
    /// Σ log p / length^α of a beam search; nil otherwise.
    public let score: Double?
}

/// A prompt that leaves a model no room.
public struct PromptTooLongError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The prompt's number, from 1.
    public let number: Int
    /// Its tokens.
    public let tokenCount: Int
    /// The positions that the model has, of which one at least must be left.
    public let limit: Int

    /// What is wrong, without the prompt's number.
    package var problem: String {
        let tokens = tokenCount == 1 ? "1 token leaves" : "\(tokenCount) tokens leave"
        return "\(tokens) no room in the \(limit) positions of the model"
    }

    /// The whole message in one line.
    public var description: String { "prompt \(number): \(problem)" }
}

/// A model that needs a token to begin with, for a prompt without any.
public struct EmptyPromptError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The prompt's number, from 1.
    public let number: Int

    /// What is wrong, without the prompt's number.
    package var problem: String { "is empty, and the model has no token that texts begin with" }

    /// The whole message in one line.
    public var description: String { "prompt \(number): \(problem)" }
}

/// A prompt that the model cannot read or go on with.
public struct PromptFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// The prompt's number, from 1.
    public let number: Int
    /// The number of the token that was looked for behind the prompt, from 0; nil where the prompt itself is at fault.
    public let token: Int?
    /// What is wrong there.
    public let reason: String

    /// What is wrong, without the prompt's number.
    package var problem: String { (token.map { "token \($0): " } ?? "") + reason }

    /// The whole message in one line.
    public var description: String { "prompt \(number): \(problem)" }
}

extension PromptFailure {
    /// The failure of a search for what follows a prompt.
    init(_ failure: SearchFailure, number: Int) {
        self.init(number: number, token: failure.position, reason: failure.reason)
    }
}
