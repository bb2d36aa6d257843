public import HeedFormats
public import HeedTensor

/// A small generator for tests: the same numbers on every machine (SplitMix64).
public struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A generator that starts from this seed.
    public init(seed: UInt64) { state = seed }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    /// A number in low ..< high.
    public mutating func uniform(_ low: Double = -1, _ high: Double = 1) -> Double {
        low + (high - low) * Double(next() >> 11) * 0x1p-53
    }

    /// A number of order 1, at least `distance` away from 0, so that kinks there are not stepped over.
    public mutating func number(awayFromZero distance: Double = 0.01) -> Double {
        let size = uniform(distance, 1.5)
        return next() & 1 == 0 ? size : -size
    }

    /// A float64 tensor of numbers of order 1, none near 0.
    public mutating func tensor(_ shape: Shape) -> Tensor {
        Tensor((0..<shape.count).map { _ in number() }, shape: shape)
    }

    /// A float64 tensor of numbers in low ..< high.
    public mutating func tensor(_ shape: Shape, _ low: Double, _ high: Double) -> Tensor {
        Tensor((0..<shape.count).map { _ in uniform(low, high) }, shape: shape)
    }

    /// An int32 vector of indices below `limit`.
    public mutating func indices(_ count: Int, below limit: Int) -> [Int32] {
        (0..<count).map { _ in Int32(next() % UInt64(limit)) }
    }
}

extension Tensor {
    /// A tensor of numbers of order 1 that depend on the seed alone.
    public static func seeded(
        _ shape: Shape, seed: UInt64, _ type: ElementType = .float32
    ) -> Tensor {
        var random = SeededRandom(seed: seed)
        return random.tensor(shape).inType(type)
    }

    /// The elements of a floating-point tensor in another type.
    public func inType(_ type: ElementType) -> Tensor {
        Context().converted(detached, to: type)
    }

    /// The elements of a floating-point tensor as Doubles, which hold every type exactly.
    public var doubles: [Double] { inType(.float64).scalars(as: Double.self) }

    /// The elements' bytes, for comparing bits.
    public var bitPattern: [UInt8] {
        unsafe withBytes { unsafe [UInt8]($0) }
    }
}

/// A digest of the bits of tensors, by which processes compare their results (FNV-1a).
public func digest(_ tensors: [Tensor]) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for tensor in tensors {
        for byte in tensor.bitPattern { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
    return String(hash, radix: 16)
}
