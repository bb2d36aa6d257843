import HeedTensor
import HeedTestSupport
import Testing

/// How often an operator wakes the thread pool and asks for memory.
private struct Budget {
    /// Counts of one pass.
    struct Count: Equatable, CustomStringConvertible {
        var wakeups: Int
        var buffers: Int

        var description: String { "\(wakeups) wake-ups, \(buffers) buffers" }

        func fits(_ other: Count) -> Bool {
            wakeups <= other.wakeups && buffers <= other.buffers
        }
    }

    let name: String
    let forward: Count
    let backward: Count
    let body: (Context, Tensor) -> Tensor

    init(
        _ name: String, _ forward: (Int, Int), _ backward: (Int, Int),
        _ body: @escaping (Context, Tensor) -> Tensor
    ) {
        self.name = name
        self.forward = Count(wakeups: forward.0, buffers: forward.1)
        self.backward = Count(wakeups: backward.0, buffers: backward.1)
        self.body = body
    }

    static func count(_ body: () -> Void) -> Count {
        let (wakeups, buffers) = (ThreadPool.wakeups, BufferPool.report.requests)
        body()
        return Count(
            wakeups: Int(ThreadPool.wakeups - wakeups),
            buffers: BufferPool.report.requests - buffers)
    }
}

/// The operators' budgets, each as (wake-ups, buffers) forward and backward.
///
/// A pass wakes the pool once, also a linear layer's backward pass with its three gradients. The projection with
/// cross-entropy computes gradients in its forward pass: in each chunk once for the blocks of rows, from logits to the
/// input's gradient, each block with memory of its own, and once for the gradients of weights and bias.
private func budgets(_ weight: Parameter, _ bias: Parameter, rows: Int) -> [Budget] {
    let norm = Norm(.layer, scale: bias, shift: bias, epsilon: 1e-5)
    let packing = SequencePacking(lengths: [rows])
    let ids = Tensor((0..<rows).map { Int32($0 % 512) })
    let heads = AttentionHeads(count: 8, keySize: 64)
    let drop = Dropout(0.1, site: 1)
    return [
        Budget("gelu", (1, 1), (1, 1)) { $0.apply(.gelu, $1) },
        Budget("softmax", (1, 1), (1, 1)) { $0.softmax($1) },
        Budget("dropout", (1, 1), (1, 1)) { $0.dropout($1, drop) },
        Budget("gated", (1, 1), (1, 1)) { $0.gated(.silu, $1) },
        Budget("add", (1, 1), (0, 0)) { $0.add($1, $1.detached) },
        // Mean and deviation of each row; partial sums of both parameters' gradients.
        Budget("norm", (1, 3), (1, 2)) { $0.norm($1, norm) },
        Budget("residual", (1, 4), (1, 2)) {
            $0.addResidual($1, to: $1.detached, dropout: drop, norm: norm).normalised
        },
        Budget("linear", (1, 1), (1, 2)) { $0.linear($1, weight, bias: bias) },
        Budget("embedding", (1, 1), (1, 3)) { context, _ in context.embedding(ids, weight) },
        Budget("attention", (1, 2), (1, 3)) { context, x in
            context.attention(
                queries: Columns(x), keys: Columns(x.detached), values: Columns(x.detached),
                heads: heads, queryPacking: packing, mask: .causal())
        },
        Budget("matmul", (1, 1), (1, 1)) { $0.matmul($1, weight.value, transposingB: true) },
        Budget("projectionLoss", (4, 34), (3, 1)) {
            $0.projectionLoss($1, weight: weight, bias: bias, targets: ids).loss
        },
    ]
}

/// What is counted belongs to the whole process, so that every test counts in a child of its own.
@Suite("Budgets of wake-ups and memory")
struct BudgetTests {
    @Test("an operator wakes the pool and asks for memory as often as its budget says")
    func operators() async {
        await #expect(processExitsWith: .success) {
            try #require(ChildProcess.begin(threads: 2))
            let rows = 600
            let weight = Parameter("w", Tensor.seeded([512, 512], seed: 1))
            let bias = Parameter("b", Tensor.seeded([512], seed: 2))
            let arena = GradientArena([weight, bias])
            for budget in budgets(weight, bias, rows: rows) {
                // The first round also packs weights and makes products.
                var rounds: [(forward: Budget.Count, backward: Budget.Count)] = []
                for _ in 0..<2 {
                    let tape = Tape()
                    let context = Context(tape: tape, isTraining: true)
                    let x = tape.variable(Tensor.seeded([rows, 512], seed: 3))
                    let shape = budget.body(Context(), x.detached).shape
                    let upstream = Tensor.seeded(shape, seed: 4)
                    var y: Tensor?
                    let forward = Budget.count { y = budget.body(context, x) }
                    let backward = Budget.count {
                        if let y { _ = tape.backward(y, upstream: upstream) }
                    }
                    rounds.append((forward, backward))
                }
                let (forward, backward) = rounds[1]
                #expect(forward.fits(budget.forward), "\(budget.name) forward: \(forward)")
                #expect(backward.fits(budget.backward), "\(budget.name) backward: \(backward)")
            }
            arena.detach()
        }
    }

    @Test("one thread, and work of one piece, wake nobody")
    func nobodyWakes() async {
        await #expect(processExitsWith: .success) {
            try #require(ChildProcess.begin(threads: 1))
            let x = Tensor.seeded([600, 512], seed: 3)
            #expect(Budget.count { _ = Context().apply(.gelu, x) }.wakeups == 0)
            ThreadPool.threadCount = 2
            let small = Tensor.seeded([4, 5], seed: 3)
            #expect(Budget.count { _ = Context().apply(.gelu, small) }.wakeups == 0)
        }
    }

    @Test("callers from many threads get the same bits")
    func manyCallers() async {
        let x = Tensor.seeded([300, 700], seed: 1)
        let wanted = digest([Context().apply(.gelu, x)])
        let results = await withTaskGroup(of: String.self) { group in
            for _ in 0..<16 { group.addTask { digest([Context().apply(.gelu, x)]) } }
            return await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(results == [wanted])
    }
}
