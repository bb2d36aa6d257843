package import HeedFormats
package import HeedTensor

/// A tensor that cannot be what it is used for: ids that are no tokens, masks that no batch has.
public struct ForwardInputError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file.
    public let file: String
    /// The tensor.
    public let tensor: String
    /// What is wrong with it.
    public let problem: String

    /// The whole message in one line.
    public var description: String {
        "\(nameForMessage(file)): \(nameForMessage(tensor)): \(problem)"
    }
}

/// Rows of ids [B, T] of which a mask says which are tokens: read from a file, packed for a model.
package struct TokenBatch {
    /// B.
    package let rows: Int
    /// T.
    let columns: Int
    /// The tokens of each row: one range, that begins after padding on the left, if there is any.
    let ranges: [Range<Int>]
    private let ids: [Int32]

    private static let maximumRows = 1 << 16
    /// Rows without columns cost no byte of the file.
    private static let maximumEmptyRows = 1 << 10
    private static let maximumColumns = 1 << 20

    /// Reads `ids` and, where it is there, `mask`; without one all ids are tokens.
    ///
    /// Throws `ForwardInputError` and the errors of reading.
    package init(_ name: String, mask: String, vocabulary: Int, in file: SafetensorsFile) throws {
        let fail = { ForwardInputError(file: file.path, tensor: $0, problem: $1) }
        let shape = try file.requiredEntry(named: name).shape
        guard shape.count == 2 else {
            throw fail(name, "has the shape \(shape); it must be [sequences, tokens]")
        }
        // Rows without columns, and columns without rows, take no byte of the file, however many it says.
        let maximumRows = shape[1] == 0 ? Self.maximumEmptyRows : Self.maximumRows
        guard shape[0] <= maximumRows else {
            throw fail(
                name,
                "has \(shape[0]) sequences of \(shape[1]) tokens; at most \(maximumRows) are read")
        }
        guard shape[1] <= Self.maximumColumns else {
            throw fail(
                name, "has \(shape[1]) tokens a row; at most \(Self.maximumColumns) are read")
        }
        (rows, columns) = (shape[0], shape[1])
        let values = try Self.integers(name, in: file)
        var kept = [Bool](repeating: true, count: values.count)
        if let entry = file.entry(named: mask) {
            guard entry.shape == shape else {
                throw fail(mask, "has the shape \(entry.shape); that of \(name) is \(shape)")
            }
            kept = try Self.integers(mask, in: file).map { value in
                guard value == 0 || value == 1 else {
                    throw fail(mask, "holds \(value); it must hold 0 and 1")
                }
                return value == 1
            }
        }
        ranges = try Self.ranges(of: kept, rows: shape[0], columns: shape[1]) { row in
            fail(
                mask, "row \(row) has padding between tokens; padding may stand at either end only")
        }
        var ids: [Int32] = []
        ids.reserveCapacity(values.count)
        for (index, value) in values.enumerated() {
            if kept[index], !(0..<Int64(vocabulary)).contains(value) {
                throw fail(
                    name,
                    """
                    row \(index / columns), token \(index % columns) is \(value); ids are from 0 \
                    to \(vocabulary - 1)
                    """)
            }
            ids.append(Int32(truncatingIfNeeded: value))
        }
        self.ids = ids
    }

    private static func ranges(
        of kept: [Bool], rows: Int, columns: Int, hole: (Int) -> ForwardInputError
    ) throws -> [Range<Int>] {
        try (0..<rows).map { row in
            let mask = kept[row * columns..<(row + 1) * columns]
            guard let first = mask.firstIndex(of: true), let last = mask.lastIndex(of: true)
            else { return 0..<0 }
            guard !mask[first...last].contains(false) else { throw hole(row) }
            return first - row * columns..<last + 1 - row * columns
        }
    }

    private static func integers(_ name: String, in file: SafetensorsFile) throws -> [Int64] {
        let entry = try file.requiredEntry(named: name)
        switch entry.type {
        case .int64: return try Tensor(reading: name, from: file).scalars(as: Int64.self)
        case .int32:
            return try Tensor(reading: name, from: file).scalars(as: Int32.self).map(Int64.init)
        default:
            throw TensorTypeError(
                path: file.path, tensor: name, type: entry.type, expected: "I64 or I32")
        }
    }

    /// The tokens of all rows, one after another.
    package var packedIDs: Tensor {
        var packed: [Int32] = []
        for (row, range) in ranges.enumerated() {
            packed += ids[row * columns + range.lowerBound..<row * columns + range.upperBound]
        }
        return Tensor(packed)
    }

    /// Where the rows lie, with positions that count padding on the left, too, as `transformers` does.
    package var packing: SequencePacking {
        SequencePacking(
            lengths: ranges.map(\.count), firstPositions: ranges.map(\.lowerBound))
    }

    /// The same with positions from each row's first token on.
    var packingFromTokens: SequencePacking { SequencePacking(lengths: ranges.map(\.count)) }

    /// The tokens of the row that has most.
    var longestCount: Int { ranges.map(\.count).max() ?? 0 }

    /// The end of the row that reaches farthest.
    var longestEnd: Int { ranges.map(\.upperBound).max() ?? 0 }

    /// Packed vectors [tokens, D] as [B, T, D], with zeros at padding.
    func padded(_ packed: Tensor) -> Tensor {
        let width = packed.shape[1]
        let source = packed.floats
        var result = [Float](repeating: 0, count: rows * columns * width)
        var start = 0
        for (row, range) in ranges.enumerated() {
            let target = (row * columns + range.lowerBound) * width
            let count = range.count * width
            result.replaceSubrange(target..<target + count, with: source[start..<start + count])
            start += count
        }
        return Tensor(result, shape: [rows, columns, width])
    }
}
