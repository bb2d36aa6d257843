import HeedGeneration
import HeedTensor
import Testing

@Suite("Beam search")
struct BeamSearchTests {
    static let vocabularySize = 11
    static let logits = ToyLogits(seed: 3, vocabularySize: vocabularySize)

    private func decoder(
        slots: Int, _ logits: @escaping (ToyDecoder.History) -> [Float] = logits.callAsFunction
    ) -> ToyDecoder {
        ToyDecoder(vocabularySize: Self.vocabularySize, slotCount: slots, logits: logits)
    }

    private func options(beam: Int = 4, maximumLength: Int = 12) -> BeamSearchOptions {
        var options = BeamSearchOptions(startToken: 10, endToken: 0)
        options.beamWidth = beam
        options.hypothesisCount = beam
        options.maximumLength = maximumLength
        options.forbiddenTokens = [10]
        return options
    }

    @Test("finds the same bits alone and beside neighbours that leave", arguments: [1, 2, 4, 5])
    func neighbours(beam: Int) throws {
        let sentences = Array(0..<23)
        for rule in StoppingRule.allCases {
            var options = options(beam: beam)
            options.stopping = rule
            let search = try BeamSearch(options)
            let alone = try sentences.map { sentence in
                try search.search([sentence], with: decoder(slots: beam))[0]
            }
            for places in [1, 2, 3, 8, 40] {
                // A few slots more than are of use.
                let decoder = decoder(slots: places * beam + beam - 1)
                let found = try search.search(sentences, with: decoder)
                #expect(found == alone, "\(places) places, \(rule)")
                #expect(decoder.isEmpty)
                #expect(decoder.steps.allSatisfy { $0 <= places * beam })
            }
            // Sentences end at different steps, so that neighbours do leave.
            #expect(Set(alone.map { $0[0].tokens.count }).count > 2)
        }
    }

    @Test("returns the result of each sentence where the caller put it")
    func order() throws {
        let search = try BeamSearch(options())
        let forward = try search.search([4, 9, 2, 5], with: decoder(slots: 8))
        let backward = try search.search([5, 2, 9, 4], with: decoder(slots: 8))
        #expect(forward == backward.reversed())
        #expect(forward[0] != forward[1])
        #expect(try search.search([], with: decoder(slots: 8)).isEmpty)
    }

    /// Ends a hypothesis at the second of two tokens in a row.
    private struct PairWatcher: HypothesisWatcher {
        let pair: [Int32]
        var last: Int32?

        mutating func ends(with token: Int32) -> Bool {
            defer { last = token }
            return [last, token] == pair.map(Optional.some)
        }
    }

    @Test("a watcher ends hypotheses as an end mark does", arguments: [1, 2, 4])
    func watchers(beam: Int) throws {
        let search = try BeamSearch(options(beam: beam))
        var count = 0
        for sentence in 0..<30 {
            let whole = try search.search([sentence], with: decoder(slots: beam))[0]
            guard whole[0].tokens.count > 3 else { continue }
            let pair = Array(whole[0].tokens[1...2])
            let decoder = decoder(slots: beam)
            let found = try search.search(
                [sentence], watchers: [PairWatcher(pair: pair)], with: decoder)[0]
            #expect(decoder.isEmpty)
            for hypothesis in found {
                let tokens = hypothesis.tokens
                let ends = (1..<max(tokens.count, 1)).filter { tokens[$0 - 1...$0] == pair[...] }
                #expect(ends.allSatisfy { $0 == tokens.count - 1 }, "\(tokens)")
                let sum = hypothesis.logProbabilities.reduce(0) { $0 + Double($1) }
                let length = Double(hypothesis.logProbabilities.count)
                #expect(abs(hypothesis.score - sum / length) < 1e-6)
                count += ends.count
            }
        }
        #expect(count > 3)
    }

    @Test("keeps slots in step with hypotheses", arguments: [2, 3, 5, 8])
    func slots(beam: Int) throws {
        var copies = 0
        for seed: UInt64 in 0..<20 {
            let logits = ToyLogits(seed: seed, vocabularySize: Self.vocabularySize)
            let decoder = decoder(slots: 3 * beam, logits.callAsFunction)
            let found = try BeamSearch(options(beam: beam)).search(
                Array(0..<7), with: decoder)
            copies += decoder.copyCount
            // A slot with another history would have given other probabilities.
            for (sentence, hypotheses) in found.enumerated() {
                for hypothesis in hypotheses {
                    try checkProbabilities(hypothesis, sentence, logits)
                }
                #expect(Set(hypotheses.map(\.tokens)).count == hypotheses.count)
            }
            #expect(decoder.isEmpty)
        }
        #expect(copies > 0)
    }

