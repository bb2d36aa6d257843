import CHeedKernels
import HeedFormats

/// The most probable tokens of each row of logits, most probable first.
public struct TokenCandidates: Sendable, Equatable {
    /// A token that may come next.
    public struct Candidate: Sendable, Equatable {
        /// The token's number in the vocabulary.
        public let token: Int32
        /// The natural logarithm of its probability under the softmax of the whole row.
        public let logProbability: Float

        /// A token and the logarithm of its probability.
        public init(token: Int32, logProbability: Float) {
            self.token = token
            self.logProbability = logProbability
        }
    }

    private let candidates: [Candidate]
    /// The first candidate of each row, and one index more.
    private let starts: [Int]

    /// Rows of candidates, each sorted by its owner.
    public init(_ rows: [[Candidate]]) {
        candidates = rows.flatMap { $0 }
        starts = rows.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    }

    /// The number of rows.
    public var rowCount: Int { starts.count - 1 }

    /// The candidates of a row, most probable first.
    public subscript(row: Int) -> ArraySlice<Candidate> {
        candidates[starts[row]..<starts[row + 1]]
    }
}

/// A row of logits that is no distribution: it holds NaN or +∞, or nothing above −∞.
public struct NonFiniteLogits: Error, Equatable, CustomStringConvertible {
    /// The row.
    public let row: Int
    /// The first column that is NaN or +∞; nil when all of the row is −∞.
    public let column: Int?
    /// What stands there.
    public let value: Float

    /// The error of this place.
    public init(row: Int, column: Int?, value: Float) {
        self.row = row
        self.column = column
        self.value = value
    }

    /// The place and the value.
    public var description: String {
        guard let column else { return "logits: every value of row \(row) is -inf" }
        return "logits: row \(row), column \(column) is \(value)"
    }
}

extension Tensor {
    /// The `count` most probable tokens of each row of float32 logits [rows, V], with log p = logit − log Σ exp.
    ///
    /// Equal logits are ordered by the lower number. Excluded tokens are left out of the result, yet count in the
    /// sum, as in the beam search of `transformers`, which masks after its log-softmax. Tokens of probability 0 are
    /// left out too, so that a row may have fewer candidates. A row's result does not depend on the others.
    ///
    /// - Throws: `NonFiniteLogits`, naming the first such row.
    public func mostProbableTokens(
        _ count: Int, excluding excluded: [Int32] = []
    ) throws -> TokenCandidates {
        require(
            rank == 2 && elementType == .float32 && count >= 0, "mostProbableTokens",
            "\(count) of \(elementType) logits", [shape])
        let (rows, columns) = (shape[0], shape[1])
        let scan = TopKScan(
            logits: self, columns: columns, limit: min(count, columns),
            excluded: Set(excluded).sorted())
        parallelRanges(rows, size: Cut.rows(columns: columns)) { range in
            for row in range { scan.run(row) }
        }
        return try scan.candidates()
    }
}

/// One pass over the rows of logits; each row writes its own part of the results.
private struct TopKScan {
    let logits: Tensor
    let columns: Int
    let limit: Int
    let excluded: [Int32]
    /// [rows, limit], of each row as many as `counts` says.
    let tokens: Tensor
    let values: Tensor
    /// The number of candidates of each row; −1 where the row is no distribution.
    let counts: Tensor
    let sums: Tensor

    init(logits: Tensor, columns: Int, limit: Int, excluded: [Int32]) {
        self.logits = logits
        self.columns = columns
        self.limit = limit
        self.excluded = excluded
        let rows = logits.shape[0]
        tokens = Tensor(uninitialized: [rows, limit], .int32)
        values = Tensor(uninitialized: [rows, limit], .float32)
        counts = Tensor(uninitialized: [rows], .int32)
        sums = Tensor(uninitialized: [rows], .float32)
    }

    /// Columns that are looked at together: only a block with something above the threshold is taken apart.
    private static let block = 64
    private static let infinity: Int32 = 0x7f80_0000

    func run(_ row: Int) {
        let sum = logSumExp(row)
        unsafe sums.mutableBytes.assumingMemoryBound(to: Float.self)[row] = sum
        let count = sum.isFinite ? select(row) : nil
        unsafe counts.mutableBytes.assumingMemoryBound(to: Int32.self)[row] =
            count.map { Int32(truncatingIfNeeded: $0) } ?? -1
    }

