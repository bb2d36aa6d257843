import CHeedKernels
public import HeedFormats

extension Context {
    /// f(x) · Wᵀ + b, then max(0, ·) if `relu`, of which elements may be dropped while the model trains. f(x) [..., in],
    /// W [out, in], b [out] → [..., out], in the type `output`, or that of x. In int8, which has no gradients, x is float32 or
    /// bfloat16.
    ///
    /// - Parameters:
    ///   - x: the input.
    ///   - weight: W.
    ///   - bias: b, or nil.
    ///   - activation: f, which is computed again in the backward pass: its results take as much memory as x; none when nil.
    ///   - relu: whether negative results become 0.
    ///   - dropout: how much is dropped, and where; with `relu` alone. What was dropped is 0 as what was negative is, so that
    ///     the result is all that the backward pass needs of both.
    ///   - packing: the sequences of the rows, for dropout; without it, row r is token r of sequence 0.
    ///   - output: the type of the result.
    public func linear(
        _ x: Tensor, _ weight: Parameter, bias: Parameter? = nil, activation: Activation? = nil,
        relu: Bool = false, dropout: Dropout? = nil, packing: SequencePacking? = nil,
        output: ElementType? = nil
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
        let input = activated(x0, activation)
        let y = product(input, output: output)
        let drop = descriptor(dropout)
        if drop.threshold > 0 { dropInPlace(y, drop, packing) }
        // Nothing else is kept until the backward pass.
        let positive = relu ? y.detached : nil
        return recorded([x], y, parameters: [weight, bias]) { upstream, gradients in
            let gated =
                positive.map { unaryGradient(.relu, saved: $0, upstream, scale: drop.scale) }
                ?? upstream
            let dy = gated.converted(to: x0.elementType)
            let needsInput =
                weight.collectsGradient || activation?.differentiatesFromResult ?? false
            let input = needsInput ? activated(x0, activation, .backward) : x0
            // All three in one go: no task waits for another's list.
            let sums = bias.flatMap { $0.collectsGradient ? ColumnSums(of: dy) : nil }
            var back = WeightProduct(weight: weight, isTransposed: false)
            back.keepsPackedWeights = keepsPackedWeights
            let dx = gradients.needed[0] ? back.prepared(dy) : nil
            parallel(
                weightGradientTasks(weight, dy: dy, x: input), dx?.1 ?? .empty,
                sums?.tasks ?? .empty)
            if let slot = bias?.slot { unsafe sums?.add(to: slot.bytes(from: dy.elementType)) }
            gradients[0] = dx?.0
            if let activation, let da = dx?.0 {
                profiler?.begin(activation.operatorName, .backward)
                let saved = activation.differentiatesFromResult ? input : x0
                gradients[0] = activation.gradient(saved: saved, da)
                profiler?.end()
            }
        }
    }

    private func activated(
        _ x: Tensor, _ activation: Activation?, _ pass: Profiler.Pass = .forward
    ) -> Tensor {
        guard let activation else { return x }
        profiler?.begin(activation.operatorName, pass)
        defer { profiler?.end() }
        return activation.values(x)
    }
}
