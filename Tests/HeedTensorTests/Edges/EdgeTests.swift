import HeedFormats
import HeedTensor
import HeedTestSupport
import Testing

@Suite("Edge cases of operators", .serialized)
struct EdgeTests {
    private let precisions = [Precision.float32, .bfloat16, .float64]

    private func matrix(_ rows: [[Double]], _ precision: Precision) -> Tensor {
        Tensor(rows.flatMap { $0 }, shape: [rows.count, rows[0].count]).inType(
            precision.activationType)
    }

    @Test("a shape with a size of 0 has no elements, however large the other sizes are")
    func emptyShapes() {
        let large = 1 << 40
        for shape in [[0, large, large], [large, 0, large], [large, large, 0]] as [Shape] {
            #expect(shape.count == 0)
        }
        #expect(([large, large, 0, 2] as Shape).rows == 0 && ([large, 0] as Shape).rows == large)
    }

    @Test("a softmax row of −∞ gives 0 and gradient 0")
    func emptySoftmaxRow() {
        for precision in precisions {
            let low = -Double.infinity
            let x = matrix([[low, low, low], [0, low, 0]], precision)
            let run = GradientRun([x], [], Context(precision: precision), seed: 1) {
                [$0.softmax($1[0])]
            }
            #expect(run.outputs[0].doubles == [0, 0, 0, 0.5, 0, 0.5])
            let gradient = run.gradients[0].doubles
            #expect(gradient[0...2].allSatisfy { $0 == 0 } && gradient[4] == 0)
            #expect(gradient.allSatisfy { $0.isFinite })
        }
    }

    @Test("a log-softmax row of −∞ stays −∞ and has gradient 0, in and beside other rows")
    func emptyLogSoftmaxRow() {
        for precision in precisions {
            let low = -Double.infinity
            let x = matrix([[0, low, 0], [low, low, low], [1, 1, 1]], precision)
            let run = GradientRun([x], [], Context(precision: precision), seed: 1) {
                [$0.logSoftmax($1[0])]
            }
            #expect(run.outputs[0].doubles[3...5].allSatisfy { $0 == low })
            let gradient = run.gradients[0].doubles
            #expect(gradient[3...5].allSatisfy { $0 == 0 })
            #expect(gradient[0...2].contains { $0 != 0 } && gradient[6...8].contains { $0 != 0 })
            #expect(gradient.allSatisfy { $0.isFinite })
        }
    }

    /// Two sequences whose last keys are masked, with `hidden` in the masked keys and values.
    private func masked(_ hidden: Double, _ precision: Precision, _ mask: AttentionMask) -> String {
        let type = precision.activationType
        let heads = AttentionHeads(count: 2, keySize: 8)
        var roles = (0..<3).map { Tensor.seeded([8, 16], seed: UInt64($0), .float64).doubles }
        for role in 1...2 {
            for row in [3, 7] { for column in 0..<16 { roles[role][row * 16 + column] = hidden } }
        }
        let inputs = roles.map { Tensor($0, shape: [8, 16]).inType(type) }
        let packing = SequencePacking(lengths: [4, 4])
        let run = GradientRun(inputs, [], Context(precision: precision), seed: 1) {
            context, inputs in
            [
                context.attention(
                    queries: Columns(inputs[0]), keys: Columns(inputs[1]),
                    values: Columns(inputs[2]), heads: heads, queryPacking: packing, mask: mask)
            ]
        }
        #expect(run.outputs.allSatisfy { $0.doubles.allSatisfy(\.isFinite) })
        #expect(run.gradients.allSatisfy { $0.doubles.allSatisfy(\.isFinite) })
        return digest(run.outputs + run.gradients)
    }

    @Test("a NaN or ∞ behind a mask changes nothing, forward and backward")
    func nanBehindMask() {
        let dense = Tensor(
            (0..<16).map { UInt8($0 % 4 == 3 ? 0 : 1) }, shape: [1, 1, 4, 4])
        for precision in precisions {
            for mask in [
                AttentionMask.lengths([3, 3]), .dense(dense), .causal(offsets: [-1, -1]),
            ] {
                let results = [0.5, .nan, .infinity].map { masked($0, precision, mask) }
                #expect(Set(results).count == 1, "\(precision) \(mask)")
            }
        }
    }

    @Test("a query that sees nothing gives zeros and zero gradients")
    func nothingToAttendTo() {
        for precision in precisions {
            let x = Tensor.seeded([3, 12], seed: 1, precision.activationType)
            let run = GradientRun([x], [], Context(precision: precision), seed: 1) {
                context, inputs in
                [
                    context.attention(
                        queries: Columns(inputs[0], 0..<4), keys: Columns(inputs[0], 4..<8),
                        values: Columns(inputs[0], 8..<12),
                        heads: AttentionHeads(count: 1, keySize: 4),
                        queryPacking: SequencePacking(lengths: [3]), mask: .lengths([0]))
                ]
            }
            #expect(run.outputs[0].doubles.allSatisfy { $0 == 0 })
            #expect(run.gradients[0].doubles.allSatisfy { $0 == 0 })
        }
    }

