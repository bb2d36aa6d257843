import CHeedKernels
import HeedFormats

extension Context {
    /// f(gate) · up, where the last axis of x holds the gate in its first half and the other factor in its
    /// second: SwiGLU with SiLU (Shazeer 2020). x [..., 2 F] → [..., F].
    public func gated(_ function: UnaryFunction, _ x: Tensor) -> Tensor {
        apply(.gated(function), x)
    }
}

func gatedValues(_ function: UnaryFunction, _ x: Tensor) -> Tensor {
    let width = x.shape.columns / 2
    require(
        x.rank > 0 && x.shape.columns == 2 * width, "gated", "the last axis must be even",
        [x.shape])
    let y = Tensor(uninitialized: x.shape.withColumns(width), x.elementType)
    let size = x.elementType.size
    let table = unsafe Kernels.table(for: x.elementType)
    let stride = Int64(2 * width)
    parallelRanges(x.shape.rows, size: Cut.rows(columns: width)) { rows in
        let gate = unsafe x.bytes + rows.lowerBound * 2 * width * size
        unsafe table.pointee.gated_forward(
            function.kernel, Int64(rows.count), Int64(width), gate, stride, gate + width * size,
            stride, y.mutableBytes + rows.lowerBound * width * size, Int64(width))
    }
    return y
}

/// The gradients of both halves of x, from that of what they gave.
func gatedGradient(_ function: UnaryFunction, _ x: Tensor, _ dy: Tensor) -> Tensor {
    let width = x.shape.columns / 2
    let dx = Tensor(uninitialized: x.shape, x.elementType)
    let size = x.elementType.size
    let table = unsafe Kernels.table(for: x.elementType)
    let stride = Int64(2 * width)
    parallelRanges(x.shape.rows, size: Cut.rows(columns: width)) { rows in
        let start = rows.lowerBound * 2 * width * size
        unsafe table.pointee.gated_backward(
            function.kernel, Int64(rows.count), Int64(width), x.bytes + start, stride,
            x.bytes + start + width * size, stride,
            dy.bytes + rows.lowerBound * width * size, Int64(width), dx.mutableBytes + start,
            stride, dx.mutableBytes + start + width * size, stride)
    }
    return dx
}
