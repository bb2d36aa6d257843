/// Learns merges from words and their counts (Sennrich et al., 2016): again and again the pair that
/// occurs most often becomes one symbol.
///
/// Of pairs that occur equally often the greater one wins, compared by the code points of the left
/// symbol and then of the right one, so that the result depends on the counts alone. Counts are
/// kept up to date rather than taken anew: a merge costs what the words cost in which the pair
/// occurs.
struct PairLearner {
    /// The symbols, by id.
    private(set) var symbols = ByteStringTable()
    private(set) var merges: [(left: Int32, right: Int32)] = []

    /// All words, one after another; a word shrinks in its place.
    private var flat: [Int32] = []
    private var starts: [Int] = []
    private var lengths: [Int] = []
    private var weights: [Int] = []

    private var pairNumbers = PairTable()
    private var pairs: [(left: Int32, right: Int32)] = []
    private var counts: [Int] = []
    /// The words in which a pair occurs or has occurred.
    private var occurrences: [[Int32]] = []
    private var heap: [(count: Int, pair: Int)] = []
    private var isMerged: [Bool] = []
    /// The pairs whose counts grew during the current merge.
    private var grown: [Int] = []

    /// Whether pairs were counted: later calls of `learn` go on.
    private var isCounted = false

    /// A symbol that never merges: a character left to byte fallback.
    static let barrier: Int32 = -1

    /// The id of a symbol, which is added where it is absent.
    mutating func symbol(_ bytes: [UInt8]) -> Int32 {
        Int32(symbols.insert(bytes, bytes.indices).number)
    }

    /// Adds a word as symbols, with how often it occurs.
    mutating func add(_ word: [Int32], count: Int) {
        starts.append(flat.count)
        lengths.append(word.count)
        weights.append(count)
        flat += word
    }

    /// Learns until there are `limit` merges or no pair occurs `minimumCount` times.
    ///
    /// - Parameter isForbidden: whether a symbol must not come to be, given its bytes.
    mutating func learn(limit: Int, minimumCount: Int, isForbidden: ([UInt8]) -> Bool) {
        if !isCounted {
            for word in starts.indices { countPairs(of: word, sign: 1) }
            pushGrown()
            isCounted = true
        }
        while merges.count < limit, let best = popBest(), counts[best] >= minimumCount {
            let pair = pairs[best]
            let bytes = Array(symbols[Int(pair.left)] + symbols[Int(pair.right)])
            guard !isForbidden(bytes) else {
                counts[best] = 0
                continue
            }
            // Different merges may give one symbol, and a pair may come back after it was merged:
            // it is merged again, but learned once.
            let result = symbol(bytes)
            if !isMerged[best] { merges.append(pair) }
            isMerged[best] = true
            for word in occurrences[best] {
                replace(pair, by: result, in: Int(word))
            }
            occurrences[best].removeAll()
            pushGrown()
        }
    }

    private mutating func replace(
        _ pair: (left: Int32, right: Int32), by result: Int32, in word: Int
    ) {
        let (start, end) = (starts[word], starts[word] + lengths[word])
        guard contains(pair, in: start..<end) else { return }
        countPairs(of: word, sign: -1)
        var target = start
        var position = start
        while position < end {
            if position + 1 < end, flat[position] == pair.left, flat[position + 1] == pair.right {
                flat[target] = result
                position += 2
            } else {
                flat[target] = flat[position]
                position += 1
            }
            target += 1
        }
        lengths[word] = target - start
        countPairs(of: word, sign: 1)
    }

    private func contains(_ pair: (left: Int32, right: Int32), in range: Range<Int>) -> Bool {
        var position = range.lowerBound
        while position + 1 < range.upperBound {
            if flat[position] == pair.left, flat[position + 1] == pair.right { return true }
            position += 1
        }
        return false
    }

    private mutating func countPairs(of word: Int, sign: Int) {
        let change = sign * weights[word]
        var position = starts[word]
        let end = position + lengths[word]
        while position + 1 < end {
            let (left, right) = (flat[position], flat[position + 1])
            position += 1
            if left == Self.barrier || right == Self.barrier { continue }
            let number = pairNumber(left, right)
            counts[number] += change
            if sign > 0 {
                grown.append(number)
                if occurrences[number].last != Int32(word) {
                    occurrences[number].append(Int32(word))
                }
            }
        }
    }

    private mutating func pairNumber(_ left: Int32, _ right: Int32) -> Int {
        if let known = pairNumbers[left, right] { return Int(known) }
        pairNumbers.set(UInt64(pairs.count), for: left, right)
        pairs.append((left, right))
        counts.append(0)
        occurrences.append([])
        isMerged.append(false)
        pushedCounts.append(0)
        return pairs.count - 1
    }

    // MARK: The heap of pairs

    /// The count with which each pair stands in the heap, or 0: at most one entry is true.
    private var pushedCounts: [Int] = []

    /// Whether the pair `a` comes before `b` at these counts.
    private func precedes(_ a: (count: Int, pair: Int), _ b: (count: Int, pair: Int)) -> Bool {
        if a.count != b.count { return a.count > b.count }
        if a.pair == b.pair { return false }
        let (left, right) = (pairs[a.pair], pairs[b.pair])
        if left.left != right.left {
            return symbols[Int(right.left)].lexicographicallyPrecedes(symbols[Int(left.left)])
        }
        return symbols[Int(right.right)].lexicographicallyPrecedes(symbols[Int(left.right)])
    }

    private mutating func pushGrown() {
        for pair in grown where counts[pair] > pushedCounts[pair] {
            pushedCounts[pair] = counts[pair]
            push((counts[pair], pair))
        }
        grown.removeAll(keepingCapacity: true)
    }

    private mutating func push(_ entry: (count: Int, pair: Int)) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard precedes(heap[child], heap[parent]) else { return }
            heap.swapAt(parent, child)
            child = parent
        }
    }

    /// The pair that occurs most often; pairs that have become rarer are put back on the way.
    private mutating func popBest() -> Int? {
        while let entry = popFirst() {
            // An entry below the last one pushed is out of date.
            guard entry.count == pushedCounts[entry.pair] else { continue }
            let count = counts[entry.pair]
            pushedCounts[entry.pair] = 0
            if count == entry.count { return entry.pair }
            if count > 0 {
                pushedCounts[entry.pair] = count
                push((count, entry.pair))
            }
        }
        return nil
    }

    private mutating func popFirst() -> (count: Int, pair: Int)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { return first }
            if child + 1 < heap.count, precedes(heap[child + 1], heap[child]) { child += 1 }
            guard precedes(heap[child], heap[parent]) else { return first }
            heap.swapAt(parent, child)
            parent = child
        }
    }
}
