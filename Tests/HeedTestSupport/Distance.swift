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
    return distance(found.doubles, expected.doubles)
}

/// The largest |a| of a tensor; NaN if a number is.
public func magnitude(_ tensor: Tensor) -> Double {
    distance(tensor, Tensor.zeros(tensor.shape, tensor.elementType))
}

/// Whether two tensors have the same shape, type and bits.
public func sameBits(_ a: Tensor, _ b: Tensor) -> Bool {
    guard a.shape == b.shape, a.elementType == b.elementType else { return false }
    return a.bitPattern == b.bitPattern
}
