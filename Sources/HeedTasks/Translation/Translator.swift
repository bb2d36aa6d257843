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
    /// Throws errors that name the file and what is wrong with it.
    public init(folder: URL, precision: Precision = .fastest) async throws {
        translator = try SentenceTranslator(folder: folder.path, precision: precision)
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

    /// The numbers, from 0, of sentences longer than any that the model was trained on.
    public func unusuallyLong(_ sentences: [String]) -> [Int] {
        translator.unusuallyLong(sentences)
    }
}
