import CHeedKernels
import HeedFormats

/// A function of one number, applied to each element.
public enum UnaryFunction: Int, Sendable, CaseIterable {
    /// x itself.
    case identity = 0
    /// −x.
    case negative
    /// eˣ.
    case exp
    /// The natural logarithm.
    case log
    /// The square root.
    case sqrt
    /// x².
    case square
    /// 1/x.
    case reciprocal
    /// The hyperbolic tangent.
    case tanh
    /// 1/(1 + e⁻ˣ).
    case sigmoid
    /// max(0, x).
    case relu
    /// x for x > 0, else eˣ − 1 (Clevert et al. 2015).
    case elu
    /// x Φ(x), by the error function (Hendrycks and Gimpel 2016).
    case gelu
    /// GELU in its form with tanh.
    case geluTanh
    /// x · sigmoid(x).
    case silu

    var kernel: heed_unary { heed_unary(UInt32(rawValue)) }

    /// Whether the derivative is computed from the result rather than from the argument.
    var differentiatesFromResult: Bool {
        switch self {
        case .exp, .sqrt, .reciprocal, .tanh, .sigmoid, .relu: true
        default: false
        }
    }
}

extension Context {
    /// Applies a function to each element. Any shape; the result has the same shape and type.
    public func apply(_ function: UnaryFunction, _ x: Tensor) -> Tensor {
        apply(.plain(function), x)
    }

    /// alpha · x + beta for each element.
    public func affine(_ x: Tensor, scale alpha: Double = 1, shift beta: Double = 0) -> Tensor {
        profiler?.begin("affine")
        defer { profiler?.end() }
        let y = affineValues(x, alpha, beta)
        return recorded([x], y) { upstream, gradients in
            gradients[0] = affineValues(upstream, alpha, 0)
        }
    }
}

func unaryValues(_ function: UnaryFunction, _ x: Tensor) -> Tensor {
    let y = Tensor(uninitialized: x.shape, x.elementType)
    let table = unsafe Kernels.table(for: x.elementType)
    let size = x.elementType.size
    parallelRanges(x.count, size: Cut.elements) { range in
        let start = range.lowerBound * size
        unsafe table.pointee.unary_forward(
            function.kernel, Int64(range.count), x.bytes + start, y.mutableBytes + start)
    }
    return y
}

/// scale · dy · f′, from what the function saves.
func unaryGradient(
    _ function: UnaryFunction, saved: Tensor, _ dy: Tensor, scale: Float = 1
) -> Tensor {
    let dx = Tensor(uninitialized: dy.shape, dy.elementType)
    let table = unsafe Kernels.table(for: dy.elementType)
    let size = dy.elementType.size
    let fromResult = function.differentiatesFromResult
    parallelRanges(dy.count, size: Cut.elements) { range in
        let start = range.lowerBound * size
        let saved = unsafe saved.bytes + start
        unsafe table.pointee.unary_backward(
            function.kernel, Int64(range.count), fromResult ? nil : saved,
            fromResult ? saved : nil, dy.bytes + start, dx.mutableBytes + start)
        if scale != 1 {
            unsafe table.pointee.affine(
                Int64(range.count), Double(scale), dx.bytes + start, 0, dx.mutableBytes + start)
        }
    }
    return dx
}

func affineValues(_ x: Tensor, _ alpha: Double, _ beta: Double) -> Tensor {
    let y = Tensor(uninitialized: x.shape, x.elementType)
    let table = unsafe Kernels.table(for: x.elementType)
    let size = x.elementType.size
    parallelRanges(x.count, size: Cut.elements) { range in
        let start = range.lowerBound * size
        unsafe table.pointee.affine(
            Int64(range.count), alpha, x.bytes + start, beta, y.mutableBytes + start)
    }
    return y
}
