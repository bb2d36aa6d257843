import CHeedKernels
import HeedFormats

extension Tensor {
    /// float32 numbers uniform in low ..< high: a pure function of seed and site, the same on every machine.
    public static func randomUniform(
        _ shape: Shape, low: Double, high: Double, seed: UInt64, site: UInt32
    ) -> Tensor {
        let tensor = Tensor(uninitialized: shape, .float32)
        let key = [UInt32(truncatingIfNeeded: seed), UInt32(seed >> 32)]
        unsafe heed_random_uniform(
            key, 0, site, Int64(shape.count),
            tensor.mutableBytes.assumingMemoryBound(to: Float.self))
        return affineValues(tensor, high - low, low)
    }

    /// float32 numbers of a normal distribution with mean 0: a pure function of seed and site, the same on every machine.
    public static func randomNormal(
        _ shape: Shape, deviation: Double = 1, seed: UInt64, site: UInt32
    ) -> Tensor {
        let tensor = Tensor(uninitialized: shape, .float32)
        let key = [UInt32(truncatingIfNeeded: seed), UInt32(seed >> 32)]
        unsafe heed_random_normal(
            key, 0, site, Int64(shape.count),
            tensor.mutableBytes.assumingMemoryBound(to: Float.self))
        return affineValues(tensor, deviation, 0)
    }
}
