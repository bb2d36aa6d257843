import HeedFormats
import HeedTensor
import HeedTestSupport

/// A small model in the form of a Transformer, for tests of bits, memory and wake-ups.
struct SmallTransformer {
    static let (width, heads, inner, words) = (64, 4, 160, 300)

    let table: Parameter
    let layers: [Layer]

    struct Layer {
        let (scale, shift): (Parameter, Parameter)
        let (projection, projectionBias): (Parameter, Parameter)
        let output: Parameter
        let (gate, down): (Parameter, Parameter)

        var all: [Parameter] {
            [scale, shift, projection, projectionBias, output, gate, down]
        }
    }

    init(layers count: Int, _ type: ElementType = .float32) {
        func parameter(_ shape: Shape, _ site: UInt32, around mean: Double = 0) -> Parameter {
            let numbers = Tensor.randomUniform(
                shape, low: mean - 0.15, high: mean + 0.15, seed: 4, site: site)
            return Parameter("p\(site)", numbers.inType(type))
        }
        let (width, inner) = (Self.width, Self.inner)
        table = parameter([Self.words, width], 0)
        layers = (0..<count).map { index in
            let site = UInt32(index * 10 + 1)
            return Layer(
                scale: parameter([width], site, around: 1), shift: parameter([width], site + 1),
                projection: parameter([3 * width, width], site + 2),
                projectionBias: parameter([3 * width], site + 3),
                output: parameter([width, width], site + 4),
                gate: parameter([2 * inner, width], site + 5),
                down: parameter([width, inner], site + 6))
        }
    }

    var parameters: [Parameter] { [table] + layers.flatMap(\.all) }

    /// The hidden states of a packed batch, [tokens, width].
    func hidden(_ ids: Tensor, _ packing: SequencePacking, _ context: Context) -> Tensor {
        var x = context.embedding(
            ids, table, scale: 8, packing: packing, dropout: Dropout(0.1, site: 100),
            output: context.precision.activationType)
        for (index, layer) in layers.enumerated() {
            x = step(x, layer, UInt32(index * 10), packing, context)
        }
        return x
    }

    private func step(
        _ x: Tensor, _ layer: Layer, _ site: UInt32, _ packing: SequencePacking,
        _ context: Context
    ) -> Tensor {
        let width = Self.width
        let norm = Norm(.layer, scale: layer.scale, shift: layer.shift, epsilon: 1e-5)
        let fused = context.linear(x, layer.projection, bias: layer.projectionBias)
        let attended = context.attention(
            queries: Columns(fused, 0..<width), keys: Columns(fused, width..<2 * width),
            values: Columns(fused, 2 * width..<3 * width),
            heads: AttentionHeads(count: Self.heads, keySize: width / Self.heads),
            queryPacking: packing, mask: .causal(), dropout: Dropout(0.1, site: site))
        let projected = context.linear(attended, layer.output)
        let (stream, normal) = context.addResidual(
            projected, to: x, dropout: Dropout(0.1, site: site + 1), packing: packing, norm: norm)
        let gated = context.gated(.silu, context.linear(normal, layer.gate))
        return context.addResidual(
            context.linear(gated, layer.down), to: stream, dropout: Dropout(0.1, site: site + 2),
            packing: packing)
    }

    /// Loss, hidden states and all gradients of one pass, as a digest of their bits.
    func pass(
        _ lengths: [Int], _ precision: Precision, update: UInt32 = 1,
        matricesInBFloat16: Bool = false
    ) -> String {
        let arena = GradientArena(parameters, matricesInBFloat16: matricesInBFloat16)
        defer { arena.detach() }
        let (loss, x) = pass(lengths, precision, update: update) { _ in }
        return digest([loss, x, arena.snapshot()])
    }

    /// Loss and hidden states of one pass, whose gradients go to the arena that the parameters have.
    func pass(
        _ lengths: [Int], _ precision: Precision, update: UInt32 = 1,
        _ configure: (inout Context) -> Void
    ) -> (loss: Tensor, states: Tensor) {
        let tape = Tape()
        var context = Context(
            tape: tape, isTraining: true, precision: precision,
            random: RandomState(seed: 11, update: update))
        configure(&context)
        let packing = SequencePacking(lengths: lengths)
        let ids = Self.ids(packing.tokenCount)
        let x = hidden(ids, packing, context)
        let loss = context.projectionLoss(x, weight: table, targets: ids, smoothing: 0.1).loss
        _ = tape.backward(loss)
        return (loss, x)
    }

    static func ids(_ count: Int) -> Tensor {
        var random = SeededRandom(seed: 2)
        return Tensor(random.indices(count, below: words))
    }
}
