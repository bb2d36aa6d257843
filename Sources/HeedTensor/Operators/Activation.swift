/// What stands between the two linear layers of a feed-forward network.
public enum Activation: Hashable, Sendable {
    /// f(x W₁ + b₁) W₂ + b₂: f of each element (Vaswani et al. 2017, §3.3).
    case plain(UnaryFunction)
    /// (f(x W) · x U) W₂: SwiGLU when f is SiLU (Shazeer 2020), as `Context.gated` computes it, of half as many columns.
    case gated(UnaryFunction)

    /// The function f.
    public var function: UnaryFunction {
        switch self {
        case .plain(let function), .gated(let function): function
        }
    }

    var operatorName: String {
        switch self {
        case .plain: "unary"
        case .gated: "gated"
        }
    }

    /// Whether the derivative is computed from the result rather than from the argument.
    var differentiatesFromResult: Bool {
        switch self {
        case .plain(let function): function.differentiatesFromResult
        case .gated: false
        }
    }

    func values(_ x: Tensor) -> Tensor {
        switch self {
        case .plain(.identity): x
        case .plain(let function): unaryValues(function, x)
        case .gated(let function): gatedValues(function, x)
        }
    }

    /// The gradient of the argument from that of the result, dy, and from whichever of them the derivative is computed.
    func gradient(saved: Tensor, _ dy: Tensor) -> Tensor {
        switch self {
        case .plain(.identity): dy
        case .plain(let function): unaryGradient(function, saved: saved, dy)
        case .gated(let function): gatedGradient(function, saved, dy)
        }
    }
}

extension Context {
    /// The activation of x: [..., F] → [..., F], or [..., 2 F] → [..., F] if it is gated.
    ///
    /// - Parameters:
    ///   - activation: which one.
    ///   - x: the argument.
    public func apply(_ activation: Activation, _ x: Tensor) -> Tensor {
        if activation == .plain(.identity) { return x }
        profiler?.begin(activation.operatorName)
        defer { profiler?.end() }
        let x0 = x.detached
        let y = activation.values(x0)
        let saved = activation.differentiatesFromResult ? y : x0
        return recorded([x], y) { upstream, gradients in
            gradients[0] = activation.gradient(saved: saved, upstream)
        }
    }
}
