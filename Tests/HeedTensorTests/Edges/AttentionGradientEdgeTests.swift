import HeedFormats
import HeedTensor
import HeedTestSupport
import Testing

@Suite("Where the gradients of attention go")
struct AttentionGradientEdgeTests {
    private let heads = AttentionHeads(count: 1, keySize: 4)
    private let packing = SequencePacking(lengths: [3])
    private let fused = Tensor.seeded([3, 12], seed: 1, .float64)

    private func attention(_ context: Context, _ q: Tensor, _ k: Tensor, _ v: Tensor) -> Tensor {
        context.attention(
            queries: Columns(q, 0..<4), keys: Columns(k, 4..<8), values: Columns(v, 8..<12),
            heads: heads, queryPacking: packing, mask: .causal())
    }

    /// The gradient of the fused tensor when all of it is one variable.
    private var whole: [Double] {
        let tape = Tape()
        let x = tape.variable(fused)
        let y = attention(Context(tape: tape), x, x, x)
        return tape.backward(y)[x]?.doubles ?? []
    }

    private func columns(_ gradient: [Double], _ range: Range<Int>) -> [Double] {
        gradient.enumerated().map { range.contains($0.offset % 12) ? $0.element : 0 }
    }

    @Test("detached queries that share memory with keys leave the keys their gradient")
    func detachedQueries() throws {
        let tape = Tape()
        let x = tape.variable(fused)
        let y = attention(Context(tape: tape), x.detached, x, x)
        let gradient = try #require(tape.backward(y)[x]).doubles
        #expect(gradient == columns(whole, 4..<12))
    }

    @Test("two variables of one memory have gradients of their own")
    func twoVariables() throws {
        let tape = Tape()
        let (a, b) = (tape.variable(fused), tape.variable(fused))
        let gradients = tape.backward(attention(Context(tape: tape), a, b, b))
        let (first, second) = (try #require(gradients[a]), try #require(gradients[b]))
        #expect(first.doubles == columns(whole, 0..<4))
        #expect(second.doubles == columns(whole, 4..<12))
    }

    @Test("sequences that share their keys cannot be recorded")
    func sharedKeys() async {
        let result = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            let tape = Tape()
            let x = tape.variable(Tensor.zeros([4, 4]))
            let keys = SequenceRanges(starts: [0, 1], lengths: [2, 2])
            _ = Context(tape: tape).attention(
                queries: Columns(x), keys: Columns(x), values: Columns(x),
                heads: AttentionHeads(count: 1, keySize: 4),
                queryPacking: SequencePacking(lengths: [2, 2]), keyRanges: keys)
        }
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(text.contains("attention: sequences share keys"))
    }

    @Test("keys that no sequence owns get gradient 0")
    func keysOfNobody() throws {
        for starts in [[0, 3], [3, 0]] {
            let tape = Tape()
            let q = Tensor.seeded([2, 4], seed: 1)
            let k = tape.variable(Tensor.seeded([6, 4], seed: 2))
            let y = Context(tape: tape).attention(
                queries: Columns(q), keys: Columns(k), values: Columns(k), heads: heads,
                queryPacking: SequencePacking(lengths: [1, 1]),
                keyRanges: SequenceRanges(starts: starts, lengths: [2, 2]))
            let gradient = try #require(tape.backward(y)[k]).doubles
            for row in [2, 5] { #expect(gradient[row * 4..<row * 4 + 4].allSatisfy { $0 == 0 }) }
            #expect(gradient.allSatisfy { $0.isFinite })
        }
    }
}
