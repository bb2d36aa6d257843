import CHeedKernels
import HeedFormats

/// An operation on two numbers, applied to pairs of elements.
public enum BinaryOperation: Int, Sendable, CaseIterable {
    /// a + b.
    case add = 0
    /// a − b.
    case subtract
    /// a · b.
    case multiply
    /// a / b.
    case divide

    var kernel: heed_binary { heed_binary(UInt32(rawValue)) }
}

extension Context {
    /// Applies an operation to pairs of elements. Axes are matched from the last; an axis of size 1, or one
    /// that is missing, is repeated. Both tensors have the same type.
    public func apply(_ operation: BinaryOperation, _ a: Tensor, _ b: Tensor) -> Tensor {
        profiler?.begin("binary")
        defer { profiler?.end() }
        let y = binary(operation, a.detached, b.detached)
        let (narrowA, narrowB) = (a.detached, b.detached)
        return recorded([a, b], y) { narrow, gradients in
            // What is summed is not rounded before: products and sums over repeated axes are in the statistics' type.
            let type = narrow.elementType
            let wide = a.shape == b.shape ? type : Kernels.statistics(for: type)
            let (a0, b0) = (narrowA.converted(to: wide), narrowB.converted(to: wide))
            let upstream = narrow.converted(to: wide)
            defer {
                for index in 0..<2 { gradients[index] = gradients[index]?.converted(to: type) }
            }
            switch operation {
            case .add, .subtract:
                if gradients.needed[0] { gradients[0] = summed(upstream, to: a0.shape) }
                if gradients.needed[1] {
                    let db = operation == .add ? upstream : affineValues(upstream, -1, 0)
                    gradients[1] = summed(db, to: b0.shape)
                }
            case .multiply:
                if gradients.needed[0] {
                    gradients[0] = summed(binary(.multiply, upstream, b0), to: a0.shape)
                }
                if gradients.needed[1] {
                    gradients[1] = summed(binary(.multiply, upstream, a0), to: b0.shape)
                }
            case .divide:
                let da = binary(.divide, upstream, b0)
                if gradients.needed[0] { gradients[0] = summed(da, to: a0.shape) }
                if gradients.needed[1] {
                    let quotient = binary(.divide, binary(.multiply, da, a0), b0)
                    gradients[1] = summed(affineValues(quotient, -1, 0), to: b0.shape)
                }
            }
        }
    }

    /// a + b, broadcast.
    public func add(_ a: Tensor, _ b: Tensor) -> Tensor { apply(.add, a, b) }
    /// a − b, broadcast.
    public func subtract(_ a: Tensor, _ b: Tensor) -> Tensor { apply(.subtract, a, b) }
    /// a · b elementwise, broadcast.
    public func multiply(_ a: Tensor, _ b: Tensor) -> Tensor { apply(.multiply, a, b) }
    /// a / b, broadcast.
    public func divide(_ a: Tensor, _ b: Tensor) -> Tensor { apply(.divide, a, b) }
}

/// The shape that two shapes have together; traps when an axis differs and neither size is 1.
func broadcast(_ a: Shape, _ b: Shape, _ operation: String) -> Shape {
    let rank = max(a.rank, b.rank)
    return Shape(
        (0..<rank).map { axis in
            let fromLast = rank - axis
            let left = fromLast <= a.rank ? a[a.rank - fromLast] : 1
            let right = fromLast <= b.rank ? b[b.rank - fromLast] : 1
            require(
                left == right || left == 1 || right == 1, operation, "sizes differ", [a, b])
            return left == 1 ? right : left
        })
}

/// The elements to step over along each axis of `shape` when a tensor of shape `operand` is repeated to it.
private func broadcastSteps(_ operand: Shape, to shape: Shape) -> [Int] {
    var steps = [Int](repeating: 0, count: shape.rank)
    var step = 1
    for axis in stride(from: operand.rank - 1, through: 0, by: -1) {
        if operand[axis] != 1 { steps[axis + shape.rank - operand.rank] = step }
        step *= operand[axis]
    }
    return steps
}

func binary(_ operation: BinaryOperation, _ a: Tensor, _ b: Tensor) -> Tensor {
    let name = "\(operation)"
    require(
        a.elementType == b.elementType, name,
        "types differ: \(a.elementType) and \(b.elementType)", [a.shape, b.shape])
    let shape = broadcast(a.shape, b.shape, name)
    let y = Tensor(uninitialized: shape, a.elementType)
    let size = a.elementType.size
    let table = unsafe Kernels.table(for: a.elementType)
    if a.shape == b.shape {
        parallelRanges(y.count, size: Cut.elements) { range in
            let start = range.lowerBound * size
            unsafe table.pointee.binary(
                operation.kernel, Int64(range.count), a.bytes + start, 1, b.bytes + start, 1,
                y.mutableBytes + start)
        }
        return y
    }
    let (aSteps, bSteps) = (
        broadcastSteps(a.shape, to: shape), broadcastSteps(b.shape, to: shape)
    )
    let columns = shape.columns
    parallelRanges(columns == 0 ? 0 : shape.rows, size: Cut.rows(columns: columns)) { rows in
        for row in rows {
            let aStart = offset(ofRow: row, shape, aSteps)
            let bStart = offset(ofRow: row, shape, bSteps)
            unsafe table.pointee.binary(
                operation.kernel, Int64(columns), a.bytes + aStart * size,
                Int64(aSteps.last ?? 0), b.bytes + bStart * size, Int64(bSteps.last ?? 0),
                y.mutableBytes + row * columns * size)
        }
    }
    return y
}

/// The element where a row of `shape` starts in a tensor with these steps.
private func offset(ofRow row: Int, _ shape: Shape, _ steps: [Int]) -> Int {
    var rest = row
    var offset = 0
    for axis in stride(from: shape.rank - 2, through: 0, by: -1) {
        offset += rest % shape[axis] * steps[axis]
        rest /= shape[axis]
    }
    return offset
}

/// The sum of a tensor over the axes along which `shape` was repeated: the gradient of broadcasting.
func summed(_ x: Tensor, to shape: Shape) -> Tensor {
    if x.shape == shape { return x }
    var result = x
    let added = x.rank - shape.rank
    for axis in 0..<x.rank {
        let kept = axis < added ? 1 : shape[axis - added]
        if kept == 1, x.shape[axis] != 1 { result = reduced(HEED_SUM, result, axis: axis) }
    }
    return result.viewed(as: shape)
}

/// Reduces an axis to size 1.
func reduced(_ reduction: heed_reduction, _ x: Tensor, axis: Int) -> Tensor {
    let axis = x.shape.resolve(axis)
    var shape = x.shape
    shape[axis] = 1
    let outer = (0..<axis).reduce(1) { $0 * x.shape[$1] }
    let inner = (axis + 1..<x.rank).reduce(1) { $0 * x.shape[$1] }
    let length = x.shape[axis]
    let y = Tensor(uninitialized: shape, x.elementType)
    let size = x.elementType.size
    let table = unsafe Kernels.table(for: x.elementType)
    let rowsPerTask = max(1, Cut.elements / max(length * inner, 1))
    parallelRanges(outer, size: rowsPerTask) { range in
        unsafe table.pointee.reduce(
            reduction, Int64(range.count), Int64(length), Int64(inner),
            x.bytes + range.lowerBound * length * inner * size,
            y.mutableBytes + range.lowerBound * inner * size)
    }
    return y
}
