// A layer that Heed does not have, the check of its gradients, and what it does to a number.

import HeedNN
import HeedTensor
import HeedTestSupport

/// A highway: y = t · f(x) + (1 − t) · x, where t = σ(gate(x)) opens for each number (Srivastava et al. 2015, eq. 3).
final class Highway: Module {
    private let transform: Linear
    private let gate: Linear

    init(width: Int, builder: ModelBuilder) {
        transform = Linear(width, width, builder: builder)
        gate = Linear(width, width, builder: builder)
    }

    /// x [..., D] → [..., D].
    func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
        let open = context.apply(.sigmoid, gate(x, context))
        let change = context.subtract(softsign(transform(x, context), context), x)
        return context.add(x, context.multiply(open, change))
    }

    // Names of tensors in files, gradients and optimisers: all of them come from here.
    func visitMembers(_ visitor: MemberVisitor) {
        visitor.child("transform", transform)
        visitor.child("gate", gate)
    }
}

/// x / (1 + |x|), an operator with a gradient of its own: 1 / (1 + |x|)².
func softsign(_ x: Tensor, _ context: Context) -> Tensor {
    var slope: Tensor?
    return context.custom([x]) { context, inputs in
        let size = context.apply(.sqrt, context.apply(.square, inputs[0]))
        let shrink = context.apply(.reciprocal, context.affine(size, shift: 1))
        slope = context.apply(.square, shrink)
        return [context.multiply(inputs[0], shrink)]
    } backward: { upstream in
        guard let upstream = upstream[0], let slope else { return [nil] }
        return [Context().multiply(upstream, slope)]
    }[0]
}

let layer = Highway(width: 6, builder: ModelBuilder(seed: 1))
layer.nameParameters()
print("tensors: \(layer.bindings.map { "\($0.name) \($0.shape)" }.joined(separator: ", "))")
print("forgotten: \(unvisitedParameters(of: layer))")

// Gradients are compared with central differences, in float64.
layer.convertParameters(to: .float64)
var random = SeededRandom(seed: 2)
let check = GradientCheck([random.tensor([5, 6])], parameters: layer.parameters) {
    context, inputs in [layer(inputs[0], context)]
}
print("wrong gradients: \(check.failures())")
print("an error of 0.1 % is noticed: \(!check.failures(factor: 1.001).isEmpty)")
