public import Foundation
public import HeedGeneration
public import HeedTensor

/// Continues text with a model in a folder.
///
/// ```swift
/// let generator = try await TextGenerator(folder: url)
/// for try await piece in generator.stream(prompt, sampling: .init(temperature: 0.8, seed: 1)) {
///     print(piece, terminator: "")
/// }
/// ```
/// It owns its model and computes on an executor of its own. Cancelling a task, or leaving a stream, stops the generation at
/// the next token and frees its cache.
public actor TextGenerator {
    private let executor = ComputeExecutor("heed.generator")
    private let continuer: PromptContinuer

    /// Where the actor computes.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.reference
    }

    /// Opens a model folder of a language model's type, with its tokenizer in any form that `Tokenizer(folder:)` opens.
    ///
    /// Throws errors that name the file and what is wrong with it, and `AttentionRangeError`.
    ///
    /// - Parameters:
    ///   - folder: the model's folder.
    ///   - precision: the arithmetic.
    ///   - heads: heads that contribute nothing, as if they gave zeros.
    public init(
        folder: URL, precision: Precision = .fastest, withoutHeads heads: [AttentionHead] = []
    ) async throws {
        continuer = try PromptContinuer(
            folder: folder.path, precision: precision, withoutHeads: heads)
    }

    /// What the model attends to while it reads a text: its masked self-attention, whose rows and columns are the tokens of
    /// the text. An empty text has a map without parts.
    ///
    /// Throws `AttentionRangeError` for kinds, layers and heads that the model does not have, and `SentenceTooLongError`.
    ///
    /// - Parameters:
    ///   - text: what is read.
    ///   - selection: the layers and heads whose weights are wanted.
    public func attention(
        of text: String, _ selection: AttentionSelection = .init()
    ) throws -> AttentionMap {
        var map = AttentionMap(source: nil, target: text, parts: [])
        try continuer.forEachAttention(of: [text], selection) { map = $0 }
        return map
    }

    /// Continues prompts; results are in their order, and what follows a prompt does not depend on the others.
    public func generate(
        _ prompts: [String], _ options: TextGenerationOptions = TextGenerationOptions()
    ) throws -> [TextGeneration] {
        try continuer.generate(prompts, options)
    }

    /// Continues a prompt; the text comes in pieces of whole characters, as soon as they are certain.
    public nonisolated func stream(
        _ prompt: String, sampling: SamplingOptions = SamplingOptions(),
        maximumLength: Int = 256, stops: [String] = []
    ) -> AsyncThrowingStream<String, any Error> {
        stream(
            prompt,
            TextGenerationOptions(
                sampling: sampling, maximumLength: maximumLength, stops: stops))
    }

    /// Continues a prompt with these options; those of beam search and batches have no effect.
    public nonisolated func stream(
        _ prompt: String, _ options: TextGenerationOptions
    ) -> AsyncThrowingStream<String, any Error> {
        let (stream, continuation) = AsyncThrowingStream<String, any Error>.makeStream()
        let task = Task { await self.run(prompt, options, continuation) }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    private func run(
        _ prompt: String, _ options: TextGenerationOptions,
        _ continuation: AsyncThrowingStream<String, any Error>.Continuation
    ) async {
        do {
            var options = options
            options.beam = 1
            try options.validate()
            let ids = try continuer.ids(of: prompt, number: 1)
            var generation = try continuer.generation([ids], options)
            while generation.hasWork {
                try Task.checkCancellation()
                try generation.step { _, text in continuation.yield(text) }
                // Others may ask meanwhile.
                await Task.yield()
            }
            continuation.finish()
        } catch let failure as SearchFailure {
            continuation.finish(throwing: PromptFailure(failure, number: 1))
        } catch {
            continuation.finish(throwing: error)
        }
    }
}
