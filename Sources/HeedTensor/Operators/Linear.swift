import CHeedKernels
public import HeedFormats

extension Context {
    /// x · Wᵀ + b, then max(0, ·) if `relu`, of which elements may be dropped while the model trains. x [..., in], W [out, in],
    /// b [out] → [..., out], in the type `output`, or that of x. In int8, which has no gradients, x is float32 or bfloat16.
    ///
    /// - Parameters:
    ///   - x: the input.
    ///   - weight: W.
    ///   - bias: b, or nil.
    ///   - relu: whether negative results become 0.
    ///   - dropout: how much is dropped, and where; with `relu` alone. What was dropped is 0 as what was negative is, so that
    ///     the result is all that the backward pass needs of both.
    ///   - packing: the sequences of the rows, for dropout; without it, row r is token r of sequence 0.
    ///   - output: the type of the result.
    public func linear(
        _ x: Tensor, _ weight: Parameter, bias: Parameter? = nil, relu: Bool = false,
        dropout: Dropout? = nil, packing: SequencePacking? = nil, output: ElementType? = nil
    ) -> Tensor {
        profiler?.begin("linear")
        defer { profiler?.end() }
        require(
            bias.map { $0.shape == [weight.shape[0]] } ?? true, "linear",
            "the bias of \(weight.name)",
            [weight.shape] + (bias.map { [$0.shape] } ?? []))
        var product = WeightProduct(weight: weight, isTransposed: true, bias: bias, relu: relu)
        product.isQuantised = precision == .int8
        product.isDecoding = isDecoding
        product.keepsPackedWeights = keepsPackedWeights
        require(
            !product.isQuantised || !records([x], parameters: [weight, bias]), "linear",
            "int8 has no gradients: \(weight.name)", [x.shape, weight.shape])
        require(relu || dropout == nil, "linear", "dropout without relu: \(weight.name)", [x.shape])
        let x0 = x.detached
        let y = product(x0, output: output)
        let drop = descriptor(dropout)
        if drop.threshold > 0 { dropInPlace(y, drop, packing) }
        return recorded([x], y, parameters: [weight, bias]) { upstream, gradients in
            let gated =
                relu
                ? unaryGradient(.relu, saved: y, upstream, scale: drop.scale) : upstream
            let dy = gated.converted(to: x0.elementType)
            // All three in one go: no task waits for another's list.
            let sums = bias.flatMap { $0.collectsGradient ? ColumnSums(of: dy) : nil }
            var input = WeightProduct(weight: weight, isTransposed: false)
            input.keepsPackedWeights = keepsPackedWeights
            let dx = gradients.needed[0] ? input.prepared(dy) : nil
            parallel(
                weightGradientTasks(weight, dy: dy, x: x0), dx?.1 ?? .empty, sums?.tasks ?? .empty)
            if let slot = bias?.slot { unsafe sums?.add(to: slot.bytes(from: dy.elementType)) }
            gradients[0] = dx?.0
        }
    }
}
