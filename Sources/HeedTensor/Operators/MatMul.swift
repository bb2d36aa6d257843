import CHeedKernels
import HeedFormats

extension Context {
    /// The product of matrices: a [..., m, k] · b [..., k, n] → [..., m, n].
    ///
    /// The leading axes are equal, or missing in one operand, which then serves every batch. `transposingA` means that a is
    /// stored [..., k, m], `transposingB` that b is stored [..., n, k].
    public func matmul(
        _ a: Tensor, _ b: Tensor, transposingA: Bool = false, transposingB: Bool = false
    ) -> Tensor {
        profiler?.begin("matmul")
        defer { profiler?.end() }
        let (a0, b0) = (a.detached, b.detached)
        let y = batchedProduct(a0, b0, transposingA, transposingB)
        return recorded([a, b], y) { dy, gradients in
            // The products of a batch are rounded after they have been summed.
            let type = dy.elementType
            let (aType, bType) = (
                a0.rank == dy.rank ? type : Kernels.statistics(for: type),
                b0.rank == dy.rank ? type : Kernels.statistics(for: type)
            )
            if gradients.needed[0] {
                let da =
                    transposingA
                    ? batchedProduct(b0, dy, transposingB, true, output: aType)
                    : batchedProduct(dy, b0, false, !transposingB, output: aType)
                gradients[0] = summed(da, to: a0.shape).converted(to: type)
            }
            if gradients.needed[1] {
                let db =
                    transposingB
                    ? batchedProduct(dy, a0, true, transposingA, output: bType)
                    : batchedProduct(a0, dy, !transposingA, false, output: bType)
                gradients[1] = summed(db, to: b0.shape).converted(to: type)
            }
        }
    }
}

/// Sizes of a batched product.
private struct BatchedShape {
    let batch: Int
    let m: Int
    let n: Int
    let k: Int
    let result: Shape
    /// Whether each operand has its own matrix for each batch.
    let aIsBatched: Bool
    let bIsBatched: Bool

    init(_ a: Shape, _ b: Shape, _ transposingA: Bool, _ transposingB: Bool) {
        require(a.rank >= 2 && b.rank >= 2, "matmul", "both need two axes", [a, b])
        m = transposingA ? a[-1] : a[-2]
        k = transposingA ? a[-2] : a[-1]
        n = transposingB ? b[-2] : b[-1]
        require((transposingB ? b[-1] : b[-2]) == k, "matmul", "inner sizes differ", [a, b])
        let (aBatch, bBatch) = (Array(a.sizes.dropLast(2)), Array(b.sizes.dropLast(2)))
        require(
            aBatch == bBatch || aBatch.isEmpty || bBatch.isEmpty, "matmul", "batches differ",
            [a, b])
        let sizes = aBatch.isEmpty ? bBatch : aBatch
        (aIsBatched, bIsBatched) = (!aBatch.isEmpty, !bBatch.isEmpty)
        batch = sizes.reduce(1, *)
        result = Shape(sizes + [m, n])
    }
}

private func batchedProduct(
    _ a: Tensor, _ b: Tensor, _ transposingA: Bool, _ transposingB: Bool,
    output: ElementType? = nil
) -> Tensor {
    require(
        a.elementType == b.elementType, "matmul",
        "types differ: \(a.elementType) and \(b.elementType)", [a.shape, b.shape])
    let shape = BatchedShape(a.shape, b.shape, transposingA, transposingB)
    let type = a.elementType
    let output = output ?? type
    if shape.k == 0 { return Tensor.zeros(shape.result, output) }
    if type == .bfloat16, !MatrixLibrary.multipliesBFloat16 {
        return batchedProduct(
            a.converted(to: .float32), b.converted(to: .float32), transposingA, transposingB
        ).converted(to: output)
    }
    let y = Tensor(uninitialized: shape.result, output)
    guard y.count > 0 else { return y }
    let panel = Panels.rows(of: shape.m, k: shape.k, n: shape.n)
    let panels = (shape.m + panel - 1) / panel
    let runner = BatchedRunner(shape, type, output, transposingA, transposingB, panel: panel)
    let size = type.size
    parallel(shape.batch * panels) { task in
        let (batch, rows) = (task / panels, task % panels * panel)
        let aStart = (shape.aIsBatched ? batch : 0) * shape.m * shape.k * size
        let bStart = (shape.bIsBatched ? batch : 0) * shape.k * shape.n * size
        unsafe runner.run(
            a.bytes + aStart, b.bytes + bStart,
            y.mutableBytes + batch * shape.m * shape.n * output.size, firstRow: rows)
    }
    return y
}

/// Runs panels of rows of one matrix product of a batch.
private struct BatchedRunner {
    let shape: BatchedShape
    let type: ElementType
    let output: ElementType
    let transposingA: Bool
    let transposingB: Bool
    let panel: Int
    private var full: LibraryProduct?
    private var tail: LibraryProduct?

    init(
        _ shape: BatchedShape, _ type: ElementType, _ output: ElementType, _ transposingA: Bool,
        _ transposingB: Bool, panel: Int
    ) {
        self.shape = shape
        self.type = type
        self.output = output
        self.transposingA = transposingA
        self.transposingB = transposingB
        self.panel = panel
        guard type != .float64 else { return }
        full = product(rows: min(panel, shape.m))
        tail = shape.m % panel == 0 ? full : product(rows: shape.m % panel)
    }

    private func product(rows: Int) -> LibraryProduct {
        var description = heed_product_shape()
        description.m = Int32(rows)
        description.n = Int32(shape.n)
        description.k = Int32(shape.k)
        description.a_type = UInt8(Kernels.kernelType(type).rawValue)
        description.b_type = description.a_type
        description.c_type = UInt8(Kernels.kernelType(output).rawValue)
        description.transpose_a = transposingA ? 1 : 0
        description.transpose_b = transposingB ? 1 : 0
        description.lda = Int64(transposingA ? shape.m : shape.k)
        description.ldb = Int64(transposingB ? shape.k : shape.n)
        description.ldc = Int64(shape.n)
        guard let product = LibraryProduct(description) else {
            OutOfMemory.endAfterFailure("has no product of \(type)")
        }
        return product
    }

    func run(
        _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, firstRow: Int
    ) {
        let rows = min(panel, shape.m - firstRow)
        if type == .float64 {
            unsafe heed_product_f64(
                Int64(firstRow), Int64(firstRow + rows), Int64(shape.m), Int64(shape.n),
                Int64(shape.k), a.assumingMemoryBound(to: Double.self),
                Int64(transposingA ? shape.m : shape.k), transposingA,
                b.assumingMemoryBound(to: Double.self),
                Int64(transposingB ? shape.k : shape.n), transposingB,
                y.assumingMemoryBound(to: Double.self), Int64(shape.n), false)
            return
        }
        let size = type.size
        let aStart = (transposingA ? firstRow : firstRow * shape.k) * size
        let product = rows == min(panel, shape.m) ? full : tail
        unsafe product?.run(a + aStart, b, y + firstRow * shape.n * output.size, bias: nil)
    }
}
