public import HeedTensor

/// A position-wise feed-forward network: it acts on each token by itself.
public final class FeedForward: Module {
    /// What stands between its layers.
    public let activation: Activation
    private let first: Linear
    private let second: Linear
    private let dropout: Dropout?
    private let names: LayerNames

    /// A network of width D with F inner units; `dropout` drops inner units.
    public init(
        _ activation: Activation, width: Int, inner: Int, hasBias: Bool = true, dropout: Double = 0,
        names: LayerNames = .encoderDecoder, builder: ModelBuilder
    ) {
        self.activation = activation
        self.names = names
        switch activation {
        case .plain:
            first = Linear(width, inner, hasBias: hasBias, builder: builder)
        case .gated:
            // Gate and factor are one product: each half is drawn as a layer of its own.
            let halves = [0, 1].map { _ in builder.matrix([inner, width]) }
            first = Linear(
                weight: builder.fused(halves),
                bias: hasBias ? builder.constant(0, [2 * inner]) : nil)
        }
        second = .residual(inner, width, hasBias: hasBias, builder: builder)
        self.dropout = builder.dropout(dropout)
    }

    /// x [tokens, D] → [tokens, D].
    public func callAsFunction(
        _ x: Tensor, packing: SequencePacking? = nil, _ context: Context
    ) -> Tensor {
        if activation == .plain(.relu) {
            return second(
                first(x, context, relu: true, dropout: dropout, packing: packing), context)
        }
        let hidden = first(x, context)
        guard let dropout else { return second(hidden, context, activation: activation) }
        let active = context.apply(activation, hidden)
        return second(context.dropout(active, dropout, packing: packing), context)
    }

    /// Shows both layers, the first of a gated network in two halves or as one.
    public func visitMembers(_ visitor: MemberVisitor) {
        let isTransposed = names.isTransposed
        switch activation {
        case .plain:
            visitor.linear(names.first, first, isTransposed: isTransposed)
            visitor.linear(names.second, second, isTransposed: isTransposed)
        case .gated:
            switch names.halves {
            case .separate(let gate, let up):
                let inner = first.weight.shape[0] / 2
                visitor.linear(gate, first, rows: 0..<inner, isTransposed: isTransposed)
                visitor.linear(up, first, rows: inner..<2 * inner, isTransposed: isTransposed)
            case .fused(let name):
                visitor.linear(name, first, isTransposed: isTransposed)
            }
            visitor.linear(names.down, second, isTransposed: isTransposed)
        }
    }
}
