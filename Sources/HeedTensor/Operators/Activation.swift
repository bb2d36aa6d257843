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

    /// The name of its operator.
    private var operatorName: String {
        switch self {
        case .plain: "unary"
        case .gated: "gated"
        }
    }

    func values(_ x: Tensor, _ profiler: Profiler?) -> Tensor {
        profiler?.begin(operatorName)
        defer { profiler?.end() }
        return switch self {
        case .plain(.identity): x
        case .plain(let function): unaryValues(function, x)
        case .gated(let function): gatedValues(function, x)
        }
    }

    /// The gradient of x, from the values and their gradient.
    func gradient(_ x: Tensor, values: Tensor, _ dy: Tensor, _ profiler: Profiler?) -> Tensor {
        profiler?.begin(operatorName, .backward)
        defer { profiler?.end() }
        return switch self {
        case .plain(.identity): dy
        case .plain(let function):
            unaryGradient(function, saved: function.differentiatesFromResult ? values : x, dy)
        case .gated(let function): gatedGradient(function, x, dy)
        }
    }
}
