public import HeedTensor

/// What a model is built with: the seed of its weights, and numbers for its places of randomness.
///
/// Building the same model again gives the same numbers, so that dropout is a function of the model and the seed alone.
public final class ModelBuilder {
    private let seed: UInt64
    private var nextSite: UInt32 = 1

    /// A builder whose weights are drawn with this seed.
    public init(seed: UInt64) {
        self.seed = seed
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
        Tensor.randomUniform(shape, low: -bound, high: bound, seed: seed, site: site())
    }

    /// Numbers of a normal distribution with mean 0.
    public func normal(_ shape: Shape, deviation: Double) -> Tensor {
        Tensor.randomNormal(shape, deviation: deviation, seed: seed, site: site())
    }

    /// A weight [out, in], uniform in ±gain · √(6 / (in + out)) (Glorot and Bengio 2010).
    public func xavierUniform(_ shape: Shape, gain: Double = 1) -> Tensor {
        uniform(shape, bound: gain * (6 / Double(shape[0] + shape[1])).squareRoot())
    }
}
