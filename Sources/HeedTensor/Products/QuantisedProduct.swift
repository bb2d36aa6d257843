import CHeedKernels
import HeedFormats

/// A product x · Wᵀ (+ bias, relu) of 8-bit integers: weights with a scale for each output, activations with a scale
/// for each row, which is found on the fly.
///
/// Integers are summed exactly, so that neither the cut of the work nor the instruction set changes a bit.
struct QuantisedProduct {
    let weights: QuantisedWeights
    let bias: Tensor?
    let relu: Bool

    /// Rows of one task.
    private static let rows = 256
    /// Columns of one task are a multiple of these.
    private static let columns = 64
    /// Products of two numbers that are worth a task.
    private static let work = 1 << 20

    /// Writes the product of x [..., in], float32 or bfloat16, to y [..., out], of that type or float32.
    func callAsFunction(_ x: Tensor, into y: Tensor) {
        let (total, depth) = (x.shape.rows, weights.depth)
        guard total > 0 else { return }
        let activations = QuantisedRows(x, depth: depth)
        let rowsOfTask = min(total, Self.rows)
        let wanted = Self.work / (rowsOfTask * depth)
        let width = max(1, (wanted + Self.columns - 1) / Self.columns) * Self.columns
        let panels = (total + Self.rows - 1) / Self.rows
        let groups = (weights.columns + width - 1) / width
        let table = unsafe Kernels.table(for: x.elementType)
        parallel(panels * groups) { task in
            let rows = task % panels * Self.rows..<min((task % panels + 1) * Self.rows, total)
            let first = task / panels * width
            var product = unsafe describe(activations, y, rows: rows)
            unsafe product.wide = y.elementType == .float32
            unsafe product.first_column = Int64(first)
            unsafe product.end_column = Int64(min(first + width, weights.columns))
            unsafe table.pointee.quantised_product(&product)
        }
    }

    private func describe(
        _ activations: QuantisedRows, _ y: Tensor, rows: Range<Int>
    ) -> heed_quantised_product {
        let first = rows.lowerBound
        var product = unsafe heed_quantised_product()
        unsafe product.rows = Int64(rows.count)
        unsafe product.columns = Int64(weights.columns)
        unsafe product.depth = Int64(weights.depth)
        unsafe product.a = activations.bytes + first * weights.depth
        unsafe product.a_scales = activations.scales + first
        unsafe product.b = weights.bytes
        unsafe product.b_scales = UnsafePointer(weights.scales)
        unsafe product.b_offsets = UnsafePointer(weights.offsets)
        unsafe product.bias = bias.map { unsafe $0.bytes.assumingMemoryBound(to: Float.self) }
        unsafe product.relu = relu
        unsafe product.c = y.mutableBytes + first * weights.columns * y.elementType.size
        unsafe product.ldc = Int64(weights.columns)
        return unsafe product
    }
}

/// Rows of activations as 8-bit integers, each with its scale.
private struct QuantisedRows {
    private let integers: Storage
    private let scaleStorage: Storage

    init(_ x: Tensor, depth: Int) {
        let (rows, inner) = (x.shape.rows, x.shape.columns)
        integers = Storage(byteCount: rows * depth)
        scaleStorage = Storage(byteCount: rows * MemoryLayout<Float>.stride)
        let table = unsafe Kernels.table(for: x.elementType)
        let (integers, scaleStorage) = (integers, scaleStorage)
        parallelRanges(rows, size: Cut.rows(columns: inner)) { range in
            let first = range.lowerBound
            unsafe table.pointee.quantise(
                true, Int64(range.count), Int64(inner),
                x.bytes + first * inner * x.elementType.size, Int64(inner),
                integers.pointer.assumingMemoryBound(to: Int8.self) + first * depth, Int64(depth),
                scaleStorage.pointer.assumingMemoryBound(to: Float.self) + first)
        }
    }

    var bytes: UnsafePointer<Int8> {
        unsafe UnsafePointer(integers.pointer.assumingMemoryBound(to: Int8.self))
    }

    var scales: UnsafePointer<Float> {
        unsafe UnsafePointer(scaleStorage.pointer.assumingMemoryBound(to: Float.self))
    }
}
