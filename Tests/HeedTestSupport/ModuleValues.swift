public import HeedFormats
public import HeedNN
public import HeedTensor

extension Module {
    /// Gives every parameter the values that `tensor` has for its names in files.
    ///
    /// - Parameter type: float32, or float64 for reference arithmetic.
    public func assign(as type: ElementType = .float32, _ tensor: (String) throws -> Tensor) throws
    {
        for parameter in parameters {
            var values = [Double](repeating: 0, count: parameter.shape.count)
            for binding in bindings where binding.parameter === parameter {
                let part = try tensor(binding.name)
                guard part.shape.count == binding.shape.count else {
                    throw FixtureError("\(binding.name): \(part.shape), not \(binding.shape)")
                }
                let width = parameter.shape.count / max(parameter.shape[0], 1)
                values.replaceSubrange(
                    binding.rows.lowerBound * width..<binding.rows.upperBound * width,
                    with: part.doubles)
            }
            parameter.value = Tensor(values, shape: parameter.shape).converted(to: type)
        }
    }

    /// The gradients that have been collected, under the names that files use.
    public var collectedGradients: [(name: String, gradient: Tensor)] {
        bindings.compactMap { binding in
            guard let whole = binding.parameter.gradient else { return nil }
            return (binding.name, Context().sliced(whole, axis: 0, binding.rows))
        }
    }
}

/// The gradients that are farther from the expected ones than 1e-4 of their largest element, and 1e-7 of the model's
/// largest gradient.
///
/// The gradient of a key's bias is zero in exact arithmetic: both sides hold rounding errors alone, for which `noise`
/// of the model's largest gradient is allowed.
public func wrongGradients(
    of module: any Module, noise: Double = 1e-7, absolute: Double = 0,
    expected: (String) throws -> Tensor
) throws -> [String] {
    let pairs = try module.collectedGradients.map {
        (name: $0, found: $1, wanted: try expected($0))
    }
    let largest = pairs.map { magnitude($0.wanted) }.max() ?? 0
    return pairs.compactMap { name, found, wanted in
        let difference = distance(found.doubles, wanted.doubles)
        let rounding = (name.hasSuffix("k_proj.bias") ? noise : 1e-7) * largest
        let allowed = 1e-4 * magnitude(wanted) + rounding + absolute
        return difference <= allowed ? nil : "\(name): \(difference), allowed are \(allowed)"
    }
}
