import CHeedKernels
import HeedFormats

/// A product x · Wᵀ with weights that are read where a file holds them, in bfloat16.
struct StreamedProduct {
    /// Rows of W one after another, each [rows, in].
    let parts: [Tensor]
    /// A vector of as many numbers as W has rows.
    let bias: Tensor?
    /// Whether negative results become zero.
    let relu: Bool

    private var columns: Int { parts.reduce(0) { $0 + $1.shape[0] } }
    private var inner: Int { parts[0].shape.columns }

    /// Rows of W that a task takes: some that stay in its cache while all rows of x meet them.
    private static let panelColumns = 128

    /// Rows of W: a part, the rows in it, and the first column that they make.
    private struct Panel {
        let part: Tensor
        let rows: Range<Int>
        let column: Int
    }

    private func panels(of size: Int) -> [Panel] {
        var panels: [Panel] = []
        var column = 0
        for part in parts {
            for first in stride(from: 0, to: part.shape[0], by: size) {
                let rows = first..<min(first + size, part.shape[0])
                panels.append(Panel(part: part, rows: rows, column: column + first))
            }
            column += part.shape[0]
        }
        return panels
    }

    /// Rows of a part that a task of a decoding step reads, and the first column that they make.
    private struct Stretch {
        let part: Int
        let rows: Range<Int>
        let column: Int
    }

    /// Bytes of W that a task of a decoding step reads: fewer towards the end, so that no thread waits long for another.
    private static let stretchBytes = (least: 1 << 14, most: 1 << 17)

    private var stretches: [Stretch] {
        var stretches: [Stretch] = []
        var column = 0
        for (index, part) in parts.enumerated() {
            let end = column + part.shape[0]
            let first = column
            while column < end {
                let bytes = (columns - column) * inner * 2 / 8
                let size = min(max(bytes, Self.stretchBytes.least), Self.stretchBytes.most)
                let rows = min(max(size / (2 * inner) / 8 * 8, 8), end - column)
                stretches.append(
                    Stretch(
                        part: index, rows: column - first..<column - first + rows,
                        column: column))
                column += rows
            }
        }
        return stretches
    }

    /// The product for the few rows of a decoding step, x [..., in] → [..., out]: each weight is read once, and a row's bits
    /// depend on nothing but the row. They are others than those of `many`.
    func few(_ x: Tensor, output: ElementType) -> Tensor {
        let (rows, inner, columns) = (x.shape.rows, inner, columns)
        let wide = x.converted(to: .float32)
        let y = Tensor(uninitialized: x.shape.withColumns(columns), .float32)
        let table = unsafe Kernels.table(for: .bfloat16)
        let stretches = stretches
        var product = unsafe heed_rows_product()
        unsafe product.rows = Int64(rows)
        unsafe product.depth = Int64(inner)
        unsafe product.x = wide.bytes.assumingMemoryBound(to: Float.self)
        unsafe product.ldx = Int64(inner)
        unsafe product.ldw = Int64(inner)
        unsafe product.ldy = Int64(columns)
        // Tasks count no references: those of one tensor would be in each other's way.
        let starts = unsafe parts.map { unsafe $0.bytes }
        let bias = unsafe bias?.bytes.assumingMemoryBound(to: Float.self)
        let result = unsafe y.mutableBytes.assumingMemoryBound(to: Float.self)
        withExtendedLifetime((self, wide, y)) {
            parallel(stretches.count) { index in
                let stretch = stretches[index]
                var product = unsafe product
                unsafe product.columns = Int64(stretch.rows.count)
                unsafe product.w = starts[stretch.part] + stretch.rows.lowerBound * inner * 2
                unsafe product.bias = bias.map { unsafe $0 + stretch.column }
                unsafe product.y = result + stretch.column
                unsafe table.pointee.rows_product(&product, 0, Int64(stretch.rows.count))
            }
        }
        return (relu ? Context().apply(.relu, y) : y).converted(to: output)
    }

    /// The product for many rows, in the library's panels: weights are packed panel by panel into memory of the thread, and
    /// meet float32 rows as float32.
    func many(_ x: Tensor, output: ElementType) -> Tensor {
        let y = Tensor(uninitialized: x.shape.withColumns(columns), output)
        guard x.shape.rows > 0 else { return y }
        let isPacked = x.elementType == .bfloat16
        let panels = panels(of: isPacked ? packedColumns : Self.panelColumns)
        let products = PanelsOfRows(
            rows: x.shape.rows, inner: inner, widths: Set(panels.map(\.rows.count)),
            x.elementType, output, stride: columns, hasBias: bias != nil, relu: relu,
            isPacked: isPacked)
        let input = products.padded(x)
        parallel(panels.count) { index in
            let panel = panels[index]
            let rows = panel.part.rowsView(panel.rows)
            let bias = unsafe bias.map {
                unsafe $0.bytes.assumingMemoryBound(to: Float.self) + panel.column
            }
            if isPacked {
                unsafe products.run(
                    input, packed(rows), width: panel.rows.count, into: y, column: panel.column,
                    bias: bias)
            } else {
                let wide = rows.converted(to: x.elementType)
                unsafe products.run(
                    input, wide.bytes, width: panel.rows.count, into: y, column: panel.column,
                    bias: bias)
            }
        }
        return y
    }

