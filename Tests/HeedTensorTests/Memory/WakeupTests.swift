import HeedTensor
import HeedTestSupport
import Testing

@Suite("Wake-ups of the thread pool")
struct WakeupTests {
    /// The most wake-ups of a forward and a backward pass; 1 and 1 where nothing is said.
    ///
    /// A backward pass has one for each gradient that it computes: a linear layer's sums for the bias, its weights'
    /// gradient, its input's gradient, and the packing of weights, which happens once for each version.
    static let budget: [String: (forward: Int, backward: Int)] = [:]

    private static func count(_ body: () -> Void) -> Int {
        let before = ThreadPool.wakeups
        body()
        return Int(ThreadPool.wakeups - before)
    }

    @Test("an operator wakes the pool as often as its budget says")
    func budgets() async {
        await #expect(processExitsWith: .success) {
            try #require(ChildProcess.begin(threads: 2))
            let weight = Parameter("w", Tensor.seeded([512, 512], seed: 1))
            let bias = Parameter("b", Tensor.seeded([512], seed: 2))
            let arena = GradientArena([weight, bias])
            let norm = Norm(.layer, scale: bias, shift: bias, epsilon: 1e-5)
            let rows = 600
            let packing = SequencePacking(lengths: [rows])
            let ids = Tensor((0..<rows).map { Int32($0 % 512) })
            let heads = AttentionHeads(count: 8, keySize: 64)
            typealias Operator = (
                name: String, forward: Int, backward: Int, body: (Context, Tensor) -> Tensor
            )
            let operators: [Operator] = [
                ("gelu", 1, 1, { $0.apply(.gelu, $1) }),
                ("softmax", 1, 1, { $0.softmax($1) }),
                ("dropout", 1, 1, { $0.dropout($1, Dropout(0.1, site: 1)) }),
                ("gated", 1, 1, { $0.gated(.silu, $1) }),
                ("add", 1, 0, { $0.add($1, $1.detached) }),
                ("norm", 1, 1, { $0.norm($1, norm) }),
                (
                    "residual", 1, 1,
                    {
                        $0.addResidual(
                            $1, to: $1.detached, dropout: Dropout(0.1, site: 1), norm: norm
                        ).normalised
                    }
                ),
                // Weights' gradient, input's gradient, sums for the bias.
                ("linear", 1, 3, { $0.linear($1, weight, bias: bias) }),
                ("embedding", 1, 1, { context, _ in context.embedding(ids, weight) }),
                (
                    "attention", 1, 1,
                    { context, x in
                        context.attention(
                            queries: Columns(x), keys: Columns(x.detached),
                            values: Columns(x.detached),
                            heads: heads, queryPacking: packing, mask: .causal())
                    }
                ),
                ("matmul", 1, 1, { $0.matmul($1, weight.value, transposingB: true) }),
            ]
            for entry in operators {
                for round in 0..<2 {
                    let tape = Tape()
                    let context = Context(tape: tape, isTraining: true)
                    let x = tape.variable(Tensor.seeded([rows, 512], seed: 3))
                    let upstreamShape = entry.body(Context(), x.detached).shape
                    let upstream = Tensor.seeded(upstreamShape, seed: 4)
                    var y: Tensor?
                    let forward = WakeupTests.count { y = entry.body(context, x) }
                    let backward = WakeupTests.count {
                        if let y { _ = tape.backward(y, upstream: upstream) }
                    }
                    // The first round also packs weights and makes products.
                    guard round == 1 else { continue }
                    #expect(forward <= entry.forward, "\(entry.name) forward")
                    #expect(backward <= entry.backward, "\(entry.name) backward")
                }
            }
            arena.detach()
        }
    }

    @Test("one thread, and work of one piece, wake nobody")
    func nobodyWakes() async {
        await #expect(processExitsWith: .success) {
            try #require(ChildProcess.begin(threads: 1))
            let x = Tensor.seeded([600, 512], seed: 3)
            #expect(WakeupTests.count { _ = Context().apply(.gelu, x) } == 0)
            ThreadPool.threadCount = 2
            let small = Tensor.seeded([4, 5], seed: 3)
            #expect(WakeupTests.count { _ = Context().apply(.gelu, small) } == 0)
        }
    }

    @Test("work inside work, and callers from many threads, get the same bits")
    func nesting() async {
        let x = Tensor.seeded([300, 700], seed: 1)
        let wanted = digest([Context().apply(.gelu, x)])
        let results = await withTaskGroup(of: String.self) { group in
            for _ in 0..<16 { group.addTask { digest([Context().apply(.gelu, x)]) } }
            return await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(results == [wanted])
    }
}
