public import HeedTensor

/// x · Wᵀ + b.
public final class Linear: Module {
    /// W [out, in].
    public let weight: Parameter
    /// b [out], or nil.
    public let bias: Parameter?

    /// A layer with the given weight and bias.
    public init(weight: Tensor, bias: Tensor?) {
        self.weight = Parameter("weight", weight)
        self.bias = bias.map { Parameter("bias", $0) }
    }

    /// A layer with weights as the builder draws matrices and a bias of zeros.
    public convenience init(
        _ inputs: Int, _ outputs: Int, hasBias: Bool = true, builder: ModelBuilder
    ) {
        self.init(
            weight: builder.matrix([outputs, inputs]),
            bias: hasBias ? builder.constant(0, [outputs]) : nil)
    }

    /// The same for a layer whose results are added to a residual stream.
    static func residual(
        _ inputs: Int, _ outputs: Int, hasBias: Bool, builder: ModelBuilder
    ) -> Linear {
        Linear(
            weight: builder.matrix([outputs, inputs], isResidual: true),
            bias: hasBias ? builder.constant(0, [outputs]) : nil)
    }

    /// x [..., in] → [..., out]; negative results become 0 if `relu`, of which `dropout` may drop some. An activation acts on x
    /// first.
    public func callAsFunction(
        _ x: Tensor, _ context: Context, activation: Activation? = nil, relu: Bool = false,
        dropout: Dropout? = nil, packing: SequencePacking? = nil
    ) -> Tensor {
        context.linear(
            x, weight, bias: bias, activation: activation, relu: relu, dropout: dropout,
            packing: packing)
    }

    /// Shows weight and bias.
    public func visitMembers(_ visitor: MemberVisitor) {
        visitor.parameter("weight", weight)
        visitor.parameter("bias", bias)
    }
}
