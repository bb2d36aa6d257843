import HeedGeneration
import HeedTensor
import Testing

/// Every output of a toy decoder, in the order that a search without limits must give.
private struct BruteForce {
    /// An output or the beginning of one, with what decides ties.
    final class Path {
        let parent: Path?
        let token: Int32
        let logProbability: Float
        let sum: Double
        let length: Int

        init(parent: Path?, token: Int32, logProbability: Float) {
            self.parent = parent
            self.token = token
            self.logProbability = logProbability
            sum = (parent?.sum ?? 0) + Double(logProbability)
            length = (parent?.length ?? 0) + 1
        }

        var tokens: [Int32] { (parent?.tokens ?? []) + [token] }
        var logProbabilities: [Float] { (parent?.logProbabilities ?? []) + [logProbability] }

        /// Whether this path of the same length stands before another: by its sum, then by its
        /// predecessors, then by its last token.
        func precedes(_ other: Path) -> Bool {
            if sum != other.sum { return sum > other.sum }
            if let parent, let otherParent = other.parent, parent !== otherParent {
                return parent.precedes(otherParent)
            }
            return token < other.token
        }
    }

    let options: BeamSearchOptions
    let logits: ToyLogits

    func hypotheses() throws -> [Hypothesis] {
        var found: [(path: Path, score: Double)] = []
        var open: [Path?] = [nil]
        for length in 1...options.maximumLength {
            var next: [Path] = []
            for parent in open {
                let history = ToyDecoder.History(
                    sentence: 0, tokens: [options.startToken] + (parent?.tokens ?? []))
                let isForced = options.forcesEnd && length == options.maximumLength
                for token in 0..<Int32(logits.vocabularySize)
                where !options.forbiddenTokens.contains(token) {
                    if isForced && token != options.endToken { continue }
                    if token == options.endToken && length < options.minimumLength && !isForced {
                        continue
                    }
                    let logProbability = try isForced ? 0 : probability(of: token, after: history)
                    next.append(
                        Path(parent: parent, token: token, logProbability: logProbability))
                }
            }
            let isLast = length == options.maximumLength
            for path in next where path.token == options.endToken || isLast {
                found.append((path, score(path.sum, length: length)))
            }
            open = next.filter { $0.token != options.endToken }
        }
        found.sort { left, right in
            if left.score != right.score { return left.score > right.score }
            if left.path.length != right.path.length { return left.path.length < right.path.length }
            return left.path.precedes(right.path)
        }
        return found.map { path, score in
            let isComplete = path.token == options.endToken
            return Hypothesis(
                tokens: isComplete ? path.tokens.dropLast() : path.tokens, isComplete: isComplete,
                score: score, logProbabilities: path.logProbabilities)
        }
    }

    private func probability(of token: Int32, after history: ToyDecoder.History) throws -> Float {
        let row = Tensor(logits(history), shape: [1, logits.vocabularySize])
        let candidates = try row.mostProbableTokens(logits.vocabularySize)[0]
        return try #require(candidates.first { $0.token == token }).logProbability
    }

    private func score(_ sum: Double, length: Int) -> Double {
        sum / power(Double(length), options.lengthPenalty)
    }
}

@Suite("A beam as wide as all paths")
struct BruteForceTests {
    static let vocabularySize = 5

    static var cases: [(penalty: Double, rule: StoppingRule)] {
        [-1, -0.5, 0, 0.6, 1, 2].flatMap { penalty in
            StoppingRule.allCases.map { (penalty, $0) }
        }
    }

    private func check(_ options: BeamSearchOptions, _ logits: ToyLogits) throws {
        var options = options
        options.beamWidth = 400
        options.hypothesisCount = 400
        let decoder = ToyDecoder(
            vocabularySize: Self.vocabularySize, slotCount: 400, logits: logits.callAsFunction)
        let expected = try BruteForce(options: options, logits: logits).hypotheses()
        let found = try BeamSearch(options).search([0], with: decoder)
        #expect(expected.count > 1)
        #expect(found == [expected], "seed \(logits.seed), \(logits.levels) levels, \(options)")
        #expect(decoder.isEmpty)
    }

    @Test("finds every output in the order of brute force", arguments: cases)
    func everyOutput(penalty: Double, rule: StoppingRule) throws {
        var options = BeamSearchOptions(startToken: 0, endToken: 0)
        options.lengthPenalty = penalty
        options.stopping = rule
        for maximumLength in 1...4 {
            options.maximumLength = maximumLength
            // 1 << 20 levels have no ties; 3 have many; with 1 every token is as probable as any other.
            for levels: UInt64 in [1 << 20, 3, 1] {
                try check(
                    options,
                    ToyLogits(
                        seed: UInt64(maximumLength), vocabularySize: Self.vocabularySize,
                        levels: levels))
            }
        }
    }

    @Test("does so with forbidden tokens, a forced end and a minimum length", arguments: cases)
    func constrained(penalty: Double, rule: StoppingRule) throws {
        var options = BeamSearchOptions(startToken: 4, endToken: 2)
        options.lengthPenalty = penalty
        options.stopping = rule
        options.maximumLength = 4
        options.forbiddenTokens = [4, 1]
        for levels: UInt64 in [1 << 20, 3] {
            for minimumLength in [0, 2, 4] {
                for forcesEnd in [false, true] {
                    options.minimumLength = minimumLength
                    options.forcesEnd = forcesEnd
                    try check(
                        options,
                        ToyLogits(seed: 7, vocabularySize: Self.vocabularySize, levels: levels))
                }
            }
        }
    }
}
