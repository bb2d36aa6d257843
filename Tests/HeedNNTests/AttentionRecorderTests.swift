import HeedFormats
import HeedNN
import HeedTensor
import HeedTestSupport
import Testing

@Suite("Recorded attention weights")
struct AttentionRecorderTests {
    private let heads = AttentionHeads(count: 3, keySize: 6, valueSize: 4)
    private let packing = SequencePacking(lengths: [5, 1, 40])
    private let x = Tensor.randomNormal([46, 18], seed: 1, site: 1)

    private func attention(dropout: Double = 0) -> MultiHeadAttention {
        MultiHeadAttention(
            "encoder.0.self", width: 18, heads: heads, dropout: dropout,
            builder: ModelBuilder(seed: 4))
    }

    @Test("a recorder changes no bit of the output, forward or backward", arguments: [0, 0.3])
    func sameOutput(dropout: Double) throws {
        var results: [[Tensor]] = []
        for recorder in [nil, AttentionRecorder()] {
            let layer = attention(dropout: dropout)
            let arena = GradientArena(layer.parameters)
            let tape = Tape()
            let context = Context(
                tape: tape, isTraining: true, random: RandomState(seed: 9),
                attentionObserver: recorder)
            let variable = tape.variable(x)
            let output = layer(variable, packing: packing, mask: .causal(), context)
            let gradients = tape.backward(output)
            results.append([
                output, try #require(gradients[variable]), arena.snapshot(),
                layer(
                    x, packing: packing, mask: .causal(),
                    Context(attentionObserver: recorder)),
            ])
        }
        for (without, with) in zip(results[0], results[1]) { #expect(sameBits(without, with)) }
    }

    @Test("rows sum to one, and are those of a plain softmax, before dropout", arguments: [0, 0.3])
    func weights(dropout: Double) throws {
        let layer = attention(dropout: dropout)
        let recorder = AttentionRecorder()
        _ = layer(
            x, packing: packing, mask: .causal(),
            Context(
                isTraining: true, random: RandomState(seed: 9), attentionObserver: recorder))
        #expect(recorder.entries.count == 9)
        for entry in recorder.entries {
            #expect(entry.attention == "encoder.0.self")
            let expected = try naiveWeights(layer, packing.rows[entry.sequence], entry.head)
            #expect(distance(entry.weights, expected) <= 1e-6)
            let count = entry.weights.shape[0]
            let sums = Context().sum(entry.weights, axis: 1).doubles
            #expect(distance(sums, [Double](repeating: 1, count: count)) <= 1e-6)
        }
    }

    /// softmax(scale · Q Kᵀ) under a causal mask, one step after the other.
    private func naiveWeights(
        _ layer: MultiHeadAttention, _ rows: Range<Int>, _ head: Int
    ) throws -> Tensor {
        let context = Context()
        let parts = try ["q", "k"].map { kind -> Tensor in
            let project = { (name: String) throws -> Tensor in
                let binding = try #require(
                    layer.bindings.first { $0.name == "\(kind)_proj.\(name)" })
                return context.sliced(binding.parameter.value, axis: 0, binding.rows)
            }
            let projected = context.linear(
                x.rowsView(rows), Parameter("w", try project("weight")),
                bias: Parameter("b", try project("bias")))
            return context.sliced(projected, axis: 1, head * 6..<head * 6 + 6)
        }
        let count = rows.count
        let mask = (0..<count * count).map { index in
            index % count > index / count ? -Float.infinity : 0
        }
        let scores = context.affine(
            context.matmul(parts[0], context.transposed(parts[1])), scale: heads.scale)
        return context.softmax(context.add(scores, Tensor(mask, shape: [count, count])))
    }

    @Test("only the chosen attentions and heads are kept")
    func choice() {
        let recorder = AttentionRecorder(heads: [2]) { $0.hasSuffix("cross") }
        let context = Context(attentionObserver: recorder)
        _ = attention()(x, packing: packing, context)
        #expect(recorder.entries.isEmpty)
        let cross = MultiHeadAttention(
            "decoder.1.cross", .memory, width: 18, heads: heads, builder: ModelBuilder(seed: 4))
        let memory = cross.project(x, ranges: packing.ranges, context)
        _ = cross(x, packing: packing, memory: memory, context)
        #expect(recorder.entries.map(\.head) == [2, 2, 2])
        #expect(recorder.entries.map(\.sequence) == [0, 1, 2])
        for (sequence, count) in [5, 1, 40].enumerated() {
            let weights = recorder.weights(of: "decoder.1.cross", sequence: sequence)
            #expect(weights[2]?.shape == [count, count] && weights.count == 1)
        }
        recorder.clear()
        #expect(recorder.entries.isEmpty)
    }
}
