public import HeedTensor

/// What a model is built with: the seed of its weights, and numbers for its places of randomness.
///
/// Building the same model again gives the same numbers, so that dropout is a function of the model and the seed alone.
public final class ModelBuilder {
    private let seed: UInt64?
    private let initialization: WeightInitialization
    /// Layers whose results are added to one residual stream.
    private let depth: Int
    private var nextSite: UInt32 = 1

    /// A builder whose weights are drawn with this seed, of a model with `depth` layers.
    public init(seed: UInt64, initialization: WeightInitialization = .normal, depth: Int = 1) {
        self.seed = seed
        self.initialization = initialization
        self.depth = depth
    }

    /// A builder of a model whose weights will all be read from a file: large ones get no memory until then.
    package init(forWeightsFromFiles: Void) {
        seed = nil
        initialization = .normal
        depth = 1
    }

    private func site() -> UInt32 {
        defer { nextSite += 1 }
        return nextSite
    }

    /// A place of dropout; nil for a probability of 0, but with a number all the same, so that the numbers of other
    /// places do not depend on it.
    public func dropout(_ probability: Double) -> Dropout? {
        let site = site()
        return probability > 0 ? Dropout(probability, site: site) : nil
    }

    /// Numbers uniform in ±bound.
    public func uniform(_ shape: Shape, bound: Double) -> Tensor {
        let site = site()
        guard let seed else { return Tensor.shapeOnly(shape) }
        return Tensor.randomUniform(shape, low: -bound, high: bound, seed: seed, site: site)
    }

    /// Numbers of a normal distribution with mean 0.
    public func normal(_ shape: Shape, deviation: Double) -> Tensor {
        let site = site()
        guard let seed else { return Tensor.shapeOnly(shape) }
        return Tensor.randomNormal(shape, deviation: deviation, seed: seed, site: site)
    }

    /// A table of vectors [count, D], such as embeddings or an output projection.
    public func table(_ shape: Shape) -> Tensor {
        switch initialization {
        case .normal: normal(shape, deviation: 1 / Double(shape[1]).squareRoot())
        case .xavierUniform: xavierUniform(shape)
        case .gpt2: normal(shape, deviation: Self.deviation)
        }
    }

    /// The weight [out, in] of a linear layer; `isResidual` where its results are added to a residual stream.
    func matrix(_ shape: Shape, isResidual: Bool = false) -> Tensor {
        guard initialization == .gpt2 else { return xavierUniform(shape) }
        let share = isResidual ? 1 / Double(2 * depth).squareRoot() : 1
        return normal(shape, deviation: Self.deviation * share)
    }

    /// The weight [out, in] of a projection to queries, keys or values.
    func attentionProjection(_ shape: Shape) -> Tensor {
        guard initialization != .gpt2 else { return matrix(shape) }
        return xavierUniform(shape, gain: initialization == .normal ? 0.5.squareRoot() : 1)
    }

    /// The bias of such a projection from vectors of `width` numbers.
    func attentionBias(_ shape: Shape, width: Int) -> Tensor {
        guard initialization != .gpt2 else { return constant(0, shape) }
        return uniform(shape, bound: 1 / Double(width).squareRoot())
    }

    /// The deviation of GPT-2's weights.
    private static let deviation = 0.02

    /// The same number everywhere, such as a bias of zeros.
    public func constant(_ value: Double, _ shape: Shape) -> Tensor {
        seed == nil ? Tensor.shapeOnly(shape) : Tensor.constant(value, shape)
    }

    /// Weights that are one product: their rows one after another.
    public func fused(_ parts: [Tensor]) -> Tensor {
        guard seed == nil, var shape = parts.first?.shape else {
            return Context().concatenated(parts)
        }
        shape[0] = parts.reduce(0) { $0 + $1.shape[0] }
        return Tensor.shapeOnly(shape)
    }

    /// Whether values are drawn rather than read from files later.
    var drawsValues: Bool { seed != nil }

    /// A weight [out, in], uniform in ±gain · √(6 / (in + out)) (Glorot and Bengio 2010).
    public func xavierUniform(_ shape: Shape, gain: Double = 1) -> Tensor {
        uniform(shape, bound: gain * (6 / Double(shape[0] + shape[1])).squareRoot())
    }
}
