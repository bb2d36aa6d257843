import HeedFormats
import HeedGeneration
package import HeedModels
import HeedNN
package import HeedTensor
package import HeedText

/// Continues prompts with a model, in the caller's isolation.
package final class PromptContinuer {
    package let model: LanguageModel
    package let tokenizer: Tokenizer
    let precision: Precision

    package init(_ model: LanguageModel, _ tokenizer: Tokenizer, _ precision: Precision) {
        self.model = model
        self.tokenizer = tokenizer
        self.precision = precision
    }

    /// Opens a folder; throws `AttentionRangeError`, too, for heads to leave out that there are not.
    package convenience init(
        folder: String, precision: Precision, withoutHeads heads: [AttentionHead] = []
    ) throws {
        let model = try LanguageModel(folder: folder)
        try model.removeContributions(of: heads)
        let tokenizer = try Tokenizer(folder: folder, of: model.configuration.type)
        self.init(model, tokenizer, precision)
    }

    /// The ids of a prompt, with the token that texts begin with if the tokenizer adds one, or if there is no other.
    ///
    /// Throws `EmptyPromptError`, `PromptTooLongError` and `PromptFailure`; `number` is the prompt's, from 1.
    package func ids(of prompt: String, number: Int) throws -> [Int32] {
        let ids = try idsRead(of: prompt, number: number)
        if let limit = model.configuration.positionLimit, ids.count >= limit {
            throw PromptTooLongError(number: number, tokenCount: ids.count, limit: limit)
        }
        return ids
    }

    /// The same, however little room is left behind them.
    func idsRead(of prompt: String, number: Int) throws -> [Int32] {
        var ids = try tokenizer.encodeIDs(prompt)
        let plain = try tokenizer.encodeIDs(prompt, addingSpecialTokens: false)
        // Some tokenizers end every text, which a prompt is not.
        let ends = model.configuration.endTokens
        if let last = ids.last, ids.count > plain.count, plain.last != last,
            ends.contains(Int(last))
        {
            ids.removeLast()
        }
        if ids.isEmpty {
            guard let start = model.configuration.startToken ?? ends.first else {
                throw EmptyPromptError(number: number)
            }
            ids = [Int32(start)]
        }
        let size = Int32(model.configuration.vocabulary)
        if let token = ids.first(where: { $0 >= size }) {
            throw PromptFailure(
                number: number, token: nil,
                reason: """
                    the tokenizer makes token \(token) of it, but the model's vocabulary has \(size): \
                    they do not belong together
                    """)
        }
        return ids
    }

    /// Tokens that may follow a prompt of this length.
    private func limit(after count: Int, _ options: TextGenerationOptions) -> Int {
        guard let positions = model.configuration.positionLimit else {
            return options.maximumLength
        }
        return min(options.maximumLength, positions - count)
    }

    /// A generation of these prompts, to be run step by step.
    func generation(
        _ prompts: [[Int32]], _ options: TextGenerationOptions
    ) throws -> Generation {
        try Generation(self, prompts, options)
    }

    /// Continues prompts; results are in their order, and an empty prompt begins a text.
    ///
    /// - Parameters:
    ///   - skipping: prompts that stay without continuation.
    ///   - onText: is told each piece of text as it comes, with the prompt's number from 0.
    package func generate(
        _ prompts: [String], _ options: TextGenerationOptions,
        skipping: (String) -> Bool = { _ in false },
        onText: (_ prompt: Int, _ text: String) throws -> Void = { _, _ in }
    ) throws -> [TextGeneration] {
        try options.validate()
        var results = prompts.map {
            TextGeneration(prompt: $0, text: "", tokens: [], ending: .endToken, score: nil)
        }
        let chosen = prompts.indices.filter { !skipping(prompts[$0]) }
        let ids = try chosen.map { try self.ids(of: prompts[$0], number: $0 + 1) }
        let found: [TextGeneration]
        do {
            found =
                options.beam > 1
                ? try search(ids, options)
                : try run(ids, options) { try onText(chosen[$0], $1) }
        } catch let failure as SearchFailure {
            throw PromptFailure(failure, number: chosen[failure.sentence] + 1)
        }
        for (index, generation) in zip(chosen, found) {
            results[index] = TextGeneration(
                prompt: prompts[index], text: generation.text, tokens: generation.tokens,
                ending: generation.ending, score: generation.score)
        }
        return results
    }

    private func run(
        _ prompts: [[Int32]], _ options: TextGenerationOptions,
        _ onText: (_ prompt: Int, _ text: String) throws -> Void
    ) throws -> [TextGeneration] {
        var generation = try generation(prompts, options)
        while generation.hasWork {
            try Task.checkCancellation()
            try generation.step(onText)
        }
        return generation.results
    }

    private func search(
        _ prompts: [[Int32]], _ options: TextGenerationOptions
    ) throws -> [TextGeneration] {
        let limits = prompts.map { limit(after: $0.count, options) }
        let search = searchOptions(options)
        let decoder = LanguageModelDecoder(
            model, prompts: prompts, slots: options.beam * min(options.batch, prompts.count),
            capacity: capacity(prompts, options), Context(precision: precision))
        let found = try BeamSearch(search).search(
            Array(prompts.indices), limits: limits, startTokens: prompts.compactMap(\.last),
            watchers: options.stops.isEmpty
                ? nil
                : prompts.map { TextStream(tokenizer, prompt: $0, stops: options.stops) },
            with: decoder)
        return zip(prompts, found).map { prompt, hypotheses in
            let best = hypotheses[0]
            var stream = TextStream(tokenizer, prompt: prompt, stops: options.stops)
            let text = best.tokens.map { stream.add($0) }.joined() + stream.finish()
            let tokens = best.tokens.map {
                GeneratedToken(token: $0)
            }
            return TextGeneration(
                prompt: "", text: text, tokens: tokens,
                ending: stream.isStopped
                    ? .stopped : best.isComplete ? .endToken : .maximumLength,
                score: best.score)
        }
    }

    private func searchOptions(_ options: TextGenerationOptions) -> BeamSearchOptions {
        let ends = model.configuration.endTokens.map { Int32($0) }
        var search = BeamSearchOptions(startToken: 0, endToken: ends.first ?? 0)
        search.beamWidth = options.beam
        search.lengthPenalty = options.lengthPenalty
        search.maximumLength = max(options.maximumLength, 1)
        if options.minimumLength < search.maximumLength {
            search.hasEndToken = !ends.isEmpty
            search.otherEndTokens = Array(ends.dropFirst())
            // A search counts the end mark, too.
            search.minimumLength = options.minimumLength > 0 ? options.minimumLength + 1 : 0
        } else {
            search.hasEndToken = false
            search.forbiddenTokens = ends
        }
        return search
    }

    private func capacity(_ prompts: [[Int32]], _ options: TextGenerationOptions) -> Int {
        let longest = prompts.map { $0.count + limit(after: $0.count, options) }.max() ?? 1
        return max(longest, 1)
    }

    /// Prompts that are being continued, token by token.
    struct Generation {
        private var generator: TokenGenerator
        private var streams: [TextStream]
        private var texts: [String]

        fileprivate init(
            _ continuer: PromptContinuer, _ prompts: [[Int32]], _ options: TextGenerationOptions
        ) throws {
            var generation = GenerationOptions()
            generation.sampling = options.sampling
            generation.maximumLength = options.maximumLength
            generation.minimumLength = options.minimumLength
            generation.endTokens = continuer.model.configuration.endTokens.map { Int32($0) }
            generation.logProbabilities = options.logProbabilities
            let decoder = LanguageModelDecoder(
                continuer.model, slots: min(options.batch, max(prompts.count, 1)),
                capacity: continuer.capacity(prompts, options),
                Context(precision: continuer.precision))
            generator = try TokenGenerator(
                prompts.map {
                    TokenGenerator.Prompt($0, limit: continuer.limit(after: $0.count, options))
                }, generation, with: decoder)
            streams = prompts.map {
                TextStream(continuer.tokenizer, prompt: $0, stops: options.stops)
            }
            texts = prompts.map { _ in "" }
        }

        var hasWork: Bool { generator.hasWork }

        /// Adds a token to each text in the batch; `onText` is told the text that is certain then.
        mutating func step(_ onText: (_ prompt: Int, _ text: String) throws -> Void) throws {
            var (streams, texts) = (self.streams, self.texts)
            try generator.step { prompt, found in
                let text = streams[prompt].add(found.token)
                if !text.isEmpty {
                    texts[prompt] += text
                    try onText(prompt, text)
                }
                return !streams[prompt].isStopped
            } ended: { prompt in
                let rest = streams[prompt].finish()
                guard !rest.isEmpty else { return }
                texts[prompt] += rest
                try onText(prompt, rest)
            }
            (self.streams, self.texts) = (streams, texts)
        }

        /// What there is of each continuation.
        var results: [TextGeneration] {
            zip(generator.results, zip(streams, texts)).map { found, text in
                TextGeneration(
                    prompt: "", text: text.1, tokens: found.tokens,
                    ending: text.0.isStopped ? .stopped : found.ending, score: nil)
            }
        }
    }
}