    /// Rows of W that are packed at a time: half a megabyte, which stays in the cache of a core, and work for many threads.
    private var packedColumns: Int {
        let fitting = min((1 << 18) / max(inner, 1), columns / 8) / 64 * 64
        return min(max(fitting, 64), 256)
    }

    /// Rows of W in the library's layout, in memory of the calling thread until its next kernel.
    private func packed(_ rows: Tensor) -> UnsafeRawPointer {
        let (width, type) = (Int32(rows.shape[0]), Kernels.kernelType(.bfloat16))
        let size = heed_weights_packed_bytes(type, Int32(inner), width)
        let memory = unsafe threadScratch(size, for: "packed weights")
        let status = unsafe heed_weights_pack(
            type, Int32(inner), width, type, true, Int64(inner), rows.bytes, memory)
        if size == 0 || status != HEED_OK {
            OutOfMemory.endAfterFailure("failed to pack weights: \(status.rawValue)")
        }
        return UnsafeRawPointer(memory)
    }
}

/// The library's products of panels of rows with weights [n, in], in plain rows or packed.
private struct PanelsOfRows {
    private let rows: Int
    private let full: Int
    private let tail: Int
    private var products: [Int: [LibraryProduct]] = [:]

    init(
        rows: Int, inner: Int, widths: Set<Int>, _ input: ElementType, _ output: ElementType,
        stride: Int, hasBias: Bool, relu: Bool, isPacked: Bool
    ) {
        self.rows = rows
        full = rows >= 256 ? 256 : Panels.padded(rows, full: 256)
        tail = Panels.padded(rows - (rows - 1) / full * full, full: full)
        for width in widths {
            products[width] = [full, tail].map { height in
                var shape = heed_product_shape()
                shape.m = Int32(height)
                shape.n = Int32(width)
                shape.k = Int32(inner)
                shape.a_type = UInt8(Kernels.kernelType(input).rawValue)
                shape.b_type = shape.a_type
                shape.c_type = UInt8(Kernels.kernelType(output).rawValue)
                shape.packed_b = isPacked ? 1 : 0
                shape.transpose_b = isPacked ? 0 : 1
                shape.has_bias = hasBias ? 1 : 0
                shape.relu = relu ? 1 : 0
                shape.lda = Int64(inner)
                shape.ldb = Int64(inner)
                shape.ldc = Int64(stride)
                guard let product = LibraryProduct(shape) else {
                    OutOfMemory.endAfterFailure("has no product of \(input) by \(output)")
                }
                return product
            }
        }
    }

    /// The rows, with zeros after them where the last panel is computed with more than there are.
    func padded(_ x: Tensor) -> Tensor {
        let needed = (rows - 1) / full * full + tail
        guard needed > rows else { return x }
        let result = Tensor.zeros([needed, x.shape.columns], x.elementType)
        unsafe result.mutableBytes.copyMemory(from: x.bytes, byteCount: x.byteCount)
        return result
    }

    /// Computes the columns of y from `column` on.
    func run(
        _ x: Tensor, _ weights: UnsafeRawPointer, width: Int, into y: Tensor, column: Int,
        bias: UnsafePointer<Float>?
    ) {
        guard let products = products[width] else { return }
        let inputRow = x.shape.columns * x.elementType.size
        let outputRow = y.shape.columns * y.elementType.size
        for first in stride(from: 0, to: rows, by: full) {
            let isTail = first + full >= rows
            let height = isTail ? tail : full
            let input = unsafe x.bytes + first * inputRow
            let output =
                unsafe y.mutableBytes + first * outputRow + column * y.elementType.size
            if first + height <= rows {
                unsafe products[isTail ? 1 : 0].run(input, weights, output, bias: bias)
                continue
            }
            // Rows beyond the tensor's are computed in memory of their own.
            let own = Storage(byteCount: height * outputRow)
            let start = unsafe own.pointer + column * y.elementType.size
            unsafe products[1].run(input, weights, start, bias: bias)
            for row in 0..<rows - first {
                unsafe (output + row * outputRow).copyMemory(
                    from: start + row * outputRow, byteCount: width * y.elementType.size)
            }
        }
    }
}
