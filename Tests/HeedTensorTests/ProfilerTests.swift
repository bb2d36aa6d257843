import HeedFormats
import HeedTensor
import HeedTestSupport
import Testing

@Suite("The profiler")
struct ProfilerTests {
    /// What a computation of several operators, one inside another, gives under a profiler or without one.
    private func outputs(_ profiler: Profiler?) -> (loss: Tensor, gradient: Tensor?) {
        let weight = Parameter("w", Tensor.seeded([8, 8], seed: 1))
        let tape = Tape()
        let context = Context(tape: tape, profiler: profiler)
        let x = tape.variable(Tensor.seeded([4, 8], seed: 2))
        let hidden = context.apply(.gelu, context.linear(context.linear(x, weight), weight))
        let logits = context.converted(hidden, to: .float32)
        let losses = context.crossEntropy(logits, targets: Tensor([Int32](repeating: 1, count: 4)))
        let loss = context.sum(losses)
        return (loss.detached, tape.backward(loss)[x])
    }

    @Test("operators are counted by name and direction, and nothing changes their results")
    func operators() {
        let profiler = Profiler()
        let (measured, plain) = (outputs(profiler), outputs(nil))
        #expect(measured.loss.floats == plain.loss.floats)
        #expect(measured.gradient?.floats == plain.gradient?.floats)
        #expect(plain.gradient != nil)
        let calls = Dictionary(
            uniqueKeysWithValues: profiler.entries.map { ("\($0.name) \($0.pass)", $0.calls) })
        // The cross-entropy converts its logits by an operator of its own.
        #expect(
            calls == [
                "linear forward": 2, "linear backward": 2, "unary forward": 1,
                "unary backward": 1, "converted forward": 2, "converted backward": 2,
                "crossEntropy forward": 1, "crossEntropy backward": 1, "sum forward": 1,
                "sum backward": 1, "reshaped forward": 2, "reshaped backward": 2,
            ])
        #expect(profiler.entries.allSatisfy { $0.seconds > 0 && $0.seconds < 60 })
    }

    @Test("the time of what runs inside belongs to it alone, and all together is the whole")
    func nesting() async throws {
        let profiler = Profiler()
        let clock = ContinuousClock()
        let start = clock.now
        profiler.begin("outer")
        profiler.begin("inner", .backward)
        try await Task.sleep(for: .milliseconds(50))
        profiler.end()
        profiler.end()
        // What runs while nothing is open belongs to nobody.
        try await Task.sleep(for: .milliseconds(50))
        profiler.measure("outer") {}
        let whole = (clock.now - start).seconds
        let (outer, inner) = (profiler.entries[0], profiler.entries[1])
        #expect(outer.name == "outer" && outer.pass == .forward && outer.calls == 2)
        #expect(inner.name == "inner" && inner.pass == .backward && inner.calls == 1)
        #expect(inner.seconds >= 0.05 && outer.seconds >= 0)
        #expect(inner.seconds + outer.seconds <= whole - 0.05)
    }
}