    private func logSumExp(_ row: Int) -> Float {
        guard columns > 0 else { return -.infinity }
        var (target, sum) = (Int32(0), Float(0))
        let table = unsafe Kernels.table(for: .float32)
        // Without gradients the logits stay as they are.
        let values = unsafe logits.bytes + row * columns * MemoryLayout<Float>.stride
        unsafe table.pointee.cross_entropy(
            1, Int64(columns), UnsafeMutableRawPointer(mutating: values), Int64(columns), &target,
            0, 1, nil, nil, &sum, nil, 0)
        return sum
    }

    /// Sorts the largest logits of a row into its results; nil when one is NaN or +∞, or all are −∞.
    ///
    /// The loop over a block works on the bits as integers, whose maximum, unlike that of floats, compilers vectorise:
    /// with the lower bits of negative numbers inverted, integers have the order of the floats.
    private func select(_ row: Int) -> Int? {
        let bits = unsafe logits.bytes.assumingMemoryBound(to: Int32.self) + row * columns
        let list = unsafe SortedList(
            tokens: tokens.mutableBytes.assumingMemoryBound(to: Int32.self) + row * limit,
            values: values.mutableBytes.assumingMemoryBound(to: Float.self) + row * limit,
            limit: limit)
        var count = 0
        var threshold = Int32.min
        var isEmpty = true
        for start in stride(from: 0, to: columns, by: Self.block) {
            let end = min(start + Self.block, columns)
            var (highest, magnitude) = (Int32.min, Int32(0))
            for column in start..<end {
                let value = unsafe bits[column]
                highest = max(highest, value ^ ((value &>> 31) & 0x7fff_ffff))
                magnitude = max(magnitude, value & 0x7fff_ffff)
            }
            if magnitude > Self.infinity || highest == Self.infinity { return nil }
            // −∞ in the order of the floats.
            if highest > ~Self.infinity { isEmpty = false }
            guard highest > threshold else { continue }
            for column in start..<end {
                let value = unsafe Float(bitPattern: UInt32(bitPattern: bits[column]))
                guard list.takes(value, count), !excluded.contains(Int32(column)) else { continue }
                list.insert(Int32(column), value, &count)
            }
            if count == limit { threshold = list.thresholdKey }
        }
        return isEmpty ? nil : count
    }

    func candidates() throws -> TokenCandidates {
        let counts: [Int32] = counts.scalars()
        if let row = counts.firstIndex(of: -1) { throw failure(row) }
        let tokens: [Int32] = tokens.scalars()
        let values: [Float] = values.scalars()
        let sums: [Float] = sums.scalars()
        return TokenCandidates(
            counts.indices.map { row in
                (row * limit..<row * limit + Int(counts[row])).map { index in
                    // A sum that was rounded down must not make a probability above 1.
                    .init(token: tokens[index], logProbability: min(values[index] - sums[row], 0))
                }
            })
    }

    private func failure(_ row: Int) -> NonFiniteLogits {
        let values: [Float] = logits.rowsView(row..<row + 1).scalars()
        let column = values.firstIndex { $0.isNaN || $0 == .infinity }
        return NonFiniteLogits(
            row: row, column: column, value: column.map { values[$0] } ?? -.infinity)
    }
}

/// The largest values of a row so far, in falling order, in the row's part of the results.
@safe private struct SortedList {
    let tokens: UnsafeMutablePointer<Int32>
    let values: UnsafeMutablePointer<Float>
    let limit: Int

    /// The last value of a full list, as an integer in the order of the floats.
    var thresholdKey: Int32 {
        guard limit > 0 else { return .max }
        let value = unsafe Int32(bitPattern: values[limit - 1].bitPattern)
        return value ^ ((value &>> 31) & 0x7fff_ffff)
    }

    /// Whether a value belongs to the largest; −∞ never does.
    func takes(_ value: Float, _ count: Int) -> Bool {
        if count < limit { return value > -.infinity }
        return unsafe limit > 0 && value > values[limit - 1]
    }

    /// Puts a value that belongs to the largest in its place, behind earlier ones that equal it.
    func insert(_ token: Int32, _ value: Float, _ count: inout Int) {
        if count == limit { count -= 1 }
        var place = count
        while place > 0, unsafe values[place - 1] < value {
            unsafe values[place] = values[place - 1]
            unsafe tokens[place] = tokens[place - 1]
            place -= 1
        }
        unsafe values[place] = value
        unsafe tokens[place] = token
        count += 1
    }
}
