import HeedGeneration
import HeedModels
import HeedNN
import HeedTensor

extension Transformer {
    /// Searches translations of sentences of ids that end with the end mark, in batches of similar length.
    ///
    /// - Parameter forbidden: tokens that must not come.
    /// - Returns: for each sentence its hypotheses, best first.
    func search(
        _ sources: [[Int32]], _ options: TranslationOptions, forbidding forbidden: [Int32],
        _ context: Context
    ) throws -> [[Hypothesis]] {
        var found = [[Hypothesis]](repeating: [], count: sources.count)
        let batches = LengthSortedBatches(
            lengths: sources.map { source in
                // The caches of a batch hold at most four times its tokens, however long translations may get.
                max(source.count, targetLimit(of: source, options) / 4) * options.beam
            }, tokens: options.batchTokens)
        for batch in batches.batches {
            let results = try searchTogether(batch.map { sources[$0] }, options, forbidden, context)
            for (index, hypotheses) in zip(batch, results) { found[index] = hypotheses }
        }
        return found
    }

    /// Searches translations of one batch.
    private func searchTogether(
        _ sources: [[Int32]], _ options: TranslationOptions, _ forbidden: [Int32],
        _ context: Context
    ) throws -> [[Hypothesis]] {
        let limits = sources.map { targetLimit(of: $0, options) }
        var search = BeamSearchOptions(
            startToken: Int32(configuration.startToken), endToken: Int32(configuration.endToken))
        search.beamWidth = options.beam
        search.lengthPenalty = options.lengthPenalty
        search.hypothesisCount = options.hypothesisCount
        search.maximumLength = limits.max() ?? 1
        search.minimumLength = min(options.minimumLength, search.maximumLength)
        search.forbiddenTokens = forbidden
        search.forcesEnd = configuration.forcedEndToken != nil
        let decoder = TransformerDecoder(
            self, sources: sources, beamWidth: options.beam,
            maximumLength: search.maximumLength, context)
        return try BeamSearch(search).search(
            Array(sources.indices), limits: limits, with: decoder)
    }

    /// Tokens of a sentence's translation at most: what the caches have room for.
    private func targetLimit(of source: [Int32], _ options: TranslationOptions) -> Int {
        let usual = 2 * source.count + 32
        // Stored positions end; others go on, but nothing sensible is that much longer than its source.
        let positions =
            decoder.embedding.positionLimit ?? max(configuration.maximumPositions, usual)
        return min(options.maximumLength ?? usual, positions)
    }
}
