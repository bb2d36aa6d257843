import HeedTraining
import Testing

@Suite("Windows of a text")
struct WindowPlanTests {
    private func plan(
        _ order: WindowPlan.Order, tokens: Int = 103, seed: UInt64 = 1, shardTokens: Int = 30
    ) -> WindowPlan {
        WindowPlan(
            tokenCount: tokens, length: 10, batchTokens: 45, shardTokens: shardTokens,
            updatesPerEpoch: 7, order: order, seed: seed)
    }

    @Test("updates hold as many windows as fit, in shards, each with a next token")
    func sizes() {
        for order in WindowPlan.Order.allCases {
            for epoch in 1...5 {
                let updates = plan(order).updates(epoch: epoch)
                #expect(updates.count == 7)
                for update in updates {
                    let windows = update.flatMap(\.self)
                    #expect(order == .shuffled || windows.count == 4)
                    #expect((1...4).contains(windows.count))
                    #expect(update.allSatisfy { (1...3).contains($0.count) })
                    #expect(windows.allSatisfy { (0...92).contains($0) })
                }
            }
        }
    }

    @Test("are a function of seed and epoch alone")
    func repeatable() {
        for order in WindowPlan.Order.allCases {
            let first = plan(order)
            #expect(first.updates(epoch: 3) == plan(order).updates(epoch: 3))
            #expect(first.updates(epoch: 3) != first.updates(epoch: 4))
            #expect(first.updates(epoch: 1) != plan(order, seed: 2).updates(epoch: 1))
        }
    }

    @Test("random windows begin everywhere equally often")
    func uniform() {
        var counts = [Int](repeating: 0, count: 93)
        let plan = WindowPlan(
            tokenCount: 103, length: 10, batchTokens: 100, updatesPerEpoch: 930, seed: 5)
        for start in plan.updates(epoch: 1).flatMap({ $0.flatMap(\.self) }) { counts[start] += 1 }
        #expect(counts.reduce(0, +) == 9300)
        // 100 each; five deviations of a Poisson number.
        #expect(counts.allSatisfy { (50...150).contains($0) })
    }

    @Test("shuffled windows of a pass do not overlap and follow each other")
    func shuffled() {
        // Nine windows a pass, four an update: a pass is three updates.
        let updates = (1...3).flatMap { plan(.shuffled).updates(epoch: $0) }
        for pass in 0..<7 {
            let windows = updates[pass * 3..<pass * 3 + 3].flatMap { $0.flatMap(\.self) }.sorted()
            #expect(windows.count == 9)
            #expect(zip(windows, windows.dropFirst()).allSatisfy { $1 - $0 == 10 })
        }
    }

    @Test("the shards of an update are as few as can hold it, and as equal as they can be")
    func equalShards() {
        for (windows, most, wanted) in [
            (4, 3, [2, 2]), (4, 4, [4]), (7, 3, [2, 2, 3]), (10, 4, [3, 3, 4]), (3, 0, [1, 1, 1]),
            (1, .max / 10, [1]),
        ] {
            let plan = WindowPlan(
                tokenCount: 1000, length: 10, batchTokens: windows * 10, shardTokens: most * 10,
                updatesPerEpoch: 2, seed: 1)
            for update in plan.updates(epoch: 1) { #expect(update.map(\.count) == wanted) }
        }
    }

    @Test("windows that cover a text predict each token but the first once")
    func covering() {
        for tokens in [0, 1, 2, 10, 11, 12, 103] {
            let shards = WindowPlan.covering(tokenCount: tokens, length: 10, shardTokens: 30)
            let starts = shards.flatMap(\.self)
            #expect(shards.allSatisfy { (1...3).contains($0.count) })
            let predicted = starts.flatMap { start in
                Array(start + 1..<min(start + 10, tokens - 1) + 1)
            }
            #expect(predicted == Array(1..<max(tokens, 1)))
        }
    }
}
