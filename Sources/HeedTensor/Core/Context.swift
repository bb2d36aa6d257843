package import HeedFormats

/// The arithmetic in which a model computes.
public enum Precision: String, Sendable, CaseIterable {
    /// Everything in float32.
    case float32
    /// Activations and products in bfloat16; sums, norms, losses, gradients of weights and the weights
    /// themselves in float32, but for the gradients of large models' matrices (`GradientArena`).
    case bfloat16
    /// Weights and what they are multiplied with as 8-bit integers, with a scale for each output of the weights and for
    /// each row of activations; everything else as in bfloat16 where the CPU multiplies it, else in float32. For
    /// inference alone.
    case int8
    /// Plain reference arithmetic: slow, and exact to about 15 digits.
    case float64

    /// The element type of activations.
    package var activationType: ElementType {
        switch self {
        case .float32: .float32
        case .bfloat16: .bfloat16
        case .int8: MatrixLibrary.multipliesBFloat16 ? .bfloat16 : .float32
        case .float64: .float64
        }
    }

    /// Whether gradients can be computed in this arithmetic.
    public var hasGradients: Bool { self != .int8 }

    /// The element type of a residual stream that is never normalised on its way: float32 beside bfloat16.
    package var streamType: ElementType { self == .float64 ? .float64 : .float32 }

    /// bfloat16 where this CPU multiplies it faster than float32, else float32.
    public static var fastest: Precision {
        InstructionSet.current == .amx && MatrixLibrary.multipliesBFloat16 ? .bfloat16 : .float32
    }
}

/// Where the random numbers of a computation come from: they are a pure function of this and of the place
/// where they are used.
public struct RandomState: Sendable, Hashable {
    /// The key of the whole training.
    public var seed: UInt64
    /// The number of the update.
    public var update: UInt32

    /// The state of this update of a training with this seed.
    public init(seed: UInt64, update: UInt32 = 0) {
        self.seed = seed
        self.update = update
    }
}

/// What operators and layers run in: whether they are recorded, whether the model trains, where random
/// numbers come from, in which arithmetic. It is passed explicitly; there is no other state.
///
/// Operators are methods of the context: `context.softmax(scores)`.
public struct Context {
    /// The record for gradients; nil computes without one.
    public var tape: Tape?
    /// Whether dropout drops.
    public var isTraining: Bool
    /// The arithmetic of the activations that a model makes of its inputs.
    public var precision: Precision
    /// The source of random numbers.
    public var random: RandomState
    /// Who is shown the attention weights.
    public var attentionObserver: (any AttentionObserver)?
    /// Who measures the operators' time; nil measures nothing.
    public var profiler: Profiler?
    /// Whether every sequence has one new token: products with weights in mapped files then read each weight once, in a
    /// kernel whose rows do not depend on their number.
    package var isDecoding = false
    /// Whether products keep their weights in the matrix library's layout. An update reads each layout once for each shard:
    /// kept until the optimiser has written, both would take twice the memory that the weights have in that type.
    package var keepsPackedWeights = true
    /// Whether the backward pass will start from the loss of a projection that is computed here, with a gradient of 1, as that
    /// of a trainer does: the projection's gradient then goes to the arena as the loss is computed. A sum of its own until then
    /// would be as large as the table. Whoever sets this uses the loss as it is, once.
    package var startsBackwardAtLoss = false

    /// A context for inference in float32, unless told otherwise.
    public init(
        tape: Tape? = nil, isTraining: Bool = false, precision: Precision = .float32,
        random: RandomState = RandomState(seed: 0),
        attentionObserver: (any AttentionObserver)? = nil, profiler: Profiler? = nil
    ) {
        self.tape = tape
        self.isTraining = isTraining
        self.precision = precision
        self.random = random
        self.attentionObserver = attentionObserver
        self.profiler = profiler
    }

    /// The same context without a record: what it computes is a constant to every tape.
    public var withoutGradient: Context {
        var context = self
        context.tape = nil
        return context
    }

    /// Records an operator's outputs if there is a tape and a gradient to compute.
    func recorded(
        _ inputs: [Tensor], _ outputs: [Tensor], parameters: [Parameter?] = [],
        backward: @escaping Tape.Backward
    ) -> [Tensor] {
        guard let tape else { return outputs }
        var outputs = outputs
        let backward = profiler?.timed(backward) ?? backward
        if parameters.contains(where: { $0?.collectsGradient ?? false }) {
            tape.recordAlways(inputs: inputs, outputs: &outputs, backward: backward)
        } else {
            tape.record(inputs: inputs, outputs: &outputs, backward: backward)
        }
        return outputs
    }

    /// Records an operator with one output.
    func recorded(
        _ inputs: [Tensor], _ output: Tensor, parameters: [Parameter?] = [],
        backward: @escaping (_ upstream: Tensor, _ gradients: inout InputGradients) -> Void
    ) -> Tensor {
        recorded(inputs, [output], parameters: parameters) { upstream, gradients in
            if let upstream = upstream[0] { backward(upstream, &gradients) }
        }[0]
    }

    /// Whether a tape would record an operator on these tensors or parameters.
    func records(_ tensors: [Tensor], parameters: [Parameter?] = []) -> Bool {
        guard let tape else { return false }
        return tensors.contains(where: tape.records)
            || parameters.contains { $0?.collectsGradient ?? false }
    }
}