    private func checkProbabilities(
        _ hypothesis: Hypothesis, _ sentence: Int, _ logits: ToyLogits
    ) throws {
        var history = ToyDecoder.History(sentence: sentence, tokens: [10])
        let tokens = hypothesis.tokens + (hypothesis.isComplete ? [0] : [])
        #expect(tokens.count == hypothesis.logProbabilities.count)
        for (token, logProbability) in zip(tokens, hypothesis.logProbabilities) {
            let row = Tensor(logits(history), shape: [1, Self.vocabularySize])
            let candidates = try row.mostProbableTokens(Self.vocabularySize)[0]
            #expect(candidates.first { $0.token == token }?.logProbability == logProbability)
            history.tokens.append(token)
        }
        let mean =
            hypothesis.logProbabilities.reduce(0) { $0 + Double($1) } / Double(tokens.count)
        #expect(hypothesis.score == mean)
    }

    @Test("returns hypotheses best first, and as many as were asked for")
    func nBest() throws {
        var options = options(beam: 6)
        let all = try BeamSearch(options).search([1, 2, 3], with: decoder(slots: 12))
        for hypotheses in all {
            #expect(hypotheses.count == 6)
            #expect(zip(hypotheses, hypotheses.dropFirst()).allSatisfy { $0.score >= $1.score })
        }
        options.hypothesisCount = 2
        let two = try BeamSearch(options).search([1, 2, 3], with: decoder(slots: 12))
        #expect(two == all.map { Array($0.prefix(2)) })
    }

    @Test("never generates a forbidden token, nor any after the end mark")
    func forbidden() throws {
        var options = options()
        options.forbiddenTokens = [3, 10, 7]
        let found = try BeamSearch(options).search(Array(0..<30), with: decoder(slots: 16))
        let tokens = Set(found.joined().flatMap(\.tokens))
        #expect(tokens == [1, 2, 4, 5, 6, 8, 9])
    }

    @Test("ends at the maximum length, with the end mark where it is forced")
    func maximumLength() throws {
        // Without an end mark of its own.
        let endless: (ToyDecoder.History) -> [Float] = { history in
            var logits = Self.logits(history)
            logits[0] = -.infinity
            return logits
        }
        for length in 1...4 {
            var options = options(maximumLength: length)
            let cut = try BeamSearch(options).search([5], with: decoder(slots: 4, endless))[0]
            #expect(cut.allSatisfy { !$0.isComplete && $0.tokens.count == length })
            #expect(cut.count == 4)
            options.forcesEnd = true
            let forced = try BeamSearch(options).search([5], with: decoder(slots: 4, endless))[0]
            #expect(forced.allSatisfy { $0.isComplete && $0.tokens.count == length - 1 })
            #expect(forced.allSatisfy { $0.logProbabilities.last == 0 })
        }
    }

    @Test("heeds a limit for each sentence")
    func limits() throws {
        let search = try BeamSearch(options(maximumLength: 6))
        let limits = [3, 1, 100, 2]
        let together = try search.search(
            [0, 1, 2, 3], limits: limits, with: decoder(slots: 16))
        for (sentence, limit) in limits.enumerated() {
            let alone = try BeamSearch(options(maximumLength: min(limit, 6))).search(
                [sentence], with: decoder(slots: 4))
            #expect(alone == [together[sentence]])
        }
    }

    @Test("gives an empty output when the end mark comes first")
    func emptyOutput() throws {
        let decoder = decoder(slots: 4) { _ in [9] + [Float](repeating: 0, count: 10) }
        var options = options()
        options.stopping = .heuristic
        let found = try BeamSearch(options).search([0], with: decoder)[0]
        #expect(found.contains { $0.tokens.isEmpty && $0.isComplete })
        let greedy = try BeamSearch(.greedy(startToken: 10, endToken: 0)).search(
            [0], with: decoder)[0]
        #expect(greedy.map(\.tokens) == [[]])
        #expect(greedy[0].isComplete && greedy[0].logProbabilities.count == 1)
    }

