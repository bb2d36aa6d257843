import CHeedKernels
import HeedFormats

/// Weights in the matrix library's own layout, cut into panels of columns.
final class PackedWeights: Sendable {
    /// Which copy of a parameter this is.
    struct Key: Hashable, Sendable {
        /// The element type of the copy.
        let type: ElementType
        /// Whether the parameter [out, in] is read transposed: true for x · Wᵀ, false for dy · W.
        let isTransposed: Bool
        /// Whether columns are cut into panels, for products of so few rows that rows alone would be one task.
        let isCut: Bool
    }

    /// Columns of one panel of a copy that is cut.
    private static let cutColumns = 256

    let rows: Int
    let columns: Int
    private let storage: Storage
    private let panelOffsets: [Int]
    private let panelColumns: Int

    /// Packs a parameter of shape [out, in]; nil when the library cannot.
    init?(packing parameter: Parameter, _ key: Key) {
        let shape = parameter.shape
        (rows, columns) =
            key.isTransposed ? (shape[1], shape[0]) : (shape[0], shape[1])
        guard rows > 0, columns > 0 else { return nil }
        let type = Kernels.kernelType(key.type)
        let panelColumns = key.isCut ? Self.cutColumns : columns
        self.panelColumns = panelColumns
        var offsets: [Int] = []
        var end = 0
        for column in stride(from: 0, to: columns, by: panelColumns) {
            offsets.append(end)
            let width = min(panelColumns, columns - column)
            let bytes = heed_weights_packed_bytes(type, Int32(rows), Int32(width))
            if bytes == 0 { return nil }
            end += (bytes + 63) / 64 * 64
        }
        panelOffsets = offsets
        storage = Storage(byteCount: end)

        // The library knows no float64, which files may hold.
        let value =
            parameter.value.elementType == .float64
            ? parameter.value.converted(to: .float32) : parameter.value
        let sourceType = Kernels.kernelType(value.elementType)
        let (rows, columns, storage) = (rows, columns, storage)
        let tasks = Self.tasks(type, rows: rows, columns: columns, ofPanel: panelColumns)
        parallel(tasks.count) { index in
            let task = tasks[index]
            let column = task.panel * panelColumns
            let width = min(panelColumns, columns - column)
            let start = key.isTransposed ? column * shape[1] : column
            let status = unsafe heed_weights_pack_columns(
                type, Int32(rows), Int32(width), sourceType, key.isTransposed, Int64(shape[1]),
                value.bytes + start * value.elementType.size,
                storage.pointer + offsets[task.panel], Int32(task.columns.lowerBound),
                Int32(task.columns.upperBound))
            if status != HEED_OK {
                OutOfMemory.endAfterFailure("failed to pack weights: \(status.rawValue)")
            }
        }
    }

    /// Elements that one task packs.
    private static let taskElements = 1 << 17

    /// What can be packed side by side: columns of a panel.
    private static func tasks(
        _ type: heed_type, rows: Int, columns: Int, ofPanel panelColumns: Int
    ) -> [(panel: Int, columns: Range<Int>)] {
        var tasks: [(panel: Int, columns: Range<Int>)] = []
        for (panel, first) in stride(from: 0, to: columns, by: panelColumns).enumerated() {
            let width = min(panelColumns, columns - first)
            let block = Int(heed_weights_block(type, Int32(rows), Int32(width)))
            let step = max(taskElements / (rows * block), 1) * block
            for column in stride(from: 0, to: width, by: step) {
                tasks.append((panel, column..<min(column + step, width)))
            }
        }
        return tasks
    }

    /// The number of column panels.
    var panelCount: Int { panelOffsets.count }

    func columns(ofPanel panel: Int) -> Range<Int> {
        let start = panel * panelColumns
        return start..<min(start + panelColumns, columns)
    }

    /// The memory of a panel.
    func bytes(ofPanel panel: Int) -> UnsafeRawPointer {
        unsafe UnsafeRawPointer(storage.pointer + panelOffsets[panel])
    }
}
