import HeedFormats
public import HeedTensor

/// The largest |a − b|; NaN if there is one among the numbers, or if the counts differ, so that `<= limit` is false.
public func distance(_ found: [Double], _ expected: [Double]) -> Double {
    guard found.count == expected.count else { return .nan }
    var worst = 0.0
    for (a, b) in zip(found, expected) {
        let difference = abs(a - b)
        if difference.isNaN { return .nan }
        worst = max(worst, difference)
    }
    return worst
}

/// The largest |a − b| of two tensors; NaN if their shapes differ or a number is NaN.
public func distance(_ found: Tensor, _ expected: Tensor) -> Double {
    guard found.shape == expected.shape else { return .nan }
    return distance(found.values, expected.values)
}

/// The largest |a| of a tensor; NaN if a number is.
public func magnitude(_ tensor: Tensor) -> Double {
    distance(tensor, Tensor.zeros(tensor.shape, tensor.elementType))
}

/// Whether two tensors have the same shape, type and bits.
public func sameBits(_ a: Tensor, _ b: Tensor) -> Bool {
    guard a.shape == b.shape, a.elementType == b.elementType else { return false }
    return unsafe a.withBytes { left in
        unsafe b.withBytes { right in unsafe left.elementsEqual(right) }
    }
}

extension Tensor {
    /// The elements of a floating-point tensor as Double, which holds every type exactly.
    public var values: [Double] {
        elementType == .float64 ? scalars() : floats.map(Double.init)
    }
}
