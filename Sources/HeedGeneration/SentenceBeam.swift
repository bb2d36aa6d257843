import HeedTensor

/// The search for one sentence: its open hypotheses and the complete ones that it has found.
///
/// It sees candidates alone, no logits and no cache, so that what it finds depends on nothing else in the batch.
struct SentenceBeam {
    /// A token of a hypothesis, and where its predecessor stands; hypotheses share their beginnings.
    private struct Node {
        let token: Int32
        let logProbability: Float
        let parent: Int?
    }

    /// A hypothesis that can be continued.
    struct Open {
        fileprivate let node: Int?
        /// Σ log p.
        let sum: Double
        /// The token to feed next.
        let token: Int32
        /// The slot that holds the tokens before it.
        let slot: Int
        /// Who has seen its tokens.
        fileprivate let watcher: (any HypothesisWatcher)?
    }

    private struct Ended {
        let node: Int
        let score: Double
    }

    /// One token more for one of the open hypotheses.
    private struct Extension {
        let parent: Int
        let candidate: TokenCandidates.Candidate
        let sum: Double
        /// Who has seen the token, too; nil before that.
        var watcher: (any HypothesisWatcher)?

        /// Falling sums; ties by the parent's rank, then by the token's number.
        func precedes(_ other: Extension) -> Bool {
            if sum != other.sum { return sum > other.sum }
            if parent != other.parent { return parent < other.parent }
            return candidate.token < other.candidate.token
        }
    }

    /// What the slots must become after a step.
    struct SlotChanges {
        /// Copies from slots that stay to slots that nothing needs any more: their order does not matter.
        var copies: [(source: Int, target: Int)] = []
        /// Slots that held a hypothesis and hold none now.
        var released: [Int] = []
    }

    private let options: BeamSearchOptions
    private let maximumLength: Int
    private let slots: Range<Int>
    private var nodes: [Node] = []
    private var ended: [Ended] = []
    /// Open hypotheses, best first.
    private(set) var open: [Open]
    /// The number of tokens of the open hypotheses.
    private(set) var length = 0
    /// Whether nothing is left to do.
    private(set) var isDone = false

    /// A search that starts in the first of these slots; there are as many as the beam is wide.
    init(
        _ options: BeamSearchOptions, startToken: Int32, maximumLength: Int,
        watcher: (any HypothesisWatcher)? = nil, slots: Range<Int>
    ) {
        self.options = options
        self.maximumLength = maximumLength
        self.slots = slots
        open = [
            Open(node: nil, sum: 0, token: startToken, slot: slots.lowerBound, watcher: watcher)
        ]
    }

    /// How many candidates of each row a step looks at.
    static func candidateCount(_ options: BeamSearchOptions) -> Int {
        extensionCount(options)
            + (options.minimumLength > 0 ? 1 + options.otherEndTokens.count : 0)
    }

    /// Twice the beam: even if every open hypothesis could end, as many go on. Greedy search looks at one.
    private static func extensionCount(_ options: BeamSearchOptions) -> Int {
        options.beamWidth == 1 ? 1 : 2 * options.beamWidth
    }

    /// Extends the open hypotheses by a token; hypothesis i has its candidates in row `firstRow + i`.
    mutating func step(_ candidates: TokenCandidates, firstRow: Int) -> SlotChanges {
        let extensions = bestExtensions(candidates, firstRow: firstRow)
        length += 1
        let isLast = length == maximumLength
        var next: [Extension] = []
        var newlyEnded: [Extension] = []
        for (rank, found) in extensions.enumerated() {
            var found = found
            if options.ends(found.candidate.token) || isLast || isEnded(&found) {
                if rank < options.beamWidth { newlyEnded.append(found) }
            } else if next.count < options.beamWidth {
                next.append(found)
            }
        }
        newlyEnded.forEach { end($0) }
        isDone = isLast || next.isEmpty || !canImprove(best: next[0].sum)
        return goOn(with: isDone ? [] : next)
    }

    /// Shows a token to the watcher of its hypothesis; returns whether that ends it.
    private func isEnded(_ found: inout Extension) -> Bool {
        guard var watcher = open[found.parent].watcher else { return false }
        let isEnded = watcher.ends(with: found.candidate.token)
        found.watcher = watcher
        return isEnded
    }

