public import HeedTensor

/// Layer norm or RMS norm with its parameters.
public final class NormLayer: Module {
    /// The normalisation, as operators take it.
    public let norm: Norm

    /// A norm over `width` numbers with scale 1 and shift 0.
    public init(
        _ kind: Norm.Kind = .layer, _ width: Int, epsilon: Double = 1e-5, builder: ModelBuilder
    ) {
        norm = Norm(
            kind, scale: Parameter("weight", builder.constant(1, [width])),
            shift: kind == .layer ? Parameter("bias", builder.constant(0, [width])) : nil,
            epsilon: epsilon)
    }

    /// The normalised rows of x, in the type of the context's activations.
    public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
        context.norm(x, norm, output: context.precision.activationType)
    }

    /// Shows scale and shift.
    public func visitMembers(_ visitor: MemberVisitor) {
        visitor.parameter("weight", norm.scale)
        visitor.parameter("bias", norm.shift)
    }
}
