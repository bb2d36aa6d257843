import CHeedKernels

/// Single random numbers that are a pure function of where they are drawn, the same on every machine (Philox 4x32-10).
package enum CounterRandom {
    /// A number in [0, 1) with 53 bits.
    ///
    /// - Parameters:
    ///   - stream: which of the seed's streams.
    ///   - index: the number's place in it.
    ///   - site: what it is drawn for.
    package static func uniform(seed: UInt64, stream: UInt32, index: UInt32, site: UInt32) -> Double
    {
        let key = [UInt32(truncatingIfNeeded: seed), UInt32(seed >> 32)]
        var words = [UInt32](repeating: 0, count: 4)
        unsafe heed_philox4x32_10([index, stream, site, 0x6472_6177], key, &words)
        let bits = UInt64(words[0]) << 21 | UInt64(words[1] >> 11)
        return Double(bits) * 0x1p-53
    }
}
