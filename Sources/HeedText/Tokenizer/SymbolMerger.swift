/// Merges the symbols of one word, always the pair of the lowest rank and of these the leftmost.
///
/// Short words are searched from end to end for each merge; long ones go through a heap and a
/// linked list, so that a word of a million characters takes n log n steps.
struct SymbolMerger {
    /// Symbols up to which the plain search is faster.
    private static let shortWord = 24
    private static let noRank = UInt32.max

    /// The symbols of the word; `lengths` counts the bytes that each stands for.
    private(set) var ids: [Int32] = []
    private(set) var lengths: [Int] = []

    /// For each symbol the rank of the pair that it begins, and what that pair becomes.
    private var ranks: [UInt32] = []
    private var results: [Int32] = []
    private var next: [Int] = []
    private var previous: [Int] = []
    /// A binary heap of rank << 32 | position.
    private var heap: [UInt64] = []

    /// How many pairs were looked up so far: what the work grows with.
    private(set) var lookupCount = 0

    /// The pair that was looked up last for each result, if that is recorded.
    private(set) var pairs: [Int32: (left: Int32, right: Int32)] = [:]
    private var recordsPairs = false

    /// Starts a word.
    mutating func begin() {
        ids.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
    }

    /// Appends a symbol.
    mutating func append(_ id: Int32, length: Int) {
        ids.append(id)
        lengths.append(length)
    }

    /// Merges until no pair is left.
    mutating func merge(by table: PairTable, recordingPairs: Bool = false) {
        recordsPairs = recordingPairs
        if recordingPairs { pairs.removeAll(keepingCapacity: true) }
        guard ids.count > 1, table.count > 0 else { return }
        if ids.count <= Self.shortWord { mergeShort(table) } else { mergeLong(table) }
    }

    private mutating func lookUp(_ position: Int, _ right: Int, _ table: PairTable) {
        lookupCount += 1
        if let entry = table[ids[position], ids[right]] {
            ranks[position] = UInt32(entry >> 32)
            results[position] = Int32(truncatingIfNeeded: entry & 0xFFFF_FFFF)
            if recordsPairs { pairs[results[position]] = (ids[position], ids[right]) }
        } else {
            ranks[position] = Self.noRank
        }
    }

    private mutating func prepareRanks(_ table: PairTable) {
        ranks.removeAll(keepingCapacity: true)
        results.removeAll(keepingCapacity: true)
        for _ in ids {
            ranks.append(Self.noRank)
            results.append(0)
        }
        for position in 0..<ids.count - 1 { lookUp(position, position + 1, table) }
    }

    private mutating func mergeShort(_ table: PairTable) {
        prepareRanks(table)
        while true {
            var best = 0
            for position in 1..<ids.count where ranks[position] < ranks[best] { best = position }
            guard ranks[best] != Self.noRank, best + 1 < ids.count else { return }
            ids[best] = results[best]
            lengths[best] += lengths[best + 1]
            ids.remove(at: best + 1)
            lengths.remove(at: best + 1)
            ranks.remove(at: best + 1)
            results.remove(at: best + 1)
            guard ids.count > 1 else { return }
            ranks[best] = Self.noRank
            // The order in which sentencepiece looks counts for pairs that are recorded.
            if best > 0 { lookUp(best - 1, best, table) }
            if best + 1 < ids.count { lookUp(best, best + 1, table) }
        }
    }

    private mutating func mergeLong(_ table: PairTable) {
        prepareRanks(table)
        let count = ids.count
        next = (1...count).map { $0 }
        previous = (0..<count).map { $0 - 1 }
        heap.removeAll(keepingCapacity: true)
        for position in 0..<count { push(position) }
        while let entry = popSmallest() {
            let position = Int(entry & 0xFFFF_FFFF)
            // A symbol that was merged away has no rank; a pair that changed has another one.
            guard ranks[position] == UInt32(entry >> 32) else { continue }
            let removed = next[position]
            ids[position] = results[position]
            lengths[position] += lengths[removed]
            lengths[removed] = 0
            ranks[removed] = Self.noRank
            ranks[position] = Self.noRank
            next[position] = next[removed]
            let before = previous[position]
            if before >= 0 {
                lookUp(before, position, table)
                push(before)
            }
            if next[position] < count {
                previous[next[position]] = position
                lookUp(position, next[position], table)
                push(position)
            }
        }
        var kept = 0
        var position = 0
        while position < count {
            ids[kept] = ids[position]
            lengths[kept] = lengths[position]
            kept += 1
            position = next[position]
        }
        ids.removeLast(count - kept)
        lengths.removeLast(count - kept)
    }

    private mutating func push(_ position: Int) {
        guard ranks[position] != Self.noRank else { return }
        heap.append(UInt64(ranks[position]) << 32 | UInt64(UInt32(truncatingIfNeeded: position)))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            if heap[parent] <= heap[child] { break }
            heap.swapAt(parent, child)
            child = parent
        }
    }

    private mutating func popSmallest() -> UInt64? {
        guard let smallest = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return smallest }
        heap[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { return smallest }
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            if heap[parent] <= heap[child] { return smallest }
            heap.swapAt(parent, child)
            parent = child
        }
    }
}
