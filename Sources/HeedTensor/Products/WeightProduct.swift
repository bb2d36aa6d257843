import CHeedKernels
import HeedFormats

/// A product of activations with a parameter: x · Wᵀ in the forward pass, dy · W in the backward pass.
struct WeightProduct {
    /// W [out, in].
    let weight: Parameter
    /// True for x [M, in] → [M, out]; false for dy [M, out] → [M, in].
    let isTransposed: Bool
    /// Added to every row of the result; a vector of `columns`.
    var bias: Parameter?
    /// Whether negative results become zero.
    var relu = false
    /// Whether a product of few rows is cut into panels of columns, for several threads: not inside a task.
    var cutsColumns = true
    /// Whether weights and activations are multiplied as 8-bit integers; for forward products of inference alone.
    var isQuantised = false

    /// Whether the weights in the library's layout are kept for the next product.
    var keepsPackedWeights = true

    /// Whether x holds the few rows of a decoding step, for which weights in mapped files are read as they stand.
    var isDecoding = false

    /// The result's columns.
    var columns: Int { isTransposed ? weight.shape[0] : weight.shape[1] }
    /// The length of the sums.
    var inner: Int { isTransposed ? weight.shape[1] : weight.shape[0] }

    /// The product for x [..., inner], as a tensor [..., columns] of type `output` (that of x when nil).
    func callAsFunction(_ x: Tensor, output: ElementType? = nil) -> Tensor {
        let (y, tasks) = prepared(x, output: output)
        parallel(tasks)
        return y
    }

    /// Makes the copies of the weights that products of few rows of this type read.
    func prepare(_ type: ElementType) { _ = self(Tensor.zeros([1, inner], type)) }

    /// The product's memory, and the tasks that will fill it.
    func prepared(_ x: Tensor, output: ElementType? = nil) -> (Tensor, TaskList) {
        require(
            x.rank > 0 && x.shape.columns == inner, "linear",
            "\(weight.name) does not fit", [x.shape, weight.shape])
        let type = output ?? x.elementType
        // Sums without a product are legal, but the library makes none.
        if x.elementType == .float64 || inner == 0 {
            return (reference(x.converted(to: .float64)).converted(to: type), .empty)
        }
        if isQuantised, let weights = weight.quantisedWeights() {
            let made = type == x.elementType ? type : .float32
            let y = Tensor(uninitialized: x.shape.withColumns(columns), made)
            QuantisedProduct(weights: weights, bias: bias?.value(as: .float32), relu: relu)(
                x, into: y)
            return (y.converted(to: type), .empty)
        }
        let isStep = isDecoding && weight.streamedParts != nil
        if x.elementType == .bfloat16, !MatrixLibrary.multipliesBFloat16, !isStep {
            return (self(x.converted(to: .float32)).converted(to: type), .empty)
        }
        if isTransposed, let parts = weight.streamedParts {
            let product = StreamedProduct(
                parts: parts, bias: bias?.value(as: .float32), relu: relu)
            let y =
                isDecoding ? product.few(x, output: type) : product.many(x, output: type)
            return (y, .empty)
        }
        let y = Tensor(uninitialized: x.shape.withColumns(columns), type)
        return (y, tasks(x, y))
    }

    private func tasks(_ x: Tensor, _ y: Tensor) -> TaskList {
        let total = x.shape.rows
        guard total > 0, columns > 0 else { return .empty }
        let full = Panels.rows(of: total, k: inner, n: columns)
        let key = PackedWeights.Key(
            type: x.elementType, isTransposed: isTransposed,
            isCut: cutsColumns && total <= full && inner * columns >= Panels.cutWeights)
        guard let packed = weight.packedWeights(key, keeping: keepsPackedWeights) else {
            OutOfMemory.endAfterFailure(
                "has no product of \(x.elementType) for \(weight.shape)")
        }
        let panels = (total + full - 1) / full
        let tail = Panels.padded(total - (panels - 1) * full, full: full)
        let products = PanelProducts(
            packed: packed, rows: (full, tail), x.elementType, y.elementType, stride: columns,
            hasBias: bias != nil, relu: relu)
        let bias = self.bias?.value(as: .float32)
        return TaskList(count: panels * packed.panelCount) { task in
            let (panel, column) = (task / packed.panelCount, task % packed.panelCount)
            let rows = panel * full..<min((panel + 1) * full, total)
            products.run(
                x, y, rows: rows, columnPanel: column, isTail: panel == panels - 1, bias: bias)
        }
    }

    private func reference(_ x: Tensor) -> Tensor {
        let y = Tensor(uninitialized: x.shape.withColumns(columns), .float64)
        let value = weight.value(as: .float64)
        let (m, n, k) = (x.shape.rows, columns, inner)
        parallelRanges(m, size: 16) { rows in
            unsafe heed_product_f64(
                Int64(rows.lowerBound), Int64(rows.upperBound), Int64(m), Int64(n), Int64(k),
                x.bytes.assumingMemoryBound(to: Double.self), Int64(k), false,
                value.bytes.assumingMemoryBound(to: Double.self), Int64(weight.shape[1]),
                isTransposed, y.mutableBytes.assumingMemoryBound(to: Double.self), Int64(n), false)
        }
        let shifted = bias.map { binary(.add, y, $0.value(as: .float64)) } ?? y
        return relu ? Context().apply(.relu, shifted) : shifted
    }
}

extension PanelProducts {
    /// Computes one panel of y; rows beyond the tensor's are computed in memory of their own.
    fileprivate func run(
        _ x: Tensor, _ y: Tensor, rows: Range<Int>, columnPanel: Int, isTail: Bool, bias: Tensor?
    ) {
        let size = isTail ? self.rows.tail : self.rows.full
        let columns = packed.columns(ofPanel: columnPanel)
        let inputRow = packed.rows * x.elementType.size
        let outputRow = packed.columns * y.elementType.size
        let firstColumn = columns.lowerBound * y.elementType.size
        let input = unsafe x.bytes + rows.lowerBound * inputRow
        let output = unsafe y.mutableBytes + rows.lowerBound * outputRow + firstColumn
        if rows.count == size {
            unsafe run(input, columnPanel: columnPanel, isTail: isTail, into: output, bias: bias)
            return
        }
        let padded = Storage(byteCount: size * inputRow)
        unsafe padded.pointer.copyMemory(from: input, byteCount: rows.count * inputRow)
        unsafe (padded.pointer + rows.count * inputRow).initializeMemory(
            as: UInt8.self, repeating: 0, count: (size - rows.count) * inputRow)
        let result = Storage(byteCount: size * outputRow)
        unsafe run(
            UnsafeRawPointer(padded.pointer), columnPanel: columnPanel, isTail: isTail,
            into: result.pointer + firstColumn, bias: bias)
        let width = columns.count * y.elementType.size
        for row in 0..<rows.count {
            unsafe (output + row * outputRow).copyMemory(
                from: result.pointer + row * outputRow + firstColumn, byteCount: width)
        }
    }
}
