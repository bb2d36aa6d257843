import HeedFormats
import HeedTensor
import HeedTestSupport
import Testing

/// What is counted belongs to the whole process, so that every test counts in a child of its own.
@Suite("Memory")
struct MemoryTests {
    @Test("the backward pass frees the tape as it goes")
    func peakOfAChain() async {
        await #expect(processExitsWith: .success) {
            let rows = 512
            let size = rows * 256 * 4
            let x = Tensor.seeded([rows, 256], seed: 1)
            let before = BufferPool.report.liveBytes
            BufferPool.resetPeak()
            let depth = 24
            do {
                let tape = Tape()
                let context = Context(tape: tape)
                var y = tape.variable(x)
                for _ in 0..<depth { y = context.apply(.tanh, y) }
                let forward = BufferPool.report.liveBytes - before
                // Each step keeps its result, and nothing else.
                #expect(forward <= depth * size + 4096, "\(forward)")
                _ = tape.backward(y)
                let peak = BufferPool.report.peakLiveBytes - before
                // The gradient that arrives, the one that leaves, and the ones of the seed in float64.
                #expect(peak <= forward + 4 * size, "\(peak) of \(forward)")
            }
            let after = BufferPool.report.liveBytes
            #expect(after == before, "\(after - before) bytes stay")
        }
    }

    @Test("what a step saves is released while the backward pass is still running")
    func releaseDuringBackward() async {
        await #expect(processExitsWith: .success) {
            var live: [Int] = []
            let tape = Tape()
            let context = Context(tape: tape)
            let x = tape.variable(Tensor.seeded([512, 256], seed: 1))
            // Reads what is alive when the gradient passes.
            func watched(_ x: Tensor) -> Tensor {
                context.custom([x]) { _, inputs in
                    inputs
                } backward: { upstream in
                    live.append(BufferPool.report.liveBytes)
                    return upstream
                }[0]
            }
            func chain() -> Tensor {
                var y = x
                for _ in 0..<8 { y = watched(context.apply(.tanh, context.apply(.gelu, y))) }
                return y
            }
            _ = tape.backward(chain(), upstream: Tensor.zeros([512, 256]))
            // From the second on: the first gradient was there before.
            #expect(live.count == 8, "\(live)")
            for (earlier, later) in zip(live.dropFirst(), live.dropFirst(2)) {
                #expect(later < earlier, "\(live)")
            }
        }
    }

    @Test("the peak of a training step is bounded by what its layers save")
    func peakOfAStep() async {
        await #expect(processExitsWith: .success) {
            let peaks = [2, 4, 8].map { layers in
                let model = SmallTransformer(layers: layers)
                _ = model.pass([128, 128], .float32)
                let before = BufferPool.report.liveBytes
                BufferPool.resetPeak()
                _ = model.pass([128, 128], .float32)
                return BufferPool.report.peakLiveBytes - before
            }
            // One layer's share is the same whatever the depth: nothing is kept twice.
            let (first, second) = (peaks[1] - peaks[0], peaks[2] - peaks[1])
            #expect(first > 0)
            #expect(second <= 2 * first + first / 8, "\(peaks)")
        }
    }

    @Test("weights in the library's layout stay for the next product only if they are to")
    func packedWeights() async {
        await #expect(processExitsWith: .success) {
            let weight = Parameter("w", Tensor.seeded([512, 512], seed: 1))
            let arena = GradientArena([weight])
            defer { arena.detach() }
            let x = Tensor.seeded([64, 512], seed: 2)
            func kept(_ keeps: Bool) -> Int {
                let before = BufferPool.report.liveBytes
                let tape = Tape()
                var context = Context(tape: tape)
                context.keepsPackedWeights = keeps
                let y = context.linear(tape.variable(x), weight)
                _ = tape.backward(y)
                return BufferPool.report.liveBytes - before - y.byteCount
            }
            let size = weight.value.byteCount
            #expect(kept(false) == 0)
            // One layout for x · Wᵀ, and one for dy · W.
            #expect(kept(true) >= 2 * size)
        }
    }

    @Test("an activation inside a linear layer keeps its argument alone")
    func activation() async {
        await #expect(processExitsWith: .success) {
            let weight = Parameter("w", Tensor.seeded([8, 256], seed: 1))
            let x = Tensor.seeded([512, 256], seed: 2)
            func kept(_ body: (Context, Tensor) -> Tensor) -> Int {
                let tape = Tape()
                let before = BufferPool.report.liveBytes
                var context = Context(tape: tape)
                context.keepsPackedWeights = false
                let y = body(context, tape.variable(x))
                return withExtendedLifetime(y) { BufferPool.report.liveBytes - before }
            }
            let inside = kept { $0.linear($1, weight, activation: .plain(.gelu)) }
            let outside = kept { $0.linear($0.apply(.gelu, $1), weight) }
            #expect(outside - inside >= x.byteCount, "\(inside), \(outside)")
            #expect(inside < x.byteCount / 8, "\(inside)")
        }
    }

    @Test("checkpointing keeps less")
    func checkpointingKeepsLess() async {
        await #expect(processExitsWith: .success) {
            func peak(_ isCheckpointed: Bool) -> Int {
                let tape = Tape()
                let context = Context(tape: tape)
                var y = tape.variable(Tensor.seeded([512, 256], seed: 1))
                BufferPool.resetPeak()
                let before = BufferPool.report.liveBytes
                let block = { (context: Context, inputs: [Tensor]) in
                    [(0..<8).reduce(inputs[0]) { x, _ in context.apply(.gelu, x) }]
                }
                for _ in 0..<6 {
                    y =
                        isCheckpointed
                        ? context.checkpointed([y], block)[0] : block(context, [y])[0]
                }
                _ = tape.backward(y)
                return BufferPool.report.peakLiveBytes - before
            }
            #expect(peak(true) * 2 < peak(false))
        }
    }

    @Test("an update copies no parameter")
    func updatesInPlace() {
        let model = SmallTransformer(layers: 2)
        let arena = GradientArena(model.parameters)
        let moments = AdamMoments(arena)
        let ids = SmallTransformer.ids(20)
        for precision in [Precision.float32, .bfloat16] {
            for _ in 0..<3 {
                arena.clear()
                let tape = Tape()
                let context = Context(tape: tape, isTraining: true, precision: precision)
                let packing = SequencePacking(lengths: [9, 11])
                let x = model.hidden(ids, packing, context)
                let loss = context.projectionLoss(x, weight: model.table, targets: ids).loss
                _ = tape.backward(loss)
                moments.update(AdamStep(learningRate: 1e-3))
            }
        }
        #expect(model.parameters.map(\.copyCount) == model.parameters.map { _ in 0 })
    }

    @Test("an update copies a parameter that somebody holds, and what is held stays")
    func updateOfAHeldParameter() {
        let parameter = Parameter("w", Tensor.seeded([5, 3], seed: 1))
        let arena = GradientArena([parameter])
        let held = parameter.value
        let before = held.floats
        let tape = Tape()
        let context = Context(tape: tape)
        _ = tape.backward(context.linear(Tensor.seeded([2, 3], seed: 2), parameter))
        AdamMoments(arena).update(AdamStep(learningRate: 0.1))
        #expect(held.floats == before)
        #expect(parameter.value.floats != before)
        #expect(parameter.copyCount == 1)
    }

    @Test("the pool of buffers reuses, keeps no more than its limit, and can be emptied")
    func bufferPool() async {
        await #expect(processExitsWith: .success) {
            func use() { _ = Tensor.zeros([1 << 20]) }
            use()
            let once = BufferPool.report
            for _ in 0..<10 { use() }
            let often = BufferPool.report
            #expect(often.allocations == once.allocations)
            #expect(often.requests == once.requests + 10)
            #expect(often.liveBytes == once.liveBytes)
            #expect(often.idleBytes >= 1 << 22)
            BufferPool.empty()
            #expect(BufferPool.report.idleBytes == 0)
            BufferPool.limit = 1 << 21
            use()
            #expect(BufferPool.report.idleBytes <= 1 << 21)
            let held = Tensor.zeros([1 << 20])
            #expect(BufferPool.report.liveBytes >= held.byteCount)
        }
    }

    @Test("memory is aligned to 64 bytes, also for tensors without elements")
    func alignment() {
        for count in [0, 1, 15, 64, 1000, 1 << 20] {
            let tensor = Tensor(uninitialized: [count], .float32)
            let address = unsafe tensor.withBytes { UInt(bitPattern: $0.baseAddress) }
            #expect(address % 64 == 0)
        }
    }
}
