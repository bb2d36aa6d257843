/// Random numbers that are a function of a seed and a count, equal on every machine.
///
/// Number `i` is SplitMix64's finalizer applied to `seed + (i + 1)·0x9E3779B97F4A7C15`
/// (Steele, Lea and Flood 2014).
package struct CountingGenerator: Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number in `0 ..< bound`: the high half of a product, whose bias below 2⁻⁴⁰ does not
    /// matter for the small bounds used here.
    package mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "a bound above 0 is needed")
        return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    package mutating func element<Element>(of choices: [Element]) -> Element {
        choices[below(choices.count)]
    }
}
