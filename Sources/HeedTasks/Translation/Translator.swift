public import Foundation
import HeedModels
public import HeedTensor

/// Translates text with a model in a folder.
///
/// ```swift
/// let translator = try await Translator(folder: url)
/// let results = try await translator.translate(["Ein Hund läuft."], beam: 5, recording: .cross)
/// print(results[0].text, results[0].score)
/// ```
/// It owns its model and computes on an executor of its own. Cancelling a task stops its translation at the next token.
public actor Translator {
    private let executor = ComputeExecutor("heed.translator")
    private let translator: SentenceTranslator

    /// Where the actor computes.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.reference
    }

    /// Opens a model folder of the types `marian`, `pegasus` or `heed-transformer`, with its `tokenizer.json`.
    ///
    /// Throws errors that name the file and what is wrong with it, and `AttentionRangeError`.
    ///
    /// - Parameters:
    ///   - folder: the model's folder.
    ///   - precision: the arithmetic.
    ///   - heads: heads that contribute nothing, as if they gave zeros: what they are worth shows in the scores.
    public init(
        folder: URL, precision: Precision = .fastest, withoutHeads heads: [AttentionHead] = []
    ) async throws {
        translator = try SentenceTranslator(
            folder: folder.path, precision: precision, withoutHeads: heads)
    }

    /// Translates sentences; results are in their order, and an empty sentence gives an empty one.
    public func translate(
        _ sentences: [String], beam: Int = 5, recording: AttentionKinds = []
    ) throws -> [Translation] {
        var options = TranslationOptions()
        options.beam = beam
        return try translate(sentences, options, recording: recording)
    }

    /// Translates sentences with these options.
    public func translate(
        _ sentences: [String], _ options: TranslationOptions, recording: AttentionKinds = []
    ) throws -> [Translation] {
        try translator.translate(sentences, options, recording: recording)
    }

    /// What the model attends to while it translates a sentence, or while it reads a translation that is given.
    ///
    /// Throws `AttentionRangeError` for layers and heads that the model does not have, and `SentenceTooLongError`.
    ///
    /// - Parameters:
    ///   - source: the sentence.
    ///   - target: the translation; nil for the one that the model finds with these options.
    ///   - selection: the kinds, layers and heads whose weights are wanted.
    ///   - options: how the translation is found.
    public func attention(
        of source: String, to target: String? = nil, _ selection: AttentionSelection = .init(),
        _ options: TranslationOptions = .init()
    ) throws -> AttentionMap {
        try translator.attention(of: source, to: target, selection, options)
    }

    /// The numbers, from 0, of sentences longer than any that the model was trained on.
    public func unusuallyLong(_ sentences: [String]) -> [Int] {
        translator.unusuallyLong(sentences)
    }
}
