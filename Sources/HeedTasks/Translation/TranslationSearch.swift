import HeedGeneration
import HeedModels
import HeedNN
import HeedTensor

extension Transformer {
    /// Searches translations of sentences of ids that end with the end mark, in batches of similar length.
    ///
    /// Where there are sentences enough, each batch is decoded on one thread, and as many of them at a time as there are
    /// threads: nothing waits for the slowest of the threads after every small product.
    ///
    /// - Parameter forbidden: tokens that must not come.
    /// - Returns: for each sentence its hypotheses, best first.
    /// - Throws: `CancellationError`, and `SearchFailure` with the number of a sentence in `sources`.
    func search(
        _ sources: [[Int32]], _ options: TranslationOptions, forbidding forbidden: [Int32],
        _ context: Context
    ) throws -> [[Hypothesis]] {
        try options.validate()
        let plan = SearchPlan(
            lengths: sources.map { source in
                // The caches of a batch hold at most four times its tokens, however long translations may get.
                max(source.count, targetLimit(of: source, options) / 4) * options.beam
            }, beam: options.beam, tokens: options.batchTokens, threads: ThreadPool.threadCount,
            weights: parameterCount)
        var found = [[Hypothesis]](repeating: [], count: sources.count)
        for group in plan.groups {
            let profilers = group.map { _ in context.profiler.map { _ in Profiler() } }
            let results = try ThreadPool.concurrently(group.count) { index, shouldStop in
                var context = context
                // A profiler belongs to one thread.
                if group.count > 1 { context.profiler = profilers[index] }
                context.profiler?.begin("beam search")
                defer { context.profiler?.end() }
                do {
                    return try searchTogether(
                        group[index].map { sources[$0] }, options, forbidden, context, shouldStop)
                } catch let failure as SearchFailure {
                    throw failure.renumbered(group[index][failure.sentence])
                }
            }
            if group.count > 1 {
                context.profiler?.add(
                    profilers.compactMap(\.self), threads: min(plan.threads, group.count))
            }
            for (batch, results) in zip(group, results) {
                for (index, hypotheses) in zip(batch, results) { found[index] = hypotheses }
            }
        }
        return found
    }

    /// Searches translations of one batch.
    private func searchTogether(
        _ sources: [[Int32]], _ options: TranslationOptions, _ forbidden: [Int32],
        _ context: Context, _ shouldStop: () -> Bool
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
            Array(sources.indices), limits: limits, with: decoder, shouldStop: shouldStop)
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

/// Which sentences are searched together, and on how many threads. What is found does not depend on it.
struct SearchPlan {
    /// Groups that follow one another; the batches of a group run at the same time, each on one thread. A group of one
    /// batch has all threads for itself.
    let groups: [[[Int]]]
    let threads: Int

    /// Hypotheses of a batch, with which the products of one core come near their best speed.
    private static let rows = 256
    /// Hypotheses of a batch below which threads had better share what they read of the weights: of a model that stays in
    /// the caches of each core, and of a larger one, which every job reads anew at each step.
    private static let fewestRows = (small: 16, large: 64)
    /// Weights of a model that does not stay there.
    private static let manyWeights = 8 << 20

    /// A plan for sentences of these lengths, of which at most `tokens` are to be in memory.
    init(lengths: [Int], beam: Int, tokens: Int, threads: Int, weights: Int) {
        self.threads = threads
        let fewestRows =
            weights < Self.manyWeights ? Self.fewestRows.small : Self.fewestRows.large
        let most = max(Self.rows / beam, 1)
        // As many batches for each thread.
        let rounds = max((lengths.count + most * threads - 1) / (most * threads), 1)
        let sentences = (lengths.count + rounds * threads - 1) / (rounds * threads)
        if threads == 1 || sentences * beam < fewestRows {
            groups = LengthSortedBatches(lengths: lengths, tokens: tokens).batches.map { [$0] }
        } else {
            groups = [
                LengthSortedBatches(
                    lengths: lengths, tokens: max(tokens / threads, 1), sentences: sentences
                ).batches
            ]
        }
    }
}