    private func bestExtensions(
        _ candidates: TokenCandidates, firstRow: Int
    ) -> ArraySlice<Extension> {
        let isForced = options.forcesEnd && length + 1 == maximumLength
        let isTooShort = length + 1 < options.minimumLength
        let end = TokenCandidates.Candidate(token: options.endToken, logProbability: 0)
        var extensions: [Extension] = []
        for (parent, hypothesis) in open.enumerated() {
            for candidate in isForced ? [end] : candidates[firstRow + parent]
            where !(isTooShort && options.ends(candidate.token)) {
                extensions.append(
                    Extension(
                        parent: parent, candidate: candidate,
                        sum: hypothesis.sum + Double(candidate.logProbability)))
            }
        }
        extensions.sort { $0.precedes($1) }
        return extensions.prefix(Self.extensionCount(options))
    }

    private func score(_ sum: Double, length: Int) -> Double {
        sum / power(Double(length), options.lengthPenalty)
    }

    private mutating func addNode(_ found: Extension) -> Int {
        nodes.append(
            Node(
                token: found.candidate.token, logProbability: found.candidate.logProbability,
                parent: open[found.parent].node))
        return nodes.count - 1
    }

    /// Keeps a hypothesis that ended here if it is one of the best; what ended earlier wins a tie.
    private mutating func end(_ found: Extension) {
        let score = score(found.sum, length: length)
        let place = ended.firstIndex { $0.score < score } ?? ended.count
        guard place < options.beamWidth else { return }
        ended.insert(Ended(node: addNode(found), score: score), at: place)
        if ended.count > options.beamWidth { ended.removeLast() }
    }

    private func canImprove(best sum: Double) -> Bool {
        guard ended.count == options.beamWidth, let worst = ended.last else { return true }
        switch options.beamWidth == 1 ? .whenBeamFull : options.stopping {
        case .whenBeamFull: return false
        case .heuristic: return score(sum, length: length) > worst.score
        case .whenBest:
            // log p ≤ 0: the sum only falls, so that the most forgiving length bounds every later score.
            let longest = options.lengthPenalty > 0 ? maximumLength : length
            return score(sum, length: longest) > worst.score
        }
    }

    /// Makes the chosen extensions the open hypotheses. The first that continues a hypothesis stays in its slot; the
    /// others are copied to slots whose hypotheses nobody continues.
    private mutating func goOn(with next: [Extension]) -> SlotChanges {
        let occupied = open.map(\.slot)
        var keeper = [Int?](repeating: nil, count: open.count)
        for (index, found) in next.enumerated() where keeper[found.parent] == nil {
            keeper[found.parent] = index
        }
        let kept = Set(keeper.indices.filter { keeper[$0] != nil }.map { occupied[$0] })
        var free = slots.filter { !kept.contains($0) }[...]
        var changes = SlotChanges()
        var used = kept
        var successors: [Open] = []
        for (index, found) in next.enumerated() {
            var slot = occupied[found.parent]
            if keeper[found.parent] != index, let target = free.popFirst() {
                changes.copies.append((slot, target))
                slot = target
                used.insert(target)
            }
            successors.append(
                Open(
                    node: addNode(found), sum: found.sum, token: found.candidate.token, slot: slot,
                    watcher: found.watcher))
        }
        changes.released = occupied.filter { !used.contains($0) }
        open = successors
        return changes
    }

    /// The best hypotheses found, best first; none if the model left no token a probability.
    func hypotheses() -> [Hypothesis] {
        ended.prefix(options.hypothesisCount).map { ended in
            var tokens: [Int32] = []
            var logProbabilities: [Float] = []
            var next: Int? = ended.node
            while let index = next {
                tokens.append(nodes[index].token)
                logProbabilities.append(nodes[index].logProbability)
                next = nodes[index].parent
            }
            tokens.reverse()
            logProbabilities.reverse()
            let isComplete = tokens.last.map(options.ends) ?? false
            if isComplete { tokens.removeLast() }
            return Hypothesis(
                tokens: tokens, isComplete: isComplete, score: ended.score,
                logProbabilities: logProbabilities)
        }
    }
}
