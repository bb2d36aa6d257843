public import HeedTensor

/// A token that was chosen, and how probable the model held it.
public struct GeneratedToken: Sendable, Equatable {
    /// The token.
    public let token: Int32
    /// log p under the model's own distribution, before anything in the options changes it; nil where nobody asked.
    public let logProbability: Float?
    /// The most probable tokens, likewise, most probable first.
    public let alternatives: [TokenCandidates.Candidate]

    /// A token with what is known of it.
    public init(
        token: Int32, logProbability: Float? = nil,
        alternatives: [TokenCandidates.Candidate] = []
    ) {
        self.token = token
        self.logProbability = logProbability
        self.alternatives = alternatives
    }
}

/// Chooses tokens from rows of logits: no model, no cache, no text.
package struct TokenSampler {
    private let options: GenerationOptions
    private let forbidden: Set<Int32>
    private let ends: Set<Int32>

    package init(_ options: GenerationOptions) {
        self.options = options
        forbidden = Set(options.forbiddenTokens)
        ends = Set(options.endTokens)
    }

    /// Whether a token ends a text.
    package func ends(_ token: Int32) -> Bool { ends.contains(token) }

    /// Chooses the token number `index` of a text.
    ///
    /// - Parameters:
    ///   - logits: float32 [1, V].
    ///   - seen: tokens that occurred before.
    ///   - sample: which of several samples of a prompt this is.
    /// - Throws: `NonFiniteLogits`.
    package func choose(
        _ logits: Tensor, seen: Set<Int32>, index: Int, sample: UInt32
    ) throws -> GeneratedToken {
        let own = logits.floats
        if let column = own.firstIndex(where: { $0.isNaN || $0 == .infinity }) {
            throw NonFiniteLogits(row: 0, column: column, value: own[column])
        }
        let scores = changed(own, seen: seen, index: index)
        let best = try largest(scores)
        let token =
            options.sampling.temperature > 0
            ? draw(scores, best: best, index: index, sample: sample) : best
        guard let count = options.logProbabilities else {
            return GeneratedToken(token: token, logProbability: nil, alternatives: [])
        }
        let logarithms = Context().logSoftmax(logits).floats
        // The same token has the same digits in both places.
        let alternatives = try (count == 0 ? [] : Array(logits.mostProbableTokens(count)[0])).map {
            TokenCandidates.Candidate(
                token: $0.token, logProbability: logarithms[Int($0.token)])
        }
        return GeneratedToken(
            token: token, logProbability: logarithms[Int(token)], alternatives: alternatives)
    }

    /// The logits with biases and penalties, and without what must not come.
    private func changed(_ logits: [Float], seen: Set<Int32>, index: Int) -> [Float] {
        var scores = logits
        for (token, bias) in options.sampling.logitBias { scores[Int(token)] += bias }
        let penalty = Float(options.sampling.repetitionPenalty)
        if penalty != 1 {
            for token in seen where scores.indices.contains(Int(token)) {
                let score = scores[Int(token)]
                scores[Int(token)] = score < 0 ? score * penalty : score / penalty
            }
        }
        for token in forbidden { scores[Int(token)] = -.infinity }
        if index < options.minimumLength {
            for token in ends { scores[Int(token)] = -.infinity }
        }
        return scores
    }

    private func largest(_ scores: [Float]) throws -> Int32 {
        var (best, value) = (-1, -Float.infinity)
        for (token, score) in scores.enumerated() where score > value {
            (best, value) = (token, score)
        }
        guard best >= 0 else { throw NonFiniteLogits(row: 0, column: nil, value: -.infinity) }
        return Int32(truncatingIfNeeded: best)
    }

    /// Draws a token, of which `best` is the most probable one.
    private func draw(_ scores: [Float], best: Int32, index: Int, sample: UInt32) -> Int32 {
        let sampling = options.sampling
        let temperature = Float(sampling.temperature)
        let top = scores[Int(best)]
        // The largest is taken away first: a small temperature must not make an infinity.
        let scaled = scores.map { ($0 - top) / temperature }
        let weights = Context().softmax(Tensor(scaled, shape: [1, scaled.count])).floats
        let kept = SamplingFilter(scores: scaled, weights: weights).kept(sampling)
        let total = kept.reduce(0.0) { $0 + Double(weights[$1]) }
        let number = CounterRandom.uniform(
            seed: sampling.seed, stream: sample, index: UInt32(truncatingIfNeeded: index),
            site: 0x7465_7874)
        var sum = 0.0
        for token in kept {
            sum += Double(weights[token])
            if sum > number * total { return Int32(truncatingIfNeeded: token) }
        }
        // Rounding alone leads here.
        return best
    }
}

/// The filters of sampling over one row.
package struct SamplingFilter {
    /// Logits divided by the temperature, the largest being 0.
    private let scores: [Float]
    /// Their probabilities.
    private let weights: [Float]

    /// A filter of one row.
    package init(scores: [Float], weights: [Float]) {
        self.scores = scores
        self.weights = weights
    }

    /// The tokens that top-k, top-p and min-p leave, in rising order; never none.
    package func kept(_ options: SamplingOptions) -> [Int] {
        var tokens = weights.indices.filter { weights[$0] > 0 }
        if let count = options.topK, count < tokens.count {
            let least = kthLargest(count)
            tokens.removeAll { scores[$0] < least }
        }
        if let share = options.topP, share < 1 { tokens = nucleus(tokens, share) }
        if let share = options.minP, share > 0 {
            let most = tokens.reduce(0) { max($0, weights[$1]) }
            tokens.removeAll { weights[$0] < Float(share) * most }
        }
        return tokens
    }

    /// The `count`-th largest score.
    private func kthLargest(_ count: Int) -> Float {
        // A heap whose root is the least of the largest so far.
        var heap = [Float]()
        heap.reserveCapacity(count)
        for score in scores {
            if heap.count < count {
                heap.append(score)
                var child = heap.count - 1
                while child > 0, heap[child] < heap[(child - 1) / 2] {
                    heap.swapAt(child, (child - 1) / 2)
                    child = (child - 1) / 2
                }
            } else if score > heap[0] {
                heap[0] = score
                sink(&heap)
            }
        }
        return heap[0]
    }

    private func sink(_ heap: inout [Float]) {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    /// The most probable of these tokens until their probabilities add up to the share of what they have together.
    private func nucleus(_ tokens: [Int], _ share: Double) -> [Int] {
        let total = tokens.reduce(0.0) { $0 + Double(weights[$1]) }
        // All that are less probable than this add up to less than what is left out.
        let least = (1 - share) * total / Double(tokens.count)
        let sorted = tokens.filter { Double(weights[$0]) >= least }
            .sorted { (weights[$0], $1) > (weights[$1], $0) }
        var kept: [Int] = []
        var sum = 0.0
        for token in sorted where kept.isEmpty || sum < share * total {
            kept.append(token)
            sum += Double(weights[token])
        }
        return kept.sorted()
    }
}
