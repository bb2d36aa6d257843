import CHeedKernels
import HeedFormats

/// The library's products of panels of rows with the panels of columns of packed weights.
///
/// Each has the rows of a full panel, or those of the last one, which are computed with zeros after them where the library
/// has no such number; and the columns of a full panel, or of the last one.
struct PanelProducts {
    /// Rows of a full panel, and those that are computed for the last one.
    let rows: (full: Int, tail: Int)
    let packed: PackedWeights
    /// The products of full panels of rows, then those of the last; of full panels of columns, then of the last.
    private var products: [[LibraryProduct]] = []

    /// Products from `input` to `output` with results whose rows are `stride` elements apart.
    init(
        packed: PackedWeights, rows: (full: Int, tail: Int), _ input: ElementType,
        _ output: ElementType, stride: Int, hasBias: Bool, relu: Bool = false
    ) {
        self.rows = rows
        self.packed = packed
        let widths = [0, packed.panelCount - 1].map { packed.columns(ofPanel: $0).count }
        products = [rows.full, rows.tail].map { height in
            widths.map { width in
                var shape = heed_product_shape()
                shape.m = Int32(height)
                shape.n = Int32(width)
                shape.k = Int32(packed.rows)
                shape.a_type = UInt8(Kernels.kernelType(input).rawValue)
                shape.b_type = shape.a_type
                shape.c_type = UInt8(Kernels.kernelType(output).rawValue)
                shape.packed_b = 1
                shape.has_bias = hasBias ? 1 : 0
                shape.relu = relu ? 1 : 0
                shape.lda = Int64(packed.rows)
                shape.ldb = Int64(width)
                shape.ldc = Int64(stride)
                guard let product = LibraryProduct(shape) else {
                    OutOfMemory.endAfterFailure("has no product of \(input) by \(output)")
                }
                return product
            }
        }
    }

    /// Computes a panel of columns for as many rows as a panel has, the last one's if `isTail`.
    ///
    /// - Parameters:
    ///   - input: the first of the rows.
    ///   - output: the first element of the result.
    ///   - bias: the vector that belongs to all columns of the weights.
    func run(
        _ input: UnsafeRawPointer, columnPanel: Int, isTail: Bool,
        into output: UnsafeMutableRawPointer, bias: Tensor?
    ) {
        let isLast = columnPanel == packed.panelCount - 1
        let first = packed.columns(ofPanel: columnPanel).lowerBound
        unsafe products[isTail ? 1 : 0][isLast ? 1 : 0].run(
            input, packed.bytes(ofPanel: columnPanel), output,
            bias: bias.map { unsafe $0.bytes.assumingMemoryBound(to: Float.self) + first })
    }
}
