import HeedTraining
import Testing

@Suite("Batches of an epoch")
struct BatchPlanTests {
    static let lengths = (0..<700).map { 3 + ($0 * 7919) % 61 }

    @Test(
        "hold every example once, and no more tokens than they may",
        arguments: [(4096, 4096), (1000, 4096), (1500, 1000), (4000, 1024), (3000, 1000), (64, 7)])
    func sizes(batchTokens: Int, shardTokens: Int) {
        let plan = BatchPlan(
            lengths: Self.lengths, batchTokens: batchTokens, shardTokens: shardTokens, seed: 3)
        for epoch in 1...2 {
            let updates = plan.updates(epoch: epoch)
            #expect(updates.joined().joined().sorted() == Array(Self.lengths.indices))
            for shards in updates {
                let sizes = shards.map { shard in
                    (shard.map { Self.lengths[$0] }.max() ?? 0) * shard.count
                }
                // An example longer than a shard is one by itself.
                for (shard, size) in zip(shards, sizes) where shard.count > 1 {
                    #expect(size <= shardTokens)
                }
                if shardTokens > 63 { #expect(sizes.reduce(0, +) <= batchTokens) }
            }
        }
    }

    @Test(
        "hold as many examples as they shall, in shards that are not too large",
        arguments: [(128, 4096), (7, 100), (1, 4096), (1000, 512)])
    func examples(count: Int, shardTokens: Int) {
        let plan = BatchPlan(
            lengths: Self.lengths, batchExamples: count, shardTokens: shardTokens, seed: 3)
        let updates = plan.updates(epoch: 1)
        #expect(updates.joined().joined().sorted() == Array(Self.lengths.indices))
        let sizes = updates.map { $0.joined().count }
        #expect(sizes.dropLast().allSatisfy { $0 == count } && (sizes.last ?? 0) <= count)
        for shard in updates.joined() where shard.count > 1 {
            #expect((shard.map { Self.lengths[$0] }.max() ?? 0) * shard.count <= shardTokens)
        }
        for update in updates where count == 128 {
            let lengths = update.joined().map { Self.lengths[$0] }
            #expect((lengths.max() ?? 0) - (lengths.min() ?? 0) > 40, "short and long ones")
        }
        #expect(updates == plan.updates(epoch: 1))
        #expect(updates != plan.updates(epoch: 2))
    }

    @Test("are a function of seed and epoch alone")
    func determinism() {
        let plan = { (seed: UInt64) in
            BatchPlan(lengths: Self.lengths, batchTokens: 800, seed: seed)
        }
        #expect(plan(3).updates(epoch: 4) == plan(3).updates(epoch: 4))
        #expect(plan(3).updates(epoch: 4) != plan(3).updates(epoch: 5))
        #expect(plan(3).updates(epoch: 4) != plan(4).updates(epoch: 4))
        #expect(
            Set((1...9).map { plan(3).updates(epoch: $0).count }).count == 1,
            "the number of updates depends on the lengths alone")
    }

    @Test("hold examples of similar length, in no order of length")
    func similarity() {
        let updates = BatchPlan(lengths: Self.lengths, batchTokens: 800, seed: 3).updates(epoch: 1)
        for shard in updates.joined() {
            let lengths = shard.map { Self.lengths[$0] }
            #expect((lengths.max() ?? 0) - (lengths.min() ?? 0) <= 8)
        }
        let firsts = updates.map { Self.lengths[$0[0][0]] }
        #expect(firsts != firsts.sorted() && firsts != firsts.sorted(by: >))
    }
}
