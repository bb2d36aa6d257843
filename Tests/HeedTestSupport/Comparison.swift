import Glibc
public import HeedFormats
public import HeedTensor

/// How far a result may be from float64 arithmetic on the same inputs.
public struct Tolerance: Sendable {
    /// Relative to the expected element.
    public var relative: Double
    /// The same for every element.
    public var absolute: Double
    /// Multiplies an element's magnitude Σ |aᵢ bᵢ|, if there is one.
    public var ofMagnitude: Double

    /// A tolerance of these parts.
    public init(relative: Double = 0, absolute: Double = 0, ofMagnitude: Double = 0) {
        self.relative = relative
        self.absolute = absolute
        self.ofMagnitude = ofMagnitude
    }

    /// Elementwise arithmetic in a type: 1.3e-6 for float32, 1.6e-2 for bfloat16.
    public static func elementwise(_ type: ElementType) -> Tolerance {
        Tolerance(relative: type == .bfloat16 ? 1.6e-2 : type == .float64 ? 1e-13 : 1.3e-6)
    }

    /// A sum of `count` products in float32: 4 ε √K Σ |aᵢ bᵢ|, and the rounding of what is stored.
    public static func sum(of count: Int, storedIn type: ElementType) -> Tolerance {
        let epsilon = type == .float64 ? 0x1p-52 : 0x1p-23
        return Tolerance(
            relative: type == .bfloat16 ? 0x1.02p-8 : 0,
            ofMagnitude: 4 * epsilon * Double(max(count, 1)).squareRoot())
    }
}

/// What differs between a result and what was expected, element by element; empty when nothing does.
///
/// A comparison fails on NaN: it is written `!(difference <= tolerance)`.
public func differences(
    _ name: String, _ result: [Double], _ expected: [Double], _ tolerance: Tolerance,
    magnitudes: [Double]? = nil
) -> [String] {
    guard result.count == expected.count else {
        return ["\(name): \(result.count) elements, expected \(expected.count)"]
    }
    var found: [String] = []
    for (index, (value, wanted)) in zip(result, expected).enumerated() {
        if value == wanted { continue }
        let magnitude = magnitudes?[index] ?? abs(wanted)
        let allowed =
            tolerance.relative * abs(wanted) + tolerance.absolute
            + tolerance.ofMagnitude * magnitude
        if !(abs(value - wanted) <= allowed) {
            found.append("\(name)[\(index)]: \(value), expected \(wanted) ± \(allowed)")
            if found.count == 3 { break }
        }
    }
    return found
}

/// What differs between two tensors of the same shape.
public func differences(
    _ name: String, _ result: Tensor, _ expected: Tensor, _ tolerance: Tolerance
) -> [String] {
    guard result.shape == expected.shape else {
        return ["\(name): shape \(result.shape), expected \(expected.shape)"]
    }
    return differences(name, result.doubles, expected.doubles, tolerance)
}

/// Whether the errors of a result lean to one side by more than rounding errors of random sign would.
///
/// Rounding to bfloat16 hides an error of 0.1 % in one element, but not in many: errors are weighed by the elements
/// that they belong to. `allowed` is each element's tolerance. Repeated elements have the same error and count once.
public func lean(
    _ name: String, _ result: [Double], _ expected: [Double], allowed: (Int) -> Double
) -> [String] {
    var (error, spread) = (0.0, 0.0)
    var met = Set<Double>()
    for (index, (value, wanted)) in zip(result, expected).enumerated()
    where wanted != 0 && met.insert(wanted).inserted {
        error += (value - wanted) * wanted
        spread += allowed(index) * allowed(index) * wanted * wanted
    }
    // A rounding error is uniform below its bound, with a deviation of 1 / √3 of it.
    let limit = 5 * (spread / 3).squareRoot()
    return abs(error) <= limit ? [] : ["\(name) leans by \(error), more than \(limit)"]
}
