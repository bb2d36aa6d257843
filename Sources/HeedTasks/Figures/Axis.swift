import Foundation

/// How numbers are laid out along an axis.
public enum AxisScale: Sendable, Hashable {
    /// Equal differences are equal lengths.
    case linear
    /// Equal ratios are equal lengths; numbers that are not above 0 have no place.
    case logarithmic
}

/// The numbers along a side of a chart: from where to where, and those that are written there.
package struct Axis: Sendable {
    /// A number that is written at the axis.
    package struct Tick: Sendable, Equatable {
        package let value: Double
        package let label: String
    }

    package let scale: AxisScale
    /// The numbers at both ends; the first is below the last.
    package let domain: ClosedRange<Double>
    package let ticks: [Tick]

    /// An axis that shows all of these numbers that can be shown, with about `count` ticks.
    ///
    /// - Parameter range: from where to where, whatever the numbers are.
    package init(
        _ values: some Sequence<Double>, scale: AxisScale, range: ClosedRange<Double>? = nil,
        padding: Double = 0.03, count: Int = 5
    ) {
        self.scale = scale
        let isLog = scale == .logarithmic
        var (low, high) = (Double.infinity, -Double.infinity)
        for value in values
        where value.isFinite && (!isLog || value >= .leastNormalMagnitude) {
            (low, high) = (min(low, value), max(high, value))
        }
        if let range, range.lowerBound < range.upperBound, !isLog || range.lowerBound > 0 {
            domain = range
        } else if isLog {
            domain = Self.logarithmicDomain(low, high, padding)
        } else {
            domain = Self.linearDomain(low, high, padding)
        }
        ticks =
            isLog ? Self.logarithmicTicks(domain, count) : Self.linearTicks(domain, count)
    }

    /// Where a number lies, 0 at the beginning and 1 at the end; nil for numbers that have no place.
    package func position(_ value: Double) -> Double? {
        guard value.isFinite else { return nil }
        switch scale {
        case .linear:
            // Halves, since a difference of the largest numbers is no number.
            let span = domain.upperBound / 2 - domain.lowerBound / 2
            return (value / 2 - domain.lowerBound / 2) / span
        case .logarithmic:
            guard value >= .leastNormalMagnitude else { return nil }
            let (low, high) = (log10(domain.lowerBound), log10(domain.upperBound))
            return (log10(value) - low) / (high - low)
        }
    }

    private static func linearDomain(
        _ low: Double, _ high: Double, _ padding: Double
    ) -> ClosedRange<Double> {
        guard low <= high else { return 0...1 }
        let largest = max(abs(low), abs(high))
        let span = high - low
        guard span.isFinite else { return low...high }
        // Numbers that differ in their last bits alone are one number.
        guard span > largest * 1e-12 else {
            let margin = largest > 0 ? max(largest * 0.1, .leastNormalMagnitude) : 1
            return low - margin...high + margin
        }
        // A side that ends at 0 stays there: what is never negative should not look so.
        let below = low == 0 ? 0 : span * padding
        let above = high == 0 ? 0 : span * padding
        return low - below...high + above
    }

    private static func logarithmicDomain(
        _ low: Double, _ high: Double, _ padding: Double
    ) -> ClosedRange<Double> {
        guard low <= high else { return 1...10 }
        guard high / low > 1 + 1e-6 else {
            return max(
                low / 2, .leastNormalMagnitude)...min(
                    high * 2, .greatestFiniteMagnitude)
        }
        let margin = (log10(high) - log10(low)) * padding
        let factor = pow(10, margin)
        return max(
            low / factor, .leastNormalMagnitude)...min(
                high * factor, .greatestFiniteMagnitude)
    }

    private static func linearTicks(_ domain: ClosedRange<Double>, _ count: Int) -> [Tick] {
        let span = domain.upperBound / 2 - domain.lowerBound / 2
        let rough = span / Double(max(count, 1)) * 2
        guard rough > 0, rough.isFinite else { return [] }
        let power = pow(10, floor(log10(rough)))
        guard power > 0 else { return [] }
        let factor = [1, 2, 5, 10].first { $0 * power >= rough * 0.99 } ?? 10
        let step = factor * power
        let first = (domain.lowerBound / step - 1e-9).rounded(.up)
        let last = (domain.upperBound / step + 1e-9).rounded(.down)
        guard first <= last, last - first < 1000 else { return [] }
        // Divided rather than multiplied: 3 / 10 is the number that is written 0.3.
        let values = (0...Int(last - first)).map { index -> Double in
            let number = first + Double(index)
            return step < 1 && (1 / step).isFinite ? number / (1 / step) : number * step
        }
        return values.map { Tick(value: $0, label: NumberText.tick($0, step: step)) }
    }

    private static func logarithmicTicks(_ domain: ClosedRange<Double>, _ count: Int) -> [Tick] {
        let (low, high) = (log10(domain.lowerBound), log10(domain.upperBound))
        let decades =
            (low - 1e-9).rounded(
                .up)...max(
                (high + 1e-9).rounded(.down), (low - 1e-9).rounded(.up))
        let number = Int(decades.upperBound - decades.lowerBound) + 1
        let exponents = (0..<number).map { decades.lowerBound + Double($0) }
            .filter { $0 <= high + 1e-9 }
        if exponents.count >= 3 {
            let step = (exponents.count + count) / max(count, 1)
            return exponents.filter { Int($0) % max(step, 1) == 0 }.map {
                Tick(value: pow(10, $0), label: NumberText.power($0))
            }
        }
        let values = (Int(low.rounded(.down))...Int(high.rounded(.up))).flatMap { exponent in
            [1.0, 2, 5].map { $0 * pow(10, Double(exponent)) }
        }.filter { domain.contains($0) }
        guard values.count >= 2 else { return linearTicks(domain, count) }
        return values.map { Tick(value: $0, label: NumberText.short($0)) }
    }
}
