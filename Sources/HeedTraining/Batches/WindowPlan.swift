/// Which windows of one long text each update of an epoch sees: a pure function of sizes, seed and epoch.
///
/// A window is named by its first token; it needs one token more than its length, since each is to predict the next.
public struct WindowPlan: Sendable {
    /// How windows are chosen.
    public enum Order: String, Sendable, CaseIterable {
        /// Anywhere, each drawn by itself.
        case random
        /// One after another from a random beginning, in random order, until the whole text was seen.
        case shuffled
    }

    private let tokenCount: Int
    private let length: Int
    private let batchWindows: Int
    private let mostWindows: Int
    private let updatesPerEpoch: Int
    private let order: Order
    private let seed: UInt64

    /// A plan for a text of `tokenCount` tokens, more than `length`.
    ///
    /// - Parameters:
    ///   - tokenCount: tokens of the text.
    ///   - length: tokens of a window.
    ///   - batchTokens: tokens of an update, in whole windows, at least one.
    ///   - shardTokens: tokens that are in memory at a time at most, but for a single window.
    ///   - updatesPerEpoch: updates between two evaluations.
    ///   - order: where windows begin.
    ///   - seed: what random windows depend on.
    public init(
        tokenCount: Int, length: Int, batchTokens: Int,
        shardTokens: Int = BatchPlan.defaultShardTokens, updatesPerEpoch: Int,
        order: Order = .random, seed: UInt64
    ) {
        precondition(length > 0 && tokenCount > length && updatesPerEpoch > 0, "no window fits")
        self.tokenCount = tokenCount
        self.length = length
        batchWindows = max(1, batchTokens / length)
        mostWindows = max(1, shardTokens / length)
        self.updatesPerEpoch = updatesPerEpoch
        self.order = order
        self.seed = seed
    }

    /// The updates of an epoch; each is a list of shards, each a list of windows.
    public func updates(epoch: Int) -> [[[Int]]] {
        switch order {
        case .random:
            var numbers = CounterNumbers(seed: seed, stream: UInt64(epoch))
            return (0..<updatesPerEpoch).map { _ in
                Self.shards(
                    (0..<batchWindows).map { _ in numbers.next(below: tokenCount - length) },
                    atMost: mostWindows)
            }
        case .shuffled:
            let perPass = max(1, (passWindows + batchWindows - 1) / batchWindows)
            let first = (epoch - 1) * updatesPerEpoch
            var windows: (pass: Int, order: [Int]) = (-1, [])
            return (first..<first + updatesPerEpoch).map { update in
                let (pass, index) = update.quotientAndRemainder(dividingBy: perPass)
                if windows.pass != pass { windows = (pass, passOrder(pass)) }
                let start = index * batchWindows
                let end = min(start + batchWindows, windows.order.count)
                return Self.shards(Array(windows.order[start..<end]), atMost: mostWindows)
            }
        }
    }

    /// Windows that follow one another, whatever the beginning.
    private var passWindows: Int { max(1, (tokenCount - 1) / length - 1) }

    private func passOrder(_ pass: Int) -> [Int] {
        var numbers = CounterNumbers(seed: seed, stream: UInt64(pass))
        let room = tokenCount - 1 - passWindows * length
        let shift = numbers.next(below: room + 1)
        return numbers.permutation(passWindows).map { shift + $0 * length }
    }

    /// As few shards as can hold the windows, as equal as they can be.
    private static func shards(_ windows: [Int], atMost most: Int) -> [[Int]] {
        let count = windows.count / most + (windows.count % most == 0 ? 0 : 1)
        return (0..<count).map { shard in
            Array(windows[shard * windows.count / count..<(shard + 1) * windows.count / count])
        }
    }

    /// Windows that cover a text of `tokenCount` tokens once, in shards; the last one may be shorter than the others.
    public static func covering(
        tokenCount: Int, length: Int, shardTokens: Int = BatchPlan.defaultShardTokens
    ) -> [[Int]] {
        let windows = Array(stride(from: 0, to: max(tokenCount - 1, 0), by: length))
        return shards(windows, atMost: max(1, shardTokens / length))
    }
}
