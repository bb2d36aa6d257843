import HeedFormats
import HeedTensor
import HeedTestSupport
import Testing

@Suite("Gradients of matrices in bfloat16")
struct GradientArenaTests {
    private static let lengths = [40, 1, 27]

    @Test("are those in float32, rounded; those of vectors are the same")
    func rounded() throws {
        let model = SmallTransformer(layers: 2)
        let arenas = [false, true].map { halves in
            let arena = GradientArena(model.parameters, matricesInBFloat16: halves)
            _ = model.pass(Self.lengths, .bfloat16) { _ in }
            return (arena, model.parameters.map { $0.gradient?.floats ?? [] })
        }
        let wide = arenas[0].1
        for ((parameter, wanted), found) in zip(zip(model.parameters, wide), arenas[1].1) {
            let rounded = Tensor(wanted).inType(.bfloat16).inType(.float32).floats
            if parameter.shape.rank < 2 {
                #expect(found == wanted, "\(parameter.name)")
            } else if parameter === model.table {
                // Rows that were looked up are added to what the projection left: two roundings.
                let errors = zip(found, wanted).map { ($0 - $1).magnitude }
                let largest = wanted.map(\.magnitude).max() ?? 0
                #expect(largest > 0 && errors.allSatisfy { $0 <= largest / 128 })
                #expect(found != wanted)
            } else {
                #expect(found == rounded && found != wanted, "\(parameter.name)")
            }
        }
        let squares = arenas[1].1.joined().reduce(0) { $0 + Double($1) * Double($1) }
        #expect(abs(arenas[1].0.norm() / squares.squareRoot() - 1) < 1e-12)
        let all = arenas[1].0.snapshot().floats
        for (offset, gradient) in zip(arenas[1].0.offsets, arenas[1].1) {
            #expect(Array(all[offset..<offset + gradient.count]) == gradient)
        }
        arenas[1].0.clear()
        #expect(model.parameters.allSatisfy { $0.gradient?.floats.allSatisfy { $0 == 0 } == true })
    }

    @Test("give the same update as float32 where they are exact, and are cleared by it")
    func update() {
        // More than one task takes, and numbers with few bits.
        let sizes: [Shape] = [[300, 130], [77], [3, 5, 7]]
        let gradients = sizes.map { shape in
            Tensor((0..<shape.count).map { Float($0 * 37 % 101 - 50) / 64 }, shape: shape)
        }
        let results = [false, true].map { halves -> [[Float]] in
            let parameters = sizes.enumerated().map { index, shape in
                Parameter("p\(index)", Tensor.seeded(shape, seed: UInt64(index)))
            }
            let arena = GradientArena(parameters, matricesInBFloat16: halves)
            defer { arena.detach() }
            let moments = AdamMoments(arena)
            for step in 1...3 {
                for (parameter, gradient) in zip(parameters, gradients) {
                    // Twice, since gradients add up.
                    for _ in 0..<2 {
                        let tape = Tape()
                        let value = Context(tape: tape).value(of: parameter)
                        _ = tape.backward(value, upstream: gradient)
                    }
                    #expect(parameter.gradient?.floats == gradient.floats.map { 2 * $0 })
                }
                moments.update(AdamStep(learningRate: 0.01 * Double(step)), clearing: true)
                #expect(
                    parameters.allSatisfy { $0.gradient?.floats.allSatisfy { $0 == 0 } == true })
            }
            return parameters.map(\.value.floats)
        }
        #expect(results[0] == results[1])
    }

    @Test("take half of the memory")
    func memory() async {
        await #expect(processExitsWith: .success) {
            let parameter = Parameter("w", Tensor.zeros([1024, 1024]))
            let bytes = [false, true].map { halves in
                let before = BufferPool.report.liveBytes
                let arena = GradientArena([parameter], matricesInBFloat16: halves)
                defer { arena.detach() }
                return BufferPool.report.liveBytes - before
            }
            #expect(bytes[0] >= 4 << 20 && bytes[1] <= 2 << 20 + 4096, "\(bytes)")
        }
    }

    @Test(
        "a projection's gradient that is added as the loss is computed is the same",
        arguments: [true, false])
    func atOnce(halves: Bool) {
        let model = SmallTransformer(layers: 1)
        let run = { (shards: Int, atOnce: Bool) -> [Float] in
            let arena = GradientArena(model.parameters, matricesInBFloat16: halves)
            defer { arena.detach() }
            for update in 0..<shards {
                _ = model.pass(Self.lengths, .bfloat16, update: UInt32(update)) {
                    $0.startsBackwardAtLoss = atOnce
                }
            }
            return arena.snapshot().floats
        }
        let isSame = run(1, true) == run(1, false)
        #expect(isSame)
        // A sum that begins with what is there already is rounded in another order.
        let (found, wanted) = (run(2, true), run(2, false))
        let largest = wanted.map(\.magnitude).max() ?? 0
        let worst = zip(found, wanted).map { ($0 - $1).magnitude }.max() ?? .infinity
        #expect(largest > 0 && worst <= largest * (halves ? 0x1p-7 : 1e-6))
    }

    @Test("a backward pass that does not start at the loss is refused where it was to")
    func startsElsewhere() async {
        await #expect(processExitsWith: .failure) {
            let tape = Tape()
            var context = Context(tape: tape)
            context.startsBackwardAtLoss = true
            let table = Parameter("table", Tensor.seeded([7, 3], seed: 1))
            let arena = GradientArena([table])
            defer { arena.detach() }
            let loss = context.projectionLoss(
                tape.variable(Tensor.seeded([2, 3], seed: 2)), weight: table,
                targets: Tensor([Int32(1), 4])
            ).loss
            _ = tape.backward(loss, upstream: Tensor([Float(2)], shape: []))
        }
    }
}