    @Test("logits of ±1e4 stay finite in every softmax, loss and attention")
    func largeLogits() {
        for precision in precisions {
            let type = precision.activationType
            let x = Tensor(
                (0..<33).map { [1e4, -1e4, 0][$0 % 3] }, shape: [3, 11]
            ).inType(type)
            let targets = Tensor([Int32(0), 1, 2])
            let heads = AttentionHeads(count: 1, keySize: 11, scale: 1)
            let run = GradientRun([x], [], Context(precision: precision), seed: 1) {
                context, inputs in
                let x = inputs[0]
                return [
                    context.softmax(x), context.logSoftmax(x),
                    context.crossEntropy(x, targets: targets, smoothing: 0.1),
                    context.attention(
                        queries: Columns(x), keys: Columns(x), values: Columns(x), heads: heads,
                        queryPacking: SequencePacking(lengths: [3])),
                ]
            }
            #expect((run.outputs + run.gradients).allSatisfy { $0.doubles.allSatisfy(\.isFinite) })
        }
    }

    @Test("layer and RMS norms of constant rows are finite, forward and backward")
    func constantRows() {
        for precision in precisions {
            for kind in Norm.Kind.allCases {
                for value in [0, 3.25, -1e4] {
                    let x = Tensor.constant(value, [3, 33], precision.activationType)
                    let scale = Parameter("γ", Tensor.constant(1, [33], precision.statistics))
                    let run = GradientRun([x], [scale], Context(precision: precision), seed: 1) {
                        [$0.norm($1[0], Norm(kind, scale: scale, epsilon: 1e-5))]
                    }
                    let all = (run.outputs + run.gradients).flatMap(\.doubles)
                    #expect(all.allSatisfy { $0.isFinite }, "\(precision) \(kind) \(value)")
                    if kind == .layer {
                        #expect(run.outputs[0].doubles.allSatisfy { $0 == 0 })
                    }
                }
            }
        }
    }

    @Test("targets that are all ignored give loss 0 and zero gradients")
    func ignoredTargets() {
        for precision in precisions {
            let x = Tensor.seeded([3, 16], seed: 1, precision.activationType)
            let weight = Parameter("w", Tensor.seeded([7, 16], seed: 2, precision.statistics))
            let targets = Tensor([Int32](repeating: -1, count: 3))
            let run = GradientRun([x], [weight], Context(precision: precision), seed: 1) {
                [
                    $0.projectionLoss($1[0], weight: weight, targets: targets, smoothing: 0.1).loss,
                    $0.crossEntropy($0.linear($1[0], weight), targets: targets),
                ]
            }
            #expect((run.outputs + run.gradients).flatMap(\.doubles).allSatisfy { $0 == 0 })
        }
    }

    @Test("no tokens and no sequences are legal in every precision, forward and backward")
    func nothing() {
        for precision in precisions {
            for lengths in [[], [0], [0, 0]] {
                let model = SmallTransformer(layers: 1, precision.statistics)
                #expect(!model.pass(lengths, precision).isEmpty)
            }
        }
    }

    @Test("an index of 66,048 keys is in range")
    func manyKeys() {
        let count = 66_048
        var keys = [Float](repeating: 0, count: count)
        keys[count - 1] = 40
        let values = (0..<count).map { Float($0) / 1024 }
        let heads = AttentionHeads(count: 1, keySize: 1, scale: 1)
        let output = Context().attention(
            queries: Columns(Tensor([Float(1)], shape: [1, 1])),
            keys: Columns(Tensor(keys, shape: [count, 1])),
            values: Columns(Tensor(values, shape: [count, 1])), heads: heads,
            queryPacking: SequencePacking(lengths: [1]),
            keyRanges: SequencePacking(lengths: [count]).ranges)
        #expect(output.floats == [values[count - 1]])
    }

    @Test("an index of a mask with more than 2³¹ elements is in range")
    func largeMask() {
        let (sequences, keys) = (33_000, 66_048)
        // Nobody reads the rows of sequences without queries; their pages stay untouched.
        let mask = unsafe Tensor.filled([sequences, 1, 1, keys], .uint8) { bytes in
            let last = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes.suffix(keys))
            for key in 0..<keys { unsafe last[key] = key == 5 || key == keys - 1 ? 1 : 0 }
        }
        #expect(mask.count > 1 << 31)
        let lengths = { (last: Int) in [Int](repeating: 0, count: sequences - 1) + [last] }
        let values = (0..<keys).map { Float($0) }
        let output = Context().attention(
            queries: Columns(Tensor([Float(1)], shape: [1, 1])),
            keys: Columns(Tensor([Float](repeating: 1, count: keys), shape: [keys, 1])),
            values: Columns(Tensor(values, shape: [keys, 1])),
            heads: AttentionHeads(count: 1, keySize: 1, scale: 1),
            queryPacking: SequencePacking(lengths: lengths(1)),
            keyRanges: SequencePacking(lengths: lengths(keys)).ranges, mask: .dense(mask))
        #expect(output.floats == [(values[5] + values[keys - 1]) / 2])
    }

    @Test("a tensor used outside its tape is a constant to another")
    func otherTape() {
        let (first, second) = (Tape(), Tape())
        let x = first.variable(Tensor.seeded([3], seed: 1))
        let y = Context(tape: second).apply(.tanh, x)
        #expect(!second.records(y) && !first.records(y))
        #expect(second.backward(y)[x] == nil)
        #expect(Context(tape: first).withoutGradient.apply(.tanh, x).detached.floats == y.floats)
    }
}
