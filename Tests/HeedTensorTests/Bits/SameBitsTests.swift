import HeedFormats
import HeedTensor
import HeedTestSupport
import Testing

@Suite("The same bits for any number of threads")
struct SameBitsTests {
    static let instructionSets = ChildProcess.instructionSets.map(\.name)
    /// Numbers of rows around panels, tails and chunks.
    static let rows = [1, 2, 3, 5, 8, 15, 16, 17, 33, 64, 65, 127, 128, 129, 300, 1100]

    @Test("loss, outputs and gradients of a small Transformer", arguments: instructionSets)
    func transformer(isa: String) async {
        await #expect(processExitsWith: .success) { [isa] in
            try #require(ChildProcess.begin(isa: isa))
            for precision in [Precision.float32, .bfloat16] {
                let results = ChildProcess.withThreads {
                    SmallTransformer(layers: 2).pass([130, 1, 77, 0, 300], precision)
                }
                #expect(Set(results).count == 1, "\(isa) \(precision): \(results)")
            }
            let halved = ChildProcess.withThreads {
                SmallTransformer(layers: 2).pass(
                    [130, 1, 77, 0, 300], .bfloat16, matricesInBFloat16: true)
            }
            #expect(Set(halved).count == 1, "\(isa): \(halved)")
        }
    }

    @Test("products by number of rows and type, forward and backward", arguments: instructionSets)
    func products(isa: String) async {
        await #expect(processExitsWith: .success) { [isa] in
            try #require(ChildProcess.begin(isa: isa))
            for type in [ElementType.float32, .bfloat16] {
                for (inner, columns) in [(64, 96), (257, 130), (512, 700)] {
                    for rows in SameBitsTests.rows {
                        let results = ChildProcess.withThreads {
                            SameBitsTests.product(rows, inner, columns, type)
                        }
                        #expect(
                            Set(results).count == 1, "\(isa) \(type) \(rows)×\(inner)×\(columns)")
                    }
                }
            }
        }
    }

    /// A linear layer and a product of tensors, with their gradients.
    private static func product(
        _ rows: Int, _ inner: Int, _ columns: Int, _ type: ElementType
    ) -> String {
        let weight = Parameter("w", Tensor.seeded([columns, inner], seed: 1))
        let bias = Parameter("b", Tensor.seeded([columns], seed: 2))
        let inputs = [
            Tensor.seeded([rows, inner], seed: 3, type),
            Tensor.seeded([rows, columns], seed: 4, type),
        ]
        let run = GradientRun(inputs, [weight, bias], Context(), seed: 5) { context, inputs in
            [
                context.linear(inputs[0], weight, bias: bias),
                context.matmul(inputs[0], inputs[1], transposingA: true),
            ]
        }
        return digest(run.outputs + run.gradients)
    }

    @Test(
        "a row of a linear layer is the same bits alone and in a batch", arguments: instructionSets)
    func rowsAlone(isa: String) async {
        await #expect(processExitsWith: .success) { [isa] in
            try #require(ChildProcess.begin(isa: isa))
            for type in [ElementType.float32, .bfloat16] {
                let shapes = [
                    (64, 96), (96, 64), (257, 130), (130, 700), (512, 1100), (1088, 128),
                    (2048, 128),
                    (2048, 512), (4096, 48),
                ]
                for (inner, columns) in shapes {
                    SameBitsTests.compareRows(inner, columns, type)
                }
            }
        }
    }

    private static func compareRows(_ inner: Int, _ columns: Int, _ type: ElementType) {
        let weight = Parameter("w", Tensor.seeded([columns, inner], seed: 1))
        let bias = Parameter("b", Tensor.seeded([columns], seed: 2))
        let all = Tensor.seeded([300, inner], seed: 3, type)
        let context = Context()
        let whole = context.linear(all, weight, bias: bias)
        for rows in SameBitsTests.rows where rows <= 300 {
            for first in [0, 300 - rows, (300 - rows) / 3] {
                let part = context.linear(
                    context.sliced(all, axis: 0, first..<first + rows), weight, bias: bias)
                let wanted = context.sliced(whole, axis: 0, first..<first + rows)
                #expect(
                    part.bitPattern == wanted.bitPattern,
                    "\(InstructionSet.current) \(type) \(inner)→\(columns): rows \(first)..<\(first + rows)"
                )
            }
        }
    }

    @Test("a sequence gives the same bits alone and in a batch", arguments: instructionSets)
    func sequenceAlone(isa: String) async {
        await #expect(processExitsWith: .success) { [isa] in
            try #require(ChildProcess.begin(isa: isa))
            let lengths = [33, 1, 130, 7]
            let ids = SmallTransformer.ids(lengths.reduce(0, +))
            let model = SmallTransformer(layers: 2)
            for precision in [Precision.float32, .bfloat16] {
                let context = Context(precision: precision)
                let packing = SequencePacking(lengths: lengths)
                let batch = model.hidden(ids, packing, context)
                for rows in packing.rows {
                    let alone = model.hidden(
                        Tensor(Array(ids.scalars(as: Int32.self)[rows])),
                        SequencePacking(lengths: [rows.count]), context)
                    let wanted = context.sliced(batch, axis: 0, rows)
                    #expect(
                        alone.bitPattern == wanted.bitPattern, "\(isa) \(precision) rows \(rows)")
                }
            }
        }
    }

    @Test("a checkpointed pass drops the same elements, and gives the same bits")
    func checkpointing() {
        let model = SmallTransformer(layers: 1)
        let packing = SequencePacking(lengths: [5, 9])
        let ids = SmallTransformer.ids(14)
        let results = [false, true].map { isCheckpointed in
            let arena = GradientArena(model.parameters)
            defer { arena.detach() }
            let tape = Tape()
            let context = Context(
                tape: tape, isTraining: true, random: RandomState(seed: 3, update: 9))
            let hidden = { (context: Context) in model.hidden(ids, packing, context) }
            let x =
                isCheckpointed
                ? context.checkpointed([]) { context, _ in [hidden(context)] }[0]
                : hidden(context)
            _ = tape.backward(x, upstream: Tensor.seeded(x.shape, seed: 6))
            return digest([x, arena.snapshot()])
        }
        #expect(results[0] == results[1])
    }
}
