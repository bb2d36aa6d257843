import HeedTensor

/// How the frequencies of rotary positions are stretched for texts longer than those that a model was first trained on.
public enum RotaryScaling: Sendable, Hashable {
    /// They are not.
    case none
    /// All frequencies are divided by a factor (Chen et al. 2023).
    case linear(factor: Double)
    /// The base grows with the length of a sequence, once that is beyond the original one.
    case dynamic(factor: Double, originalLength: Int)
    /// Low frequencies are divided by a factor, high ones stay, those between are blended (Llama 3.1).
    case llama3(
        factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double,
        originalLength: Int)
    /// The same by the number of turns within the original length, and attention is scaled (Peng et al. 2023).
    case yarn(
        factor: Double, betaFast: Double, betaSlow: Double, originalLength: Int,
        isTruncated: Bool, attentionFactor: Double)
    /// Each frequency has a divisor of its own, one for sequences up to the original length and one for longer ones
    /// (Ding et al. 2024).
    case longRoPE(
        short: [Double], long: [Double], originalLength: Int, attentionFactor: Double)

    /// What cosines and sines are multiplied by.
    var factor: Double {
        switch self {
        case .yarn(_, _, _, _, _, let factor), .longRoPE(_, _, _, let factor): factor
        default: 1
        }
    }

    /// The length beyond which the frequencies of all of a sequence's positions become others; nil where they never do.
    public var changingLength: Int? {
        switch self {
        case .dynamic(_, let length), .longRoPE(_, _, let length, _): length
        default: nil
        }
    }
}

extension RotaryForm {
    /// Pairs of elements that are turned.
    public var pairCount: Int { (size + 1) / 2 }

    /// Whether a sequence of this length has other frequencies than short ones.
    func changes(atLength length: Int) -> Bool {
        scaling.changingLength.map { length > $0 } ?? false
    }

    /// The angle by which each pair is turned from a position to the next, in a sequence of this length.
    func frequencies(length: Int) -> [Double] {
        switch scaling {
        case .none:
            return frequencies(base: base)
        case .linear(let factor):
            return frequencies(base: base).map { rounded($0 / factor) }
        case .dynamic(let factor, let original):
            let share = Double(max(length, original)) / Double(original)
            let exponent = Double(size) / Double(max(size - 2, 1))
            return frequencies(base: base * power(factor * share - (factor - 1), exponent))
        case .llama3(let factor, let low, let high, let original):
            return frequencies(base: base).map {
                rounded(blended($0, factor, low, high, Double(original)))
            }
        case .yarn(let factor, let fast, let slow, let original, let isTruncated, _):
            return yarn(factor, fast, slow, Double(original), isTruncated)
        case .longRoPE(let short, let long, let original, _):
            let divisors = length > original ? long : short
            return (0..<pairCount).map { rounded(1 / (divisors[$0] * wavelength($0, base))) }
        }
    }

    private func rounded(_ value: Double) -> Double {
        roundsAngles ? Double(Float(value)) : value
    }

    /// base^(2 i / d).
    private func wavelength(_ pair: Int, _ base: Double) -> Double {
        rounded(power(base, rounded(2 * Double(pair) / Double(size))))
    }

    private func frequencies(base: Double) -> [Double] {
        (0..<pairCount).map { rounded(1 / wavelength($0, base)) }
    }

    /// Llama 3.1's form of a frequency: of positions that turn less than `low` times in the original length divided by the
    /// factor, of those that turn more than `high` times itself.
    private func blended(
        _ frequency: Double, _ factor: Double, _ low: Double, _ high: Double, _ original: Double
    ) -> Double {
        let turns = original * frequency / (2 * Double.pi)
        if turns < low { return frequency / factor }
        if turns > high { return frequency }
        let share = (turns - low) / (high - low)
        return (1 - share) * frequency / factor + share * frequency
    }

    private func yarn(
        _ factor: Double, _ fast: Double, _ slow: Double, _ original: Double, _ isTruncated: Bool
    ) -> [Double] {
        // The pair, as a fraction, that turns so often within the original length.
        func pair(turning turns: Double) -> Double {
            Double(size) * logarithm(original / (turns * 2 * Double.pi)) / (2 * logarithm(base))
        }
        var (low, high) = (pair(turning: fast), pair(turning: slow))
        if isTruncated {
            low = low.rounded(.down)
            high = high.rounded(.up)
        }
        low = max(low, 0)
        high = min(high, Double(size - 1))
        if low == high { high += 0.001 }
        return (0..<pairCount).map { index in
            let frequency = 1 / wavelength(index, base)
            let share = min(max((Double(index) - low) / (high - low), 0), 1)
            return rounded(frequency / factor * share + frequency * (1 - share))
        }
    }
}
