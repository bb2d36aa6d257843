import HeedFormats

extension Context {
    /// The same elements in another shape of the same count, in shared memory.
    public func reshaped(_ x: Tensor, _ shape: Shape) -> Tensor {
        profiler?.begin("reshaped")
        defer { profiler?.end() }
        let original = x.shape
        return recorded([x], x.detached.viewed(as: shape)) { upstream, gradients in
            gradients[0] = upstream.viewed(as: original)
        }
    }

    /// The axes in another order, such as `[0, 2, 1]`; the default swaps the last two.
    public func transposed(_ x: Tensor, _ order: [Int]? = nil) -> Tensor {
        profiler?.begin("transposed")
        defer { profiler?.end() }
        let order =
            order ?? (0..<x.rank).dropLast(2) + [x.rank - 1, x.rank - 2]
        require(
            order.sorted() == Array(0..<x.rank), "transposed", "axes \(order) of", [x.shape])
        var inverse = order
        for (to, from) in order.enumerated() { inverse[from] = to }
        return recorded([x], permuted(x.detached, order)) { upstream, gradients in
            gradients[0] = permuted(upstream, inverse)
        }
    }

    /// The tensors one after another along an axis; their other sizes are equal.
    public func concatenated(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
        profiler?.begin("concatenated")
        defer { profiler?.end() }
        guard let first = tensors.first else { shapeMismatch("concatenated", "no tensors") }
        let axis = first.shape.resolve(axis)
        var shape = first.shape
        shape[axis] = tensors.reduce(0) { $0 + $1.shape[axis] }
        for tensor in tensors {
            var expected = shape
            expected[axis] = tensor.rank == shape.rank ? tensor.shape[axis] : 0
            require(
                tensor.shape == expected && tensor.elementType == first.elementType,
                "concatenated", "tensors differ", [first.shape, tensor.shape])
        }
        let result = Tensor(uninitialized: shape, first.elementType)
        var ranges: [Range<Int>] = []
        var end = 0
        for tensor in tensors {
            ranges.append(end..<end + tensor.shape[axis])
            copySlice(from: tensor, to: result, axis: axis, range: ranges[ranges.count - 1])
            end += tensor.shape[axis]
        }
        return recorded(tensors, result) { upstream, gradients in
            for (index, range) in ranges.enumerated() where gradients.needed[index] {
                gradients[index] = slice(upstream, axis: axis, range)
            }
        }
    }

    /// A range along an axis.
    public func sliced(_ x: Tensor, axis: Int, _ range: Range<Int>) -> Tensor {
        profiler?.begin("sliced")
        defer { profiler?.end() }
        let axis = x.shape.resolve(axis)
        require(
            range.lowerBound >= 0 && range.upperBound <= x.shape[axis], "sliced",
            "\(range) of axis \(axis)", [x.shape])
        let shape = x.shape
        return recorded([x], slice(x.detached, axis: axis, range)) { upstream, gradients in
            let dx = Tensor.zeros(shape, upstream.elementType)
            copySlice(from: upstream, to: dx, axis: axis, range: range)
            gradients[0] = dx
        }
    }
}

/// A range along an axis, copied.
private func slice(_ x: Tensor, axis: Int, _ range: Range<Int>) -> Tensor {
    var shape = x.shape
    shape[axis] = range.count
    let result = Tensor(uninitialized: shape, x.elementType)
    forEachSlice(of: x.shape, axis: axis, range) { inWhole, inSlice, count in
        let size = x.elementType.size
        unsafe (result.mutableBytes + inSlice * size).copyMemory(
            from: x.bytes + inWhole * size, byteCount: count * size)
    }
    return result
}

/// Writes a tensor into a range along an axis of a larger one.
private func copySlice(from part: Tensor, to whole: Tensor, axis: Int, range: Range<Int>) {
    forEachSlice(of: whole.shape, axis: axis, range) { inWhole, inSlice, count in
        let size = whole.elementType.size
        unsafe (whole.mutableBytes + inWhole * size).copyMemory(
            from: part.bytes + inSlice * size, byteCount: count * size)
    }
}

/// Calls `body` for each contiguous piece that a range along an axis selects: its first element in the whole, in
/// the selection, and its length.
private func forEachSlice(
    of shape: Shape, axis: Int, _ range: Range<Int>, _ body: (Int, Int, Int) -> Void
) {
    let outer = (0..<axis).reduce(1) { $0 * shape[$1] }
    let inner = (axis + 1..<shape.rank).reduce(1) { $0 * shape[$1] }
    let count = range.count * inner
    for index in 0..<outer {
        body((index * shape[axis] + range.lowerBound) * inner, index * count, count)
    }
}

/// The axes in another order, copied.
func permuted(_ x: Tensor, _ order: [Int]) -> Tensor {
    let shape = Shape(order.map { x.shape[$0] })
    let result = Tensor(uninitialized: shape, x.elementType)
    guard x.count > 0 else { return result }
    var steps = [Int](repeating: 1, count: x.rank)
    for axis in stride(from: x.rank - 2, through: 0, by: -1) {
        steps[axis] = steps[axis + 1] * x.shape[axis + 1]
    }
    let size = x.elementType.size
    let columns = shape.columns
    let step = order.last.map { steps[$0] } ?? 1
    parallelRanges(shape.rows, size: Cut.rows(columns: columns)) { rows in
        for row in rows {
            var rest = row
            var source = 0
            for axis in stride(from: shape.rank - 2, through: 0, by: -1) {
                source += rest % shape[axis] * steps[order[axis]]
                rest /= shape[axis]
            }
            let from = unsafe x.bytes + source * size
            let to = unsafe result.mutableBytes + row * columns * size
            if step == 1 {
                unsafe to.copyMemory(from: from, byteCount: columns * size)
            } else {
                unsafe copyStrided(from, to, columns, step, size)
            }
        }
    }
    return result
}

private func copyStrided(
    _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ count: Int, _ step: Int, _ size: Int
) {
    switch size {
    case 2:
        for index in 0..<count {
            let value = unsafe from.load(fromByteOffset: index * step * 2, as: UInt16.self)
            unsafe to.storeBytes(of: value, toByteOffset: index * 2, as: UInt16.self)
        }
    case 4:
        for index in 0..<count {
            let value = unsafe from.load(fromByteOffset: index * step * 4, as: UInt32.self)
            unsafe to.storeBytes(of: value, toByteOffset: index * 4, as: UInt32.self)
        }
    default:
        for index in 0..<count {
            unsafe (to + index * size).copyMemory(from: from + index * step * size, byteCount: size)
        }
    }
}
