import HeedFormats

extension Context {
    /// x · Wᵀ + b, then max(0, ·) if `relu`. x [..., in], W [out, in], b [out] → [..., out].
    ///
    public func linear(
        _ x: Tensor, _ weight: Parameter, bias: Parameter? = nil, relu: Bool = false
    ) -> Tensor {
        require(
            bias.map { $0.shape == [weight.shape[0]] } ?? true, "linear",
            "the bias of \(weight.name)",
            [weight.shape] + (bias.map { [$0.shape] } ?? []))
        let product = WeightProduct(weight: weight, isTransposed: true, bias: bias, relu: relu)
        let x0 = x.detached
        let y = product(x0)
        return recorded([x], y, parameters: [weight, bias]) { upstream, gradients in
            let dy = relu ? unaryGradient(.relu, saved: y, upstream) : upstream
            addBiasGradient(bias, dy: dy)
            addWeightGradient(weight, dy: dy, x: x0)
            if gradients.needed[0] {
                gradients[0] = WeightProduct(weight: weight, isTransposed: false)(dy)
            }
        }
    }
}
