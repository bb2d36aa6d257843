import HeedFormats
import HeedGeneration
package import HeedModels
import HeedNN
package import HeedTensor
import HeedText

/// How sentences are translated.
public struct TranslationOptions: Sendable {
    /// Hypotheses that are followed at a time; 1 is greedy.
    public var beam = 5
    /// α: hypotheses are compared by Σ log p / length^α, the end mark counted.
    public var lengthPenalty = 1.0
    /// Tokens of a translation at most; nil allows twice the source's and 32 more. More than that and than the model's
    /// positions has no effect.
    public var maximumLength: Int?
    /// Tokens of a translation at least, the end mark included.
    var minimumLength = 0
    /// Hypotheses that are returned.
    public var hypothesisCount = 1
    /// Source tokens that are translated at a time, counted with every hypothesis.
    public var batchTokens = 16_384

    /// The defaults: beam 5, α 1.
    public init() {}

    /// Throws `InvalidSearchOption` for what the sizes of a search depend on; the search checks the rest.
    func validate() throws {
        for (name, value) in [
            ("beam", beam), ("maximumLength", maximumLength ?? 1), ("batchTokens", batchTokens),
        ] where value < 1 {
            throw InvalidSearchOption(
                option: name, value: "\(value)", rule: "must be at least 1")
        }
        guard beam <= BeamSearchOptions.largestBeam else {
            throw InvalidSearchOption(
                option: "beam", value: "\(beam)",
                rule: "must be at most \(BeamSearchOptions.largestBeam)")
        }
    }
}

/// One translation of a sentence.
public struct TranslationHypothesis: Sendable {
    /// The text.
    public let text: String
    /// Σ log p / length^α.
    public let score: Double
    /// The tokens, without the end mark.
    public let tokens: [Int32]
    /// Whether the model ended it by itself.
    public let isComplete: Bool
}

/// What was found for a sentence.
public struct Translation: Sendable {
    /// The source.
    public let source: String
    /// The hypotheses, best first; one empty hypothesis for an empty source.
    public let hypotheses: [TranslationHypothesis]
    /// The attention weights of the best hypothesis, if they were asked for.
    public var attention: AttentionMap?

    /// The best hypothesis' text.
    public var text: String { hypotheses.first?.text ?? "" }
    /// The best hypothesis' score.
    public var score: Double { hypotheses.first?.score ?? 0 }
}

/// A sentence that a model cannot take.
public struct SentenceTooLongError: Error, Sendable, CustomStringConvertible {
    /// The sentence's number, from 1.
    public let number: Int
    /// Its tokens.
    public let tokenCount: Int
    /// What the model takes at most.
    public let limit: Int
    /// Whether it is a target that was given, not a source.
    public var isTarget = false

    /// The whole message in one line.
    public var description: String { "line \(number): \(problem)" }

    /// What is wrong, without the number.
    package var problem: String {
        """
        \(tokenCount) \(isTarget ? "target tokens" : "tokens") are more than the \(limit) that \
        the model takes
        """
    }
}

/// Translates with a model, in the caller's isolation.
package final class SentenceTranslator {
    package let model: Transformer
    package let tokenizers: TranslationTokenizers
    let precision: Precision

    package init(
        _ model: Transformer, _ tokenizers: TranslationTokenizers, _ precision: Precision
    ) {
        self.model = model
        self.tokenizers = tokenizers
        self.precision = precision
    }

    package convenience init(
        folder: String, precision: Precision, withoutHeads heads: [AttentionHead] = []
    ) throws {
        let model = try Transformer(folder: folder)
        try model.removeContributions(of: heads)
        let tokenizers = try TranslationTokenizers(folder: folder)
        try tokenizers.check(against: model.configuration, in: folder)
        self.init(model, tokenizers, precision)
    }

    /// Source tokens of a sentence at most.
    private var sourceLimit: Int {
        model.encoder.embedding.positionLimit ?? model.configuration.maximumPositions
    }

    /// Tokens that must not come: the model's, and those that the tokenizer has no text for.
    private var forbiddenTokens: [Int32] {
        let configuration = model.configuration
        let unknown = min(
            tokenizers.target.vocabularySize, configuration.targetVocabulary)
        let tokens = Set(configuration.neverGenerated)
            .union(unknown..<configuration.targetVocabulary).subtracting([configuration.endToken])
        return tokens.sorted().map { Int32($0) }
    }

    /// The numbers, from 0, of sentences longer than any that the model was trained on.
    package func unusuallyLong(_ sentences: [String]) -> [Int] {
        guard let known = model.configuration.trainedLength else { return [] }
        // A sentence that cannot be encoded is for `translate` to tell.
        return sentences.indices.filter {
            let ids = try? tokenizers.source.encodeIDs(sentences[$0])
            return (ids?.count ?? 0) > known
        }
    }

    /// Translates sentences; results are in their order.
    package func translate(
        _ sentences: [String], _ options: TranslationOptions, recording: AttentionKinds = []
    ) throws -> [Translation] {
        let sources = try encoded(sentences)
        var translations = sentences.map {
            Translation(
                source: $0,
                hypotheses: [
                    TranslationHypothesis(text: "", score: 0, tokens: [], isComplete: true)
                ])
        }
        let filled = sentences.indices.filter { !sentences[$0].isBlank }
        let found = try search(filled, sources, options)
        for (index, hypotheses) in zip(filled, found) {
            translations[index] = Translation(
                source: sentences[index], hypotheses: try hypotheses.map(text))
            if !recording.isEmpty {
                let best = translations[index].hypotheses[0]
                translations[index].attention = try attention(
                    (sentences[index], sources[index]), (best.text, ended(best)),
                    AttentionSelection(recording))
            }
        }
        return translations
    }

    /// The ids of sources that the model can take.
    func encoded(_ sentences: [String]) throws -> [[Int32]] {
        let sources = try tokenizers.source.encodeIDs(sentences)
        for (index, ids) in sources.enumerated() where ids.count > sourceLimit {
            throw SentenceTooLongError(
                number: index + 1, tokenCount: ids.count, limit: sourceLimit)
        }
        return sources
    }

    /// The hypotheses of some of the sentences; a failure numbers its sentence among all of them, from 1.
    private func search(
        _ sentences: [Int], _ sources: [[Int32]], _ options: TranslationOptions
    ) throws -> [[Hypothesis]] {
        do {
            return try model.search(
                sentences.map { sources[$0] }, options, forbidding: forbiddenTokens,
                Context(precision: precision))
        } catch let failure as SearchFailure {
            throw failure.renumbered(sentences[failure.sentence] + 1)
        }
    }

    private func text(_ hypothesis: Hypothesis) throws -> TranslationHypothesis {
        TranslationHypothesis(
            text: try tokenizers.target.decode(hypothesis.tokens), score: hypothesis.score,
            tokens: hypothesis.tokens, isComplete: hypothesis.isComplete)
    }
}
