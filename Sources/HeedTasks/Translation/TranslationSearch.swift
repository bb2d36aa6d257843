import HeedGeneration
import HeedModels
import HeedNN
import HeedTensor

extension Transformer {
    /// Searches translations of sentences of ids that end with the end mark, in batches of similar length.
    ///
    /// - Returns: for each sentence its hypotheses, best first.
    func search(
        _ sources: [[Int32]], _ options: TranslationOptions, _ context: Context
    ) throws -> [[Hypothesis]] {
        var found = [[Hypothesis]](repeating: [], count: sources.count)
        let batches = LengthSortedBatches(
            lengths: sources.map { $0.count * options.beam }, tokens: options.batchTokens)
        for batch in batches.batches {
            let results = try searchTogether(batch.map { sources[$0] }, options, context)
            for (index, hypotheses) in zip(batch, results) { found[index] = hypotheses }
        }
        return found
    }

    /// Searches translations of one batch.
    private func searchTogether(
        _ sources: [[Int32]], _ options: TranslationOptions, _ context: Context
    ) throws -> [[Hypothesis]] {
        let limits = sources.map { options.maximumLength ?? 2 * $0.count + 32 }.map {
            min($0, configuration.targetLimit)
        }
        var search = BeamSearchOptions(
            startToken: Int32(configuration.startToken), endToken: Int32(configuration.endToken))
        search.beamWidth = options.beam
        search.lengthPenalty = options.lengthPenalty
        search.hypothesisCount = options.hypothesisCount
        search.maximumLength = limits.max() ?? 1
        search.minimumLength = min(options.minimumLength, search.maximumLength)
        search.forbiddenTokens = [Int32(configuration.paddingToken)]
        search.forcesEnd = configuration.forcedEndToken != nil
        let decoder = TransformerDecoder(
            self, sources: sources, beamWidth: options.beam,
            maximumLength: search.maximumLength, context)
        return try BeamSearch(search).search(
            Array(sources.indices), limits: limits, with: decoder)
    }
}

extension TransformerConfiguration {
    /// Tokens of a target at most: learned positions end, others go on.
    fileprivate var targetLimit: Int { positions == .learned ? maximumPositions : Int.max }
}
