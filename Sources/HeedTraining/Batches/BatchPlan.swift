public import HeedTensor

/// Which examples each update of an epoch sees: a pure function of the examples' lengths, the seed and the epoch.
///
/// Examples of similar length make a shard of at most `shardTokens` tokens, and an update is a list of shards. A batch by
/// tokens is so many shards; a batch by examples is so many of these as chance has it, short and long ones, cut into shards.
/// Gradients are added up shard by shard, so that a batch may be larger than memory, and the bits do not depend on how many
/// shards are accumulated at a time.
public struct BatchPlan: Sendable {
    /// Tokens of a shard at most, counted as its longest example times its number of examples.
    public static let defaultShardTokens = 4096

    /// Tokens of a shard in an arithmetic: `tokens` where activations have 16 bits, and half as many where they have more, so
    /// that they need no more memory.
    public static func shardTokens(_ tokens: Int, in precision: Precision) -> Int {
        precision == .bfloat16 ? tokens : max(tokens / 2, 1)
    }

    private let lengths: [Int]
    private let shardTokens: Int
    private let size: Size
    private let seed: UInt64

    /// What an update holds at most.
    private enum Size {
        case shards(Int)
        case examples(Int)
    }

    /// A plan for examples of these lengths.
    ///
    /// - Parameters:
    ///   - lengths: the tokens of each example: the longer side of a pair.
    ///   - batchTokens: tokens of an update at most, counted likewise.
    ///   - shardTokens: tokens of a shard at most.
    ///   - seed: of the order.
    public init(
        lengths: [Int], batchTokens: Int, shardTokens: Int = BatchPlan.defaultShardTokens,
        seed: UInt64
    ) {
        self.lengths = lengths
        // As few shards as can hold the batch, of equal size, so that they do not hold more than it.
        let shards = max(1, (batchTokens + shardTokens - 1) / shardTokens)
        self.shardTokens = batchTokens / shards
        size = .shards(shards)
        self.seed = seed
    }

    /// A plan whose updates hold this many examples of all lengths; the last one may hold fewer.
    ///
    /// Batches of one length each would count a token of a long example less than one of a short example, and pull the lengths
    /// of what is generated to and fro.
    public init(
        lengths: [Int], batchExamples: Int, shardTokens: Int = BatchPlan.defaultShardTokens,
        seed: UInt64
    ) {
        self.lengths = lengths
        self.shardTokens = shardTokens
        size = .examples(max(1, batchExamples))
        self.seed = seed
    }

    /// The updates of an epoch; each is a list of shards, each a list of examples.
    public func updates(epoch: Int) -> [[[Int]]] {
        var numbers = CounterNumbers(seed: seed, stream: UInt64(epoch))
        let order = numbers.permutation(lengths.count)
        switch size {
        case .shards(let count):
            // Ties of length are broken anew in each epoch, so that shards differ.
            var shards = shards(of: order)
            numbers.shuffle(&shards)
            return Self.groups(of: shards, count).map(Array.init)
        case .examples(let count):
            return Self.groups(of: order, count).map { shards(of: Array($0)) }
        }
    }

    /// Shards of these examples, each of similar length.
    private func shards(of examples: [Int]) -> [[Int]] {
        Self.shards(
            of: examples.sorted { lengths[$0] < lengths[$1] }, lengths: lengths,
            tokens: shardTokens)
    }

    /// Neighbours in groups of this many; the last ones may be fewer.
    private static func groups<Element>(
        of elements: [Element], _ count: Int
    ) -> [ArraySlice<Element>] {
        stride(from: 0, to: elements.count, by: count).map { start in
            elements[start..<min(start + count, elements.count)]
        }
    }

    /// Examples in the given order, cut into shards of at most `tokens` tokens; a longer example is a shard by itself.
    public static func shards(of order: [Int], lengths: [Int], tokens: Int) -> [[Int]] {
        var shards: [[Int]] = []
        var current: [Int] = []
        var longest = 0
        for example in order {
            let length = max(longest, lengths[example])
            if !current.isEmpty, length * (current.count + 1) > tokens {
                shards.append(current)
                current = []
                longest = 0
            }
            current.append(example)
            longest = max(longest, lengths[example])
        }
        if !current.isEmpty { shards.append(current) }
        return shards
    }
}

/// Random numbers as a function of seed, stream and count (SplitMix64: Steele et al. 2014), the same on every machine.
struct CounterNumbers {
    private var state: UInt64

    init(seed: UInt64, stream: UInt64) {
        state = Self.mixed(seed) &+ Self.mixed(stream &+ 0x6865_6564)
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number below `limit`.
    mutating func next(below limit: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Int(Self.mixed(state).multipliedFullWidth(by: UInt64(limit)).high)
    }

    /// The elements in random order (Fisher and Yates).
    mutating func shuffle<Element>(_ elements: inout [Element]) {
        for index in stride(from: elements.count - 1, to: 0, by: -1) {
            elements.swapAt(index, next(below: index + 1))
        }
    }

    mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        shuffle(&order)
        return order
    }
}