    @Test("takes the most probable token at each step when it is greedy")
    func greedy() throws {
        var options = BeamSearchOptions.greedy(startToken: 10, endToken: 0)
        options.maximumLength = 9
        for sentence in 0..<20 {
            var history = ToyDecoder.History(sentence: sentence, tokens: [10])
            while history.tokens.count <= 9, history.tokens.count == 1 || history.tokens.last != 0 {
                let logits = Self.logits(history)
                let best = try #require(logits.indices.max { logits[$0] < logits[$1] })
                history.tokens.append(Int32(best))
            }
            var expected = Array(history.tokens.dropFirst())
            let isComplete = expected.last == 0
            if isComplete { expected.removeLast() }
            let found = try BeamSearch(options).search([sentence], with: decoder(slots: 1))[0]
            #expect(found.map(\.tokens) == [expected])
            #expect(found.map(\.isComplete) == [isComplete])
        }
    }

    @Test("stops when the best rule allows exactly as if it had never stopped")
    func bestRule() throws {
        for penalty in [-1.0, 0, 0.7, 1.5] {
            var options = options(beam: 3, maximumLength: 10)
            options.lengthPenalty = penalty
            options.stopping = .whenBest
            let sentences = Array(0..<60)
            let decoder = decoder(slots: 3, Self.endingLogits)
            let found = try BeamSearch(options).search(sentences, with: decoder)
            let reference = sentences.map { followedToTheEnd($0, options) }
            #expect(found.map { $0.map(\.tokens) } == reference)
            if penalty <= 0 { #expect(decoder.steps.count < 300) }
        }
    }

    /// Logits of early end marks, so that beams are full long before the maximum length.
    private static func endingLogits(_ history: ToyDecoder.History) -> [Float] {
        var values = logits(history)
        values[0] += 2
        return values
    }

    /// A plain beam search that never stops before the maximum length, over whole token lists.
    private func followedToTheEnd(_ sentence: Int, _ options: BeamSearchOptions) -> [[Int32]] {
        var open: [(tokens: [Int32], sum: Double)] = [([], 0)]
        var ended: [(tokens: [Int32], score: Double)] = []
        for length in 1...options.maximumLength {
            var extended: [(tokens: [Int32], sum: Double)] = []
            for (tokens, sum) in open {
                let row = Self.endingLogits(.init(sentence: sentence, tokens: [10] + tokens))
                guard
                    let candidates = try? Tensor(row, shape: [1, row.count])
                        .mostProbableTokens(row.count)[0]
                else { return [] }
                for candidate in candidates where candidate.token != 10 {
                    extended.append(
                        (tokens + [candidate.token], sum + Double(candidate.logProbability)))
                }
            }
            extended = Array(extended.sorted { $0.sum > $1.sum }.prefix(2 * options.beamWidth))
            let isLast = length == options.maximumLength
            for (rank, path) in extended.enumerated()
            where rank < options.beamWidth && (path.tokens.last == 0 || isLast) {
                let score = path.sum / power(Double(length), options.lengthPenalty)
                let isComplete = path.tokens.last == 0
                ended.append((isComplete ? path.tokens.dropLast() : path.tokens, score))
            }
            open = Array(extended.filter { $0.tokens.last != 0 }.prefix(options.beamWidth))
        }
        return ended.sorted { $0.score > $1.score }.prefix(options.beamWidth).map(\.tokens)
    }

    @Test("stops between steps when told to, and empties its slots")
    func cancellation() throws {
        let decoder = decoder(slots: 8)
        let search = try BeamSearch(options())
        #expect(throws: CancellationError.self) {
            try search.search([0, 1, 2], with: decoder) { decoder.steps.count == 3 }
        }
        #expect(decoder.steps.count == 3)
        #expect(decoder.isEmpty)
    }

    @Test("stops when its task is cancelled")
    func taskCancellation() async {
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            let decoder = ToyDecoder(
                vocabularySize: Self.vocabularySize, slotCount: 5,
                logits: Self.logits.callAsFunction)
            return try BeamSearch(BeamSearchOptions(startToken: 0, endToken: 1))
                .search([0], with: decoder).count
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
