import Foundation
import HeedTasks
import Testing

@Suite("Axes of charts")
struct AxisTests {
    private func labels(
        _ values: [Double], _ scale: AxisScale = .linear, count: Int = 5
    ) -> [String] {
        Axis(values, scale: scale, padding: 0, count: count).ticks.map(\.label)
    }

    @Test("ticks are round numbers, with the decimals that their distance needs")
    func roundTicks() {
        #expect(labels([0, 1]) == ["0", "0.2", "0.4", "0.6", "0.8", "1.0"])
        #expect(labels([-1, 1], count: 4) == ["−1.0", "−0.5", "0", "0.5", "1.0"])
        #expect(labels([0, 5700], count: 6) == ["0", "1000", "2000", "3000", "4000", "5000"])
        #expect(labels([0, 40_000], count: 4) == ["0", "10,000", "20,000", "30,000", "40,000"])
        #expect(labels([0, 5e-3]) == ["0", "0.001", "0.002", "0.003", "0.004", "0.005"])
    }

    @Test("very large and very small numbers are powers of ten")
    func scientific() {
        #expect(
            labels([0, 1e8], count: 4) == ["0", "5×10⁷", "10⁸"])
        #expect(labels([0, 1e-8]).last == "10⁻⁸")
        #expect(labels([0, 4e-8], count: 4) == ["0", "10⁻⁸", "2×10⁻⁸", "3×10⁻⁸", "4×10⁻⁸"])
        #expect(
            labels([1e-8, 1e8], .logarithmic, count: 5).allSatisfy {
                $0.hasPrefix("10") || $0 == "1"
            })
    }

    @Test("a logarithmic axis has decades, and parts of them where there are few")
    func logarithmic() {
        #expect(labels([1, 1000], .logarithmic) == ["1", "10", "100", "1000"])
        #expect(labels([1e-5, 1e-2], .logarithmic) == ["10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²"])
        #expect(labels([1, 10], .logarithmic) == ["1", "2", "5", "10"])
        #expect(!labels([3, 4], .logarithmic).isEmpty)
        let many = labels([1e-8, 1e8], .logarithmic, count: 5)
        #expect((3...7).contains(many.count))
    }

    @Test("every tick lies on the axis, for any range between 1e-8 and 1e8 and beyond")
    func inside() {
        var exponents = Array(stride(from: -8.0, through: 8, by: 0.7))
        exponents += [-300, 300]
        for low in exponents {
            for width in exponents where width <= 300 {
                for sign in [-1.0, 1] {
                    let values = [sign * pow(10, low), sign * pow(10, low) + pow(10, width)]
                    for scale in [AxisScale.linear, .logarithmic] {
                        let axis = Axis(values, scale: scale)
                        #expect(axis.domain.lowerBound < axis.domain.upperBound, "\(values)")
                        #expect(axis.ticks.count <= 20, "\(values)")
                        for tick in axis.ticks {
                            let place = axis.position(tick.value) ?? .nan
                            #expect(place >= -1e-6 && place <= 1 + 1e-6, "\(values) \(tick)")
                        }
                        #expect(Set(axis.ticks.map(\.label)).count == axis.ticks.count, "\(values)")
                    }
                }
            }
        }
    }

    @Test(
        "no number, one number and numbers that are none give an axis",
        arguments: [
            [], [.nan], [.infinity, -.infinity], [0], [-3], [5, 5, 5], [1e8, 1e8], [1e-8],
            [1, .nan, 3], [.greatestFiniteMagnitude, -.greatestFiniteMagnitude],
            [1e16, 1e16 + 2], [.leastNonzeroMagnitude],
        ])
    func degenerate(values: [Double]) {
        for scale in [AxisScale.linear, .logarithmic] {
            let axis = Axis(values, scale: scale)
            #expect(axis.domain.lowerBound < axis.domain.upperBound)
            for value in values
            where value.isFinite && (scale == .linear || value >= .leastNormalMagnitude) {
                let place = axis.position(value) ?? .nan
                #expect(place >= 0 && place <= 1)
            }
            #expect(axis.position(.nan) == nil && axis.position(.infinity) == nil)
        }
    }

    @Test("numbers have their places: equal differences, or equal ratios")
    func places() {
        let linear = Axis([0, 8], scale: .linear, padding: 0)
        #expect([0, 2, 4, 8].map { linear.position($0) } == [0, 0.25, 0.5, 1])
        let log = Axis([1, 10_000], scale: .logarithmic, padding: 0)
        #expect([1, 100, 10_000].map { log.position($0) } == [0, 0.5, 1])
        #expect(log.position(0) == nil && log.position(-1) == nil)
    }

    @Test(
        "numbers are written shortly",
        arguments: [
            (0.0, "0"), (2.7973134, "2.797"), (0.00014009, "0.0001401"), (12345.678, "12,346"),
            (-0.5, "−0.5"), (.nan, "–"), (.infinity, "∞"), (1e8, "10⁸"), (-2.5e-8, "−2.5×10⁻⁸"),
            (100, "100"), (9999.6, "10,000"),
        ])
    func short(value: Double, text: String) {
        #expect(NumberText.short(value) == text)
    }
}
