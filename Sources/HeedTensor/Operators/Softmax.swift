import CHeedKernels
import HeedFormats

extension Context {
    /// softmax over the last axis. A row of −∞ gives zeros.
    public func softmax(_ x: Tensor) -> Tensor { softmax(x, logarithm: false) }

    /// The logarithm of the softmax over the last axis.
    public func logSoftmax(_ x: Tensor) -> Tensor { softmax(x, logarithm: true) }

    private func softmax(_ x: Tensor, logarithm: Bool) -> Tensor {
        profiler?.begin("softmax")
        defer { profiler?.end() }
        let columns = x.shape.columns
        let y = Tensor(uninitialized: x.shape, x.elementType)
        let size = x.elementType.size
        let table = unsafe Kernels.table(for: x.elementType)
        parallelRanges(x.shape.rows, size: Cut.rows(columns: columns)) { rows in
            let start = rows.lowerBound * columns * size
            unsafe table.pointee.softmax_forward(
                logarithm, Int64(rows.count), Int64(columns), x.bytes + start,
                y.mutableBytes + start)
        }
        return recorded([x], y) { upstream, gradients in
            let dx = Tensor(uninitialized: y.shape, y.elementType)
            parallelRanges(y.shape.rows, size: Cut.rows(columns: columns)) { rows in
                let start = rows.lowerBound * columns * size
                unsafe table.pointee.softmax_backward(
                    logarithm, Int64(rows.count), Int64(columns), y.bytes + start,
                    upstream.bytes + start, dx.mutableBytes + start)
            }
            gradients[0] = dx
        }
    }
}
