import HeedFormats

/// A product x · Wᵀ + b in float32 that is computed group of columns by group, for those who need no more at a time.
struct GroupedProduct {
    /// Rows of a panel at most.
    let panelRows: Int
    /// The panels of rows.
    let panelCount: Int
    private let x: Tensor
    /// The rows of the last panel, with zeros after them, where it is computed with more than there are.
    private let padded: Tensor?
    private let bias: Tensor?
    private let columns: Int
    private let products: PanelProducts

    /// The product for x [N, in] and W [out, in] in groups of `columns`; nil where it must be computed in another way.
    init?(_ x: Tensor, _ weight: Parameter, bias: Parameter?, _ columns: Int) {
        require(
            x.rank == 2 && x.shape[1] == weight.shape[1], "mostProbableTokens",
            "\(weight.name) does not fit", [x.shape, weight.shape])
        let (rows, width) = (x.shape[0], x.shape[1])
        let type = x.elementType
        let isPossible =
            type == .float32 || (type == .bfloat16 && MatrixLibrary.multipliesBFloat16)
        let key = PackedWeights.Key(type: type, isTransposed: true, isCut: true)
        guard isPossible, weight.streamedParts == nil, rows > 0, width > 0, weight.shape[0] > 0,
            let packed = weight.packedWeights(key),
            columns % packed.columns(ofPanel: 0).count == 0 || packed.panelCount == 1
        else { return nil }
        let full = Panels.rows(of: rows, k: width, n: weight.shape[0])
        panelRows = full
        panelCount = (rows + full - 1) / full
        let rest = rows - (panelCount - 1) * full
        let tail = Panels.padded(rest, full: full)
        self.x = x
        padded = tail == rest ? nil : Self.padded(x.rowsView(rows - rest..<rows), to: tail)
        self.columns = columns
        self.bias = bias?.value(as: .float32)
        products = PanelProducts(
            packed: packed, rows: (full, tail), type, .float32, stride: columns,
            hasBias: bias != nil)
    }

    private static func padded(_ x: Tensor, to rows: Int) -> Tensor {
        let result = Tensor.zeros([rows, x.shape[1]], x.elementType)
        unsafe result.mutableBytes.copyMemory(from: x.bytes, byteCount: x.byteCount)
        return result
    }

    func rows(ofPanel panel: Int) -> Range<Int> {
        panel * panelRows..<min((panel + 1) * panelRows, x.shape[0])
    }

    /// Computes the columns of a group for the rows of a panel into the first rows of `result` [panelRows, columns], whose
    /// other elements become anything.
    func run(panel: Int, group: Int, into result: Tensor) {
        let isTail = panel == panelCount - 1
        let input =
            unsafe isTail && padded != nil
            ? padded?.bytes : x.bytes + panel * panelRows * x.shape[1] * x.elementType.size
        guard let input = unsafe input else { return }
        let first = group * columns
        for index in 0..<products.packed.panelCount {
            let column = products.packed.columns(ofPanel: index).lowerBound
            guard column >= first, column < first + columns else { continue }
            unsafe products.run(
                input, columnPanel: index, isTail: isTail,
                into: result.mutableBytes + (column - first) * MemoryLayout<Float>.stride,
                bias: bias)
        }
    }
}
