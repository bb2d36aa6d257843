public import HeedTensor

/// The gradients of a computation as the engine has them, beside central differences.
public struct GradientCheck {
    /// One input's or parameter's gradient, element by element.
    public struct Gradient {
        /// Which input or parameter.
        public let name: String
        /// What the engine computed.
        public let computed: [Double]
        /// The central differences.
        public let differences: [Double]
    }

    /// All gradients, inputs first.
    public let gradients: [Gradient]
    /// Whether a second run gave the same bits.
    public let isRepeatable: Bool

    /// The step of the differences.
    public static let step = 1e-5

    /// What is wrong, empty when nothing is. `factor` plants an error: it multiplies the computed gradients.
    public func failures(factor: Double = 1) -> [String] {
        let tolerance = Tolerance(relative: 1e-5, absolute: 1e-8)
        let wrong = gradients.flatMap { gradient in
            HeedTestSupport.differences(
                gradient.name, gradient.computed.map { $0 * factor }, gradient.differences,
                tolerance)
        }
        return isRepeatable ? wrong : wrong + ["a second run gave other bits"]
    }

    /// The gradients large enough to tell an error of 0.1 % that would not notice it.
    public var blindSpots: [String] {
        gradients.filter { gradient in
            (gradient.differences.map(abs).max() ?? 0) > 1e-3
                && HeedTestSupport.differences(
                    gradient.name, gradient.computed.map { $0 * 1.001 }, gradient.differences,
                    Tolerance(relative: 1e-5, absolute: 1e-8)
                ).isEmpty
        }.map { "0.1 % goes unnoticed in \($0.name)" }
    }

    /// Compares gradients with central differences in float64, for random upstream gradients of order 1.
    ///
    /// - Parameters:
    ///   - inputs: float64 tensors.
    ///   - parameters: float64 parameters, which an arena of the check's own collects.
    ///   - context: what `body` runs in, besides its tape.
    ///   - seed: what the upstream gradients depend on.
    ///   - body: any computation; all its outputs have an upstream gradient.
    public init(
        _ inputs: [Tensor], parameters: [Parameter] = [],
        context: Context = Context(isTraining: true, precision: .float64), seed: UInt64 = 1,
        _ body: (Context, [Tensor]) -> [Tensor]
    ) {
        let run = GradientRun(inputs, parameters, context, seed: seed, body)
        let again = GradientRun(inputs, parameters, context, seed: seed, body)
        isRepeatable = run.gradients.map(\.bitPattern) == again.gradients.map(\.bitPattern)

        let slope = { (tensor: Tensor, assign: (Tensor) -> [Tensor]) -> [Double] in
            let values = tensor.scalars(as: Double.self)
            return values.indices.map { index in
                let sides = [Self.step, -Self.step].map { step -> [Double] in
                    var moved = values
                    moved[index] += step
                    return assign(Tensor(moved, shape: tensor.shape)).flatMap(\.doubles)
                }
                let weights = run.upstream.flatMap(\.doubles)
                return zip(zip(sides[0], sides[1]), weights).reduce(0) { sum, element in
                    sum + (element.0.0 - element.0.1) * element.1
                } / (2 * Self.step)
            }
        }
        var gradients: [Gradient] = []
        for (index, input) in inputs.enumerated() {
            let differences = slope(input) { moved in
                var all = inputs
                all[index] = moved
                return body(context.withoutGradient, all)
            }
            gradients.append(
                Gradient(
                    name: "input \(index)", computed: run.gradients[index].doubles,
                    differences: differences))
        }
        for (index, parameter) in parameters.enumerated() where parameter.isTrainable {
            let value = parameter.value
            let differences = slope(value) { moved in
                parameter.value = moved
                return body(context.withoutGradient, inputs)
            }
            parameter.value = value
            gradients.append(
                Gradient(
                    name: "parameter \(index) \(parameter.name)",
                    computed: run.gradients[inputs.count + index].doubles,
                    differences: differences))
        }
        self.gradients = gradients
    }
}

/// One forward and backward pass with random upstream gradients.
public struct GradientRun {
    /// What the computation gave.
    public let outputs: [Tensor]
    /// The gradients of the outputs, of their types.
    public let upstream: [Tensor]
    /// The gradients of the inputs, then of the parameters (zeros for those that are frozen).
    public let gradients: [Tensor]

    /// Runs `body` and its gradient.
    ///
    /// - Parameters:
    ///   - inputs: the variables.
    ///   - parameters: what collects gradients.
    ///   - context: where it computes; the tape is this run's own.
    ///   - seed: what random gradients depend on.
    ///   - given: the gradients of the outputs; random ones of order 1 that depend on the seed when nil.
    ///   - matricesInBFloat16: how the parameters' gradients are stored.
    ///   - body: the computation.
    public init(
        _ inputs: [Tensor], _ parameters: [Parameter], _ context: Context, seed: UInt64,
        upstream given: [Tensor]? = nil, matricesInBFloat16: Bool = false,
        _ body: (Context, [Tensor]) -> [Tensor]
    ) {
        let arena = GradientArena(parameters, matricesInBFloat16: matricesInBFloat16)
        defer { arena.detach() }
        let tape = Tape()
        var recording = context
        recording.tape = tape
        let variables = inputs.map(tape.variable)
        outputs = body(recording, variables)
        var random = SeededRandom(seed: seed)
        upstream =
            given ?? outputs.map { random.tensor($0.shape).inType($0.elementType) }
        let computed = tape.backward(outputs: outputs, upstream: upstream)
        gradients =
            zip(inputs, variables).map { input, variable in
                computed[variable] ?? Tensor.zeros(input.shape, input.elementType)
            } + parameters.map { $0.gradient ?? Tensor.zeros($0.shape, $0.value.elementType) }
    }
}
