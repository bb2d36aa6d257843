import CHeedKernels
import HeedFormats

/// The tasks that add dyᵀ · x to the gradient of a weight [out, in]: dy [M, out], x [M, in].
///
/// Rows are added up in pieces of fixed sizes and in a fixed order, and tasks own rows of the result, so that the
/// bits do not depend on the number of threads.
func weightGradientTasks(_ weight: Parameter, dy: Tensor, x: Tensor) -> TaskList {
    guard weight.collectsGradient, let slot = weight.slot else { return .empty }
    return transposedProductTasks(
        dy, x, to: slot.memory(from: dy.elementType), m: weight.shape[0], n: weight.shape[1])
}

/// The tasks of result [m, n] (added up in float32, or in float64 for float64 operands) += aᵀ · b, a [M, m], b [M, n]; a may
/// have more columns, which are left out.
func transposedProductTasks(
    _ a: Tensor, _ b: Tensor, to result: GradientMemory, m: Int, n: Int
) -> TaskList {
    let total = a.shape.rows
    let stride = a.shape.columns
    require(
        b.shape.rows == total && stride >= m && b.shape.columns == n, "weight gradient",
        "operands differ", [a.shape, b.shape])
    guard total > 0, m > 0, n > 0 else { return .empty }
    if a.elementType == .float64 {
        return TaskList(count: (m + 15) / 16) { task in
            unsafe heed_product_f64(
                Int64(task * 16), Int64(min(task * 16 + 16, m)), Int64(m), Int64(n), Int64(total),
                a.bytes.assumingMemoryBound(to: Double.self), Int64(stride), true,
                b.bytes.assumingMemoryBound(to: Double.self), Int64(n), false,
                result.start.assumingMemoryBound(to: Double.self), Int64(n), true)
        }
    }
    if a.elementType == .bfloat16, !MatrixLibrary.multipliesBFloat16 {
        return transposedProductTasks(
            a.converted(to: .float32), b.converted(to: .float32), to: result, m: m, n: n)
    }
    let rowsPerTask = Panels.gradientRows(m)
    let tasks = (m + rowsPerTask - 1) / rowsPerTask
    let pieces = innerPieces(of: total)
    let sizes = Set(pieces.map(\.count))
    let heights = Set([min(rowsPerTask, m), m - (tasks - 1) * rowsPerTask])
    var products: [InnerKey: LibraryProduct] = [:]
    for size in sizes {
        for height in heights {
            products[InnerKey(rows: height, inner: size)] = gradientProduct(
                m: height, n: n, k: size, lda: stride, type: a.elementType)
        }
    }
    let size = a.elementType.size
    return TaskList(count: tasks) { [products] task in
        let first = task * rowsPerTask
        let height = min(rowsPerTask, m - first)
        unsafe result.add(first * n..<(first + height) * n) { sums in
            for piece in pieces {
                guard let product = products[InnerKey(rows: height, inner: piece.count)] else {
                    return
                }
                unsafe product.run(
                    a.bytes + (piece.lowerBound * stride + first) * size,
                    b.bytes + piece.lowerBound * n * size, sums, bias: nil)
            }
        }
    }
}

private struct InnerKey: Hashable {
    let rows: Int
    let inner: Int
}

/// The rows cut into the sizes of the ladder, largest first.
private func innerPieces(of total: Int) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    var start = 0
    for size in Panels.innerPieces {
        while total - start >= size {
            pieces.append(start..<start + size)
            start += size
        }
    }
    return pieces
}

private func gradientProduct(m: Int, n: Int, k: Int, lda: Int, type: ElementType) -> LibraryProduct
{
    var shape = heed_product_shape()
    shape.m = Int32(m)
    shape.n = Int32(n)
    shape.k = Int32(k)
    shape.a_type = UInt8(Kernels.kernelType(type).rawValue)
    shape.b_type = shape.a_type
    shape.c_type = UInt8(HEED_F32.rawValue)
    shape.transpose_a = 1
    shape.accumulate = 1
    shape.lda = Int64(lda)
    shape.ldb = Int64(n)
    shape.ldc = Int64(n)
    guard let product = LibraryProduct(shape) else {
        OutOfMemory.endAfterFailure("has no product of \(type) for weights' gradients")
    }
    return product
}

/// Sums over all rows of x [M, N], to be added to a vector.
///
/// Rows are added up in chunks of a fixed size, and the chunks in their order.
struct ColumnSums {
    private let x: Tensor
    private let chunks: RowChunks

    init(of x: Tensor) {
        self.x = x
        chunks = RowChunks(x.shape.rows, columns: x.shape.columns, sums: 1, x.elementType)
    }

    /// The tasks that add up the chunks.
    var tasks: TaskList {
        let table = unsafe Kernels.table(for: x.elementType)
        let columns = x.shape.columns
        return unsafe chunks.tasks { [x] rows, partial in
            unsafe table.pointee.column_sums(
                Int64(rows.count), Int64(columns),
                x.bytes + rows.lowerBound * columns * x.elementType.size, Int64(columns),
                partial[0])
        }
    }

    /// sums [N] += what the tasks have added up.
    func add(to sums: UnsafeMutableRawPointer) { unsafe chunks.add(0, to: sums) }
}

/// Sums over rows by chunks of a fixed number of rows: each chunk has partial sums of its own, which are
/// added up in order.
struct RowChunks {
    private let total: Int
    private let columns: Int
    private let sums: Int
    private let partial: Tensor
    private let statistics: ElementType

    /// Chunks over `total` rows with `sums` vectors of `columns` partial sums each.
    init(_ total: Int, columns: Int, sums: Int, _ type: ElementType) {
        self.total = total
        self.columns = columns
        self.sums = sums
        statistics = Kernels.statistics(for: type)
        let chunks = (total + Cut.reductionRows - 1) / Cut.reductionRows
        partial = Tensor.zeros([chunks, sums, columns], statistics)
    }

    /// Calls `body` with each chunk's rows and its vectors of partial sums.
    func run(_ body: @escaping (Range<Int>, [UnsafeMutableRawPointer]) -> Void) {
        parallel(unsafe tasks(body))
    }

    /// The tasks of `run`.
    func tasks(_ body: @escaping (Range<Int>, [UnsafeMutableRawPointer]) -> Void) -> TaskList {
        let step = columns * statistics.size
        let size = Cut.reductionRows
        return TaskList(count: partial.shape[0]) { [total, partial, sums] chunk in
            let rows = chunk * size..<min((chunk + 1) * size, total)
            let start = unsafe partial.mutableBytes + chunk * sums * step
            unsafe body(rows, (0..<sums).map { unsafe start + $0 * step })
        }
    }

    /// Adds the chunks' sums number `index`, in order, to a vector.
    func add(_ index: Int, to vector: UnsafeMutableRawPointer) {
        let step = columns * statistics.size
        let table = unsafe Kernels.table(for: statistics)
        for chunk in 0..<partial.shape[0] {
            unsafe table.pointee.accumulate(
                Int64(columns), 1, partial.bytes + (chunk * sums + index) * step, vector)
        }
    }
}
