import CHeedKernels
import HeedFormats

extension Context {
    /// f(gate) · up, where the last axis of x holds the gate in its first half and the other factor in its
    /// second: SwiGLU with SiLU (Shazeer 2020). x [..., 2 F] → [..., F].
    public func gated(_ function: UnaryFunction, _ x: Tensor) -> Tensor {
        profiler?.begin("gated")
        defer { profiler?.end() }
        let width = x.shape.columns / 2
        require(
            x.rank > 0 && x.shape.columns == 2 * width, "gated",
            "the last axis must be even", [x.shape])
        let y = Tensor(uninitialized: x.shape.withColumns(width), x.elementType)
        let size = x.elementType.size
        let table = unsafe Kernels.table(for: x.elementType)
        let stride = Int64(2 * width)
        let x0 = x.detached
        parallelRanges(x.shape.rows, size: Cut.rows(columns: width)) { rows in
            let gate = unsafe x0.bytes + rows.lowerBound * 2 * width * size
            unsafe table.pointee.gated_forward(
                function.kernel, Int64(rows.count), Int64(width), gate, stride,
                gate + width * size, stride, y.mutableBytes + rows.lowerBound * width * size,
                Int64(width))
        }
        return recorded([x], y) { upstream, gradients in
            let dx = Tensor(uninitialized: x0.shape, x0.elementType)
            parallelRanges(x0.shape.rows, size: Cut.rows(columns: width)) { rows in
                let start = rows.lowerBound * 2 * width * size
                unsafe table.pointee.gated_backward(
                    function.kernel, Int64(rows.count), Int64(width), x0.bytes + start, stride,
                    x0.bytes + start + width * size, stride,
                    upstream.bytes + rows.lowerBound * width * size, Int64(width),
                    dx.mutableBytes + start, stride, dx.mutableBytes + start + width * size,
                    stride)
            }
            gradients[0] = dx
        }
    }
}
