import CHeedKernels
import HeedFormats

/// The settings of one step of Adam (Kingma and Ba 2015) or AdamW (Loshchilov and Hutter 2019).
public struct AdamStep: Sendable {
    /// The learning rate.
    public var learningRate: Double
    /// The decay of the first moment.
    public var beta1 = 0.9
    /// The decay of the second moment.
    public var beta2 = 0.98
    /// Added to the root of the second moment.
    public var epsilon = 1e-8
    /// The decay of weights.
    public var weightDecay = 0.0
    /// Whether decay acts on weights (AdamW) rather than on gradients.
    public var isDecoupled = false
    /// Whether biases and the parameters of norms decay, too, beside matrices.
    public var decaysVectors = true
    /// Multiplies every gradient, such as to clip them.
    public var gradientScale = 1.0

    /// A step with this rate and the Transformer's other settings.
    public init(learningRate: Double) {
        self.learningRate = learningRate
    }
}

/// The running moments of all gradients of an arena, in one buffer each.
public final class AdamMoments {
    /// The number of steps taken.
    public private(set) var steps: Int
    private let first: Tensor
    private let second: Tensor
    private let arena: GradientArena
    private let pieces: [Piece]

    /// Moments of zero.
    public init(_ arena: GradientArena) {
        self.arena = arena
        pieces = Self.pieces(of: arena)
        steps = 0
        first = Tensor.zeros([arena.count], arena.elementType)
        second = Tensor.zeros([arena.count], arena.elementType)
    }

    /// Both moments as vectors that the next update overwrites.
    package var values: (first: Tensor, second: Tensor) { (first, second) }

    /// Continues from earlier moments. Traps when they are not those of an arena like this one.
    public func restore(first: Tensor, second: Tensor, steps: Int) {
        require(
            first.shape == self.first.shape && second.shape == self.second.shape
                && first.elementType == self.first.elementType
                && second.elementType == self.first.elementType, "AdamMoments",
            "other moments", [first.shape, self.first.shape])
        for (source, destination) in [(first, self.first), (second, self.second)] {
            unsafe source.withBytes { bytes in
                guard let start = bytes.baseAddress else { return }
                unsafe destination.mutableBytes.copyMemory(from: start, byteCount: bytes.count)
            }
        }
        self.steps = steps
    }

    /// Updates every parameter of the arena in one pass over gradients and moments, as `torch.optim` does.
    ///
    /// - Parameters:
    ///   - step: the settings.
    ///   - clearing: whether gradients become zero, too, while they are in a core's cache.
    public func update(_ step: AdamStep, clearing: Bool = false) {
        steps += 1
        let options = heed_adam(
            learning_rate: step.learningRate, beta1: step.beta1, beta2: step.beta2,
            epsilon: step.epsilon, weight_decay: step.weightDecay, decoupled: step.isDecoupled,
            gradient_scale: step.gradientScale,
            correction1: 1 - power(step.beta1, Double(steps)),
            correction2: 1 - power(step.beta2, Double(steps)))
        let table = unsafe Kernels.table(for: arena.elementType)
        let size = arena.elementType.size
        // No task waits for those of another parameter.
        var weights: [UnsafeMutableRawPointer] = unsafe []
        for parameter in arena.parameters {
            unsafe parameter.update { unsafe weights.append($0) }
        }
        let gradients = arena.parameters.indices.map { arena.memory(ofParameter: $0) }
        parallel(pieces.count) { index in
            let piece = pieces[index]
            let parameter = arena.parameters[piece.parameter]
            var options = options
            if parameter.shape.rank < 2, !step.decaysVectors { options.weight_decay = 0 }
            let own = piece.range.lowerBound * size
            let shared = arena.offsets[piece.parameter] * size + own
            unsafe gradients[piece.parameter].read(piece.range, clearing: clearing) { gradient in
                unsafe table.pointee.adam(
                    Int64(piece.range.count), &options, weights[piece.parameter] + own, gradient,
                    first.mutableBytes + shared, second.mutableBytes + shared)
            }
        }
    }

    /// Elements of one parameter that a task updates.
    private struct Piece {
        let parameter: Int
        let range: Range<Int>
    }

    private static func pieces(of arena: GradientArena) -> [Piece] {
        arena.parameters.enumerated().flatMap { index, parameter in
            stride(from: 0, to: parameter.shape.count, by: Cut.elements).map { start in
                let end = min(start + Cut.elements, parameter.shape.count)
                return Piece(parameter: index, range: start..<end)
            }
        }
    }
}
