import HeedFormats
import HeedNN
import HeedTensor
import HeedTestSupport
import Testing

/// What a lecture says about the boxes of the Transformer.
@Suite("The Transformer, box by box")
struct LectureTests {
    private static let tokens: [Float] = [0, 1, 3, 3, 4, -1, 1, 0, -4, -3, 2, 1]

    private static let workedExamples: [(scale: Double?, weights: [Double])] = [
        (nil, [0.9422, 0.0052, 0.0000, 0.0525]), (1, [0.9932, 0.0001, 0.0000, 0.0067]),
    ]

    @Test("the worked example has the weights that it should have", arguments: workedExamples)
    func workedExample(scale: Double?, expected: [Double]) throws {
        let z = Tensor(Self.tokens, shape: [4, 3])
        let recorder = AttentionRecorder()
        let output = Context(attentionObserver: recorder).attention(
            "a", queries: Columns(z.rowsView(0..<1)), keys: Columns(z), values: Columns(z),
            heads: AttentionHeads(count: 1, keySize: 3, scale: scale),
            queryPacking: SequencePacking(lengths: [1]),
            keyRanges: SequenceRanges(starts: [0], lengths: [4]))
        let weights = try #require(recorder.weights(of: "a")[0]).doubles
        #expect(distance(weights, expected) <= 5e-5)
        let mixed = (0..<3).map { column in
            (0..<4).reduce(0.0) { $0 + weights[$1] * Double(Self.tokens[$1 * 3 + column]) }
        }
        #expect(distance(output.doubles, mixed) <= 1e-6)
    }

    @Test("without positions an encoder maps sets: other order in, other order out")
    func equivariance() {
        let order: [Int] = [4, 2, 0, 5, 1, 3]
        let ids: [Int32] = [3, 7, 1, 9, 7, 2]
        for (positions, isEquivariant) in [
            (PositionKind.none, true), (.concatenatedSinusoids, false), (.rotary, false),
        ] {
            let encoder = smallEncoder(positions)
            let packing = SequencePacking(lengths: [6])
            let straight = encoder(Tensor(ids), packing: packing, Context())
            let turned = encoder(Tensor(order.map { ids[$0] }), packing: packing, Context())
            let expected = Context().concatenated(order.map { straight.rowsView($0..<$0 + 1) })
            #expect((distance(turned, expected) <= 1e-5) == isEquivariant, "\(positions)")
        }
    }

    private func smallEncoder(_ positions: PositionKind) -> Encoder {
        let builder = ModelBuilder(seed: 11)
        let table = Embedding(12, 16, builder: builder)
        let options = LayerOptions(
            width: 16, heads: AttentionHeads(count: 2, keySize: 8), inner: 24,
            rotary: positions == .rotary ? RotaryForm(size: 8) : nil)
        return Encoder(
            TokenEmbedding(
                table, positions: positions, maximumLength: 64, scale: 4, dropout: 0,
                builder: builder), depth: 2, options, builder: builder)
    }

    @Test("norm and feed-forward act on each token by itself")
    func tokenwise() {
        let x = Tensor.randomNormal([5, 8], seed: 2, site: 1)
        let network = FeedForward(
            .plain(.gelu), width: 8, inner: 12, builder: ModelBuilder(seed: 1))
        let norm = NormLayer(.layer, 8, builder: ModelBuilder(seed: 1))
        let context = Context()
        for row in 0..<5 {
            let alone = x.rowsView(row..<row + 1)
            let whole = network(x, context).rowsView(row..<row + 1)
            #expect(distance(network(alone, context), whole) <= 1e-6)
            #expect(distance(norm(alone, context), norm(x, context).rowsView(row..<row + 1)) == 0)
        }
    }

    @Test("a decoder's output never depends on later inputs")
    func causality() {
        for positions in [PositionKind.none, .interleavedSinusoids, .learned] {
            let builder = ModelBuilder(seed: 12)
            let table = Embedding(12, 16, builder: builder)
            let options = LayerOptions(
                width: 16, heads: AttentionHeads(count: 2, keySize: 8), inner: 24)
            let decoder = Decoder(
                TokenEmbedding(
                    table, positions: positions, maximumLength: 64, scale: 4, dropout: 0,
                    builder: builder), depth: 2, options, builder: builder)
            let memory = Tensor.randomNormal([3, 16], seed: 5, site: 1)
            let ranges = SequenceRanges(starts: [0], lengths: [3])
            let packing = SequencePacking(lengths: [7])
            let ids: [Int32] = [2, 5, 8, 1, 9, 4, 3]
            let output = decoder(
                Tensor(ids), packing: packing, memory: memory, memoryRanges: ranges, Context())
            for changed in 1..<7 {
                var others = ids
                for index in changed..<7 { others[index] = (others[index] + 3) % 12 }
                let other = decoder(
                    Tensor(others), packing: packing, memory: memory, memoryRanges: ranges,
                    Context())
                #expect(sameBits(output.rowsView(0..<changed), other.rowsView(0..<changed)))
                #expect(
                    distance(
                        output.rowsView(changed..<changed + 1),
                        other.rowsView(changed..<changed + 1)) > 1e-3)
            }
        }
    }

    @Test("with f = 0 a residual block is the identity")
    func residual() throws {
        let options = LayerOptions(
            width: 8, heads: AttentionHeads(count: 2, keySize: 4), inner: 12, placement: .pre)
        let x = Tensor.randomNormal([5, 8], seed: 2, site: 1)
        let packing = SequencePacking(lengths: [3, 2])
        let block = Residual(options, builder: ModelBuilder(seed: 1))
        #expect(sameBits(block(x, packing: packing, Context()) { _ in Tensor.zeros([5, 8]) }, x))
        let layer = EncoderLayer("encoder.0", options, builder: ModelBuilder(seed: 1))
        #expect(distance(layer(x, packing: packing, Context()), x) > 0.1)
        try layer.assign { name in
            let binding = try #require(layer.bindings.first { $0.name == name })
            let isLast = name.hasPrefix("self_attn.out_proj") || name.hasPrefix("fc2")
            return Tensor.constant(isLast ? 0 : 0.3, binding.shape)
        }
        #expect(sameBits(layer(x, packing: packing, Context()), x))
    }

    @Test("a softmax of unscaled products saturates with the width, and its gradient vanishes")
    func saturation() throws {
        let gradientNorm = { (width: Int, scale: Double) throws -> Double in
            let q = Tensor.randomNormal([64, width], seed: 7, site: 1)
            let k = Tensor.randomNormal([16, width], seed: 7, site: 2)
            let tape = Tape()
            let context = Context(tape: tape)
            let scores = context.affine(
                context.matmul(q, context.transposed(k)), scale: scale)
            let variable = tape.variable(scores)
            let upstream = Tensor.randomNormal([64, 16], seed: 7, site: 3)
            let gradients = tape.backward(context.softmax(variable), upstream: upstream)
            let gradient = try #require(gradients[variable])
            return context.sum(context.multiply(gradient, gradient)).scalar.squareRoot()
        }
        let widths = [4, 64, 1024, 4096]
        let plain = try widths.map { try gradientNorm($0, 1) }
        let scaled = try widths.map { try gradientNorm($0, 1 / Double($0).squareRoot()) }
        for (left, right) in zip(plain, plain.dropFirst()) { #expect(right < left) }
        #expect(plain[3] < 0.2 * plain[0])
        for norm in scaled { #expect(norm > 0.6 * scaled[0] && norm < 1.6 * scaled[0]) }
    }
}
