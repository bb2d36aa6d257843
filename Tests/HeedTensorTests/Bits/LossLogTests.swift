import HeedTensor
import HeedTestSupport
import Testing

@Suite("The log of a training")
struct LossLogTests {
    @Test(
        "of 100 updates has the same losses, in hexadecimal, for any number of threads",
        arguments: SameBitsTests.instructionSets)
    func threads(isa: String) async {
        await #expect(processExitsWith: .success) { [isa] in
            try #require(ChildProcess.begin(isa: isa))
            for precision in [Precision.float32, .bfloat16] {
                let logs = ChildProcess.withThreads {
                    SmallTransformer(layers: 1).lossLog(updates: 100, precision)
                }
                #expect(Set(logs).count == 1, "\(isa) \(precision): \(Set(logs).count) logs")
                let losses = logs[0].map { Double(bitPattern: UInt64($0, radix: 16) ?? 0) }
                #expect(losses.count == 100)
                #expect(losses.allSatisfy(\.isFinite) && losses[99] < losses[0] / 2, "\(losses)")
            }
        }
    }
}

extension SmallTransformer {
    /// The losses of a training, as the hexadecimal form of their bits.
    func lossLog(updates: Int, _ precision: Precision) -> [String] {
        let arena = GradientArena(parameters)
        defer { arena.detach() }
        let moments = AdamMoments(arena)
        return (1...updates).map { update in
            let tape = Tape()
            let context = Context(
                tape: tape, isTraining: true, precision: precision,
                random: RandomState(seed: 11, update: UInt32(update)))
            let packing = SequencePacking(lengths: [17 + update % 5, 1, 0, 40])
            let ids = Self.ids(packing.tokenCount)
            let loss = context.projectionLoss(
                hidden(ids, packing, context), weight: table, targets: ids, smoothing: 0.1
            ).loss
            _ = tape.backward(loss)
            var step = AdamStep(learningRate: 0.002)
            step.gradientScale = min(1, 1 / (arena.norm() + 1e-6))
            moments.update(step)
            arena.clear()
            return String(loss.scalar.bitPattern, radix: 16)
        }
    }
}
