public import HeedTensor

/// The kinds of position-wise feed-forward networks.
public enum FeedForwardKind: Hashable, Sendable {
    /// f(x W₁ + b₁) W₂ + b₂ (Vaswani et al. 2017, §3.3).
    case plain(UnaryFunction)
    /// (f(x W) · x U) W₂: SwiGLU when f is SiLU (Shazeer 2020).
    case gated(UnaryFunction)

    /// The function f.
    public var function: UnaryFunction {
        switch self {
        case .plain(let function), .gated(let function): function
        }
    }
}

/// A position-wise feed-forward network: it acts on each token by itself.
public final class FeedForward: Module {
    /// Which network.
    public let kind: FeedForwardKind
    private let first: Linear
    private let second: Linear
    private let dropout: Dropout?
    private let names: LayerNames

    /// A network of width D with F inner units; `dropout` drops inner units.
    public init(
        _ kind: FeedForwardKind, width: Int, inner: Int, hasBias: Bool = true, dropout: Double = 0,
        names: LayerNames = .encoderDecoder, builder: ModelBuilder
    ) {
        self.kind = kind
        self.names = names
        switch kind {
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
        var hidden: Tensor
        switch kind {
        case .plain(.relu):
            return second(
                first(x, context, relu: true, dropout: dropout, packing: packing), context)
        case .plain(let function): hidden = context.apply(function, first(x, context))
        case .gated(let function): hidden = context.gated(function, first(x, context))
        }
        if let dropout { hidden = context.dropout(hidden, dropout, packing: packing) }
        return second(hidden, context)
    }

    /// Shows both layers, the first of a gated network in two halves or as one.
    public func visitMembers(_ visitor: MemberVisitor) {
        let isTransposed = names.isTransposed
        switch kind {
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
