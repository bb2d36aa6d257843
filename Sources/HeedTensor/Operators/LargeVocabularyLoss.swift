import CHeedKernels
import HeedFormats

/// A projection to a vocabulary whose table outgrows every cache, in bfloat16: the table is read once for each chunk of
/// rows and each product, packed panel by panel where it is needed, and no packed copy of it is kept.
///
/// A chunk's logits are there as float32, and their gradients as bfloat16 in the same memory. The cut depends on the sizes
/// alone.
struct LargeVocabularyPass {
    /// [N, D], bfloat16.
    let x: Tensor
    /// [V, D].
    let weight: Parameter
    private let table: Tensor

    /// Elements of a table from which on it is large.
    private static let leastCount = 1 << 23
    /// Rows of a chunk: as many as the gradient of the table adds up in one pass over it.
    static let chunkRows = 512
    /// Columns of logits that a task computes.
    private static let panelColumns = 256
    /// Logits that are added up in one product of the gradient of the rows, and such pieces of one task.
    private static let pieceColumns = 1024
    private static let groups = 8

    /// The pass for x and a table without bias; nil where it is computed in another way.
    init?(_ x: Tensor, _ weight: Parameter) {
        guard x.elementType == .bfloat16, MatrixLibrary.multipliesBFloat16,
            weight.shape.count >= Self.leastCount, weight.streamedParts == nil,
            weight.elementType == .float32 || weight.elementType == .bfloat16
        else { return nil }
        self.x = x
        self.weight = weight
        table = weight.value
    }

    private var vocabulary: Int { weight.shape[0] }
    private var width: Int { weight.shape[1] }

    /// The logits of some rows, float32 [rows, V].
    func logits(_ rows: Range<Int>) -> Tensor {
        let y = Tensor(uninitialized: [rows.count, vocabulary], .float32)
        let input = x.rowsView(rows)
        let panels = Panel.cut(vocabulary, by: Self.panelColumns)
        parallel(panels.count) { index in
            let panel = panels[index]
            let product = LibraryProduct.orEnd(
                rows: rows.count, columns: panel.count, inner: width, stride: width,
                resultStride: vocabulary)
            unsafe product.run(
                input.bytes, packed(panel, isTransposed: true),
                y.mutableBytes + panel.lowerBound * 4, bias: nil)
        }
        return y
    }

    /// Memory for the gradients of logits as bfloat16, in the first half of each of their rows: [rows, 2 V], whose last V
    /// columns mean nothing.
    func gradients(in logits: Tensor) -> Tensor {
        Tensor(
            sharing: logits, shape: [logits.shape[0], 2 * vocabulary], offset: 2 * logits.offset,
            as: .bfloat16)
    }

    /// dlogits [rows, 2 V] · W, as bfloat16 [rows, D]: groups of pieces of the vocabulary, then the sums of the groups in
    /// their order.
    func inputGradient(_ dlogits: Tensor, into result: UnsafeMutableRawPointer) {
        let rows = dlogits.shape[0]
        let pieces = Panel.cut(vocabulary, by: Self.pieceColumns)
        let ofGroup = (pieces.count + Self.groups - 1) / Self.groups
        let groups = (pieces.count + ofGroup - 1) / ofGroup
        let sums = Tensor(uninitialized: [groups, rows * width], .float32)
        parallel(groups) { group in
            let own = group * ofGroup..<min((group + 1) * ofGroup, pieces.count)
            for index in own {
                let piece = pieces[index]
                let product = LibraryProduct.orEnd(
                    rows: rows, columns: width, inner: piece.count, stride: dlogits.shape[1],
                    resultStride: width, accumulates: index > own.lowerBound)
                unsafe product.run(
                    dlogits.bytes + piece.lowerBound * 2, packed(piece, isTransposed: false),
                    sums.mutableBytes + group * rows * width * 4, bias: nil)
            }
        }
        let kernels = unsafe Kernels.table(for: .float32)
        let narrow = unsafe Kernels.table(for: .bfloat16)
        parallelRanges(rows * width, size: Cut.elements) { range in
            let total = unsafe sums.mutableBytes + range.lowerBound * 4
            for group in 1..<max(groups, 1) {
                unsafe kernels.pointee.accumulate(
                    Int64(range.count), 1, total + group * rows * width * 4, total)
            }
            unsafe narrow.pointee.convert_from(
                HEED_F32, Int64(range.count), total, result + range.lowerBound * 2)
        }
    }

    /// Rows of the table in the library's layout, in memory of the calling thread: the columns of x · Wᵀ, or the sums of
    /// dlogits · W.
    private func packed(_ rows: Range<Int>, isTransposed: Bool) -> UnsafeRawPointer {
        let (k, n) = isTransposed ? (width, rows.count) : (rows.count, width)
        let type = Kernels.kernelType(.bfloat16)
        let size = heed_weights_packed_bytes(type, Int32(k), Int32(n))
        let memory = unsafe threadScratch(size, for: "packed weights")
        let source =
            unsafe table.bytes + rows.lowerBound * width * table.elementType.size
        let status = unsafe heed_weights_pack(
            type, Int32(k), Int32(n), Kernels.kernelType(table.elementType), isTransposed,
            Int64(width), source, memory)
        if size == 0 || status != HEED_OK {
            OutOfMemory.endAfterFailure("failed to pack weights: \(status.rawValue)")
        }
        return UnsafeRawPointer(memory)
    }
}

/// Ranges of at most so many columns.
private enum Panel {
    static func cut(_ total: Int, by size: Int) -> [Range<Int>] {
        stride(from: 0, to: total, by: size).map { $0..<min($0 + size, total) }
    }
}

extension LibraryProduct {
    /// The product of bfloat16 rows with packed weights to float32, which the library has wherever it multiplies bfloat16.
    fileprivate static func orEnd(
        rows: Int, columns: Int, inner: Int, stride: Int, resultStride: Int,
        accumulates: Bool = false
    ) -> LibraryProduct {
        var shape = heed_product_shape()
        shape.m = Int32(rows)
        shape.n = Int32(columns)
        shape.k = Int32(inner)
        shape.a_type = UInt8(Kernels.kernelType(.bfloat16).rawValue)
        shape.b_type = shape.a_type
        shape.c_type = UInt8(HEED_F32.rawValue)
        shape.packed_b = 1
        shape.accumulate = accumulates ? 1 : 0
        shape.lda = Int64(stride)
        shape.ldb = Int64(columns)
        shape.ldc = Int64(resultStride)
        guard let product = LibraryProduct(shape) else {
            OutOfMemory.endAfterFailure("has no product of bfloat16 by packed weights")
        }
        return product
    }
}
