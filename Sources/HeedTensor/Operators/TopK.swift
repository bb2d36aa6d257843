import CHeedKernels
import HeedFormats

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
            rows: rows, columns: columns, limit: count, lists: 1, excluding: excluded)
        parallelRanges(rows, size: Cut.rows(columns: columns)) { range in
            for group in 0..<scan.groupCount {
                unsafe scan.run(
                    rows: range, group: group, list: 0,
                    bytes.assumingMemoryBound(to: Float.self) + range.lowerBound * columns
                        + group * TopKScan.groupColumns, stride: columns)
            }
        }
        return try scan.candidates()
    }
}

extension Context {
    /// The `count` most probable tokens after vectors x [N, D] with logits x · Wᵀ + b, as `Tensor.mostProbableTokens`
    /// finds them. Logits are looked at while they are in the cache, and are never all in memory.
    ///
    /// - Throws: `NonFiniteLogits`, naming the first such row.
    public func mostProbableTokens(
        _ x: Tensor, _ weight: Parameter, bias: Parameter? = nil, count: Int,
        excluding excluded: [Int32] = []
    ) throws -> TokenCandidates {
        // Quantised logits come from a product of its own.
        guard precision != .int8,
            let product = GroupedProduct(x, weight, bias: bias, TopKScan.groupColumns)
        else {
            let logits = linear(x, weight, bias: bias, output: .float32)
            return try logits.mostProbableTokens(count, excluding: excluded)
        }
        profiler?.begin("projection")
        defer { profiler?.end() }
        // Lists are merged exactly: their number decides no bit.
        let groups = TopKScan.groupCount(columns: weight.shape[0])
        let lists = min(parallelThreads, max(groups, 1))
        let scan = TopKScan(
            rows: x.shape[0], columns: weight.shape[0], limit: count, lists: lists,
            excluding: excluded)
        parallel(lists) { list in
            let logits = Tensor(
                uninitialized: [product.panelRows, TopKScan.groupColumns], .float32)
            for group in groups * list / lists..<groups * (list + 1) / lists {
                for panel in 0..<product.panelCount {
                    product.run(panel: panel, group: group, into: logits)
                    unsafe scan.run(
                        rows: product.rows(ofPanel: panel), group: group, list: list,
                        logits.bytes.assumingMemoryBound(to: Float.self),
                        stride: TopKScan.groupColumns)
                }
            }
        }
        return try scan.candidates()
    }
}

/// Looks at rows of logits once, group of columns by group, and keeps the largest and a part of the sum.
private struct TopKScan {
    /// Columns that are looked at together, and whose exponentials make one part of the sum.
    static let groupColumns = 512

    static func groupCount(columns: Int) -> Int { (columns + groupColumns - 1) / groupColumns }

    let rows: Int
    let columns: Int
    let groupCount: Int
    private let lists: Int
    private let limit: Int
    private let excluded: [Int32]
    /// [rows, lists, limit], of each list as many as `counts` says.
    private let tokens: Tensor
    private let values: Tensor
    /// The number of candidates of each list; −1 − c where column c is NaN or +∞.
    private let counts: Tensor
    /// What stands in that column.
    private let failures: Tensor
    /// log Σ exp of each group, [rows, groups]; −∞ where everything is.
    private let sums: Tensor

    init(rows: Int, columns: Int, limit: Int, lists: Int, excluding excluded: [Int32]) {
        self.rows = rows
        self.columns = columns
        self.limit = min(limit, columns)
        self.lists = lists
        self.excluded = excluded.count > 1 ? Set(excluded).sorted() : excluded
        groupCount = Self.groupCount(columns: columns)
        tokens = Tensor(uninitialized: [rows, lists, self.limit], .int32)
        values = Tensor(uninitialized: [rows, lists, self.limit], .float32)
        counts = .zeros([rows, lists], .int32)
        failures = .zeros([rows, lists])
        sums = Tensor(uninitialized: [rows, groupCount], .float32)
    }

    private static let block = HEED_MAXIMA_BLOCK
    private static let infinity: Int32 = 0x7f80_0000

    /// Looks at a group of columns of some rows, whose logits begin at `logits`, and adds to a list of each. The groups of
    /// a list come in rising order.
    func run(
        rows: Range<Int>, group: Int, list: Int, _ logits: UnsafePointer<Float>, stride: Int
    ) {
        let first = group * Self.groupColumns
        let width = min(Self.groupColumns, columns - first)
        for (index, row) in rows.enumerated() {
            let values = unsafe logits + index * stride
            let isEmpty = unsafe select(values, first..<first + width, row: row, list: list)
            unsafe sums.mutableBytes.assumingMemoryBound(to: Float.self)[row * groupCount + group] =
                isEmpty ? -.infinity : logSumExp(values, width)
        }
    }

    private func logSumExp(_ values: UnsafePointer<Float>, _ count: Int) -> Float {
        var (target, sum) = (Int32(0), Float(0))
        let table = unsafe Kernels.table(for: .float32)
        // Without gradients the logits stay as they are.
        unsafe table.pointee.cross_entropy(
            1, Int64(count), UnsafeMutableRawPointer(mutating: values), Int64(count), &target, 0, 1,
            nil, nil, &sum, nil, 0)
        return sum
    }

    /// Sorts the largest logits of a group into a list; returns whether nothing in the group is above −∞.
    private func select(
        _ logits: UnsafePointer<Float>, _ range: Range<Int>, row: Int, list: Int
    ) -> Bool {
        let place = row * lists + list
        let sorted = unsafe SortedList(
            tokens: tokens.mutableBytes.assumingMemoryBound(to: Int32.self) + place * limit,
            values: values.mutableBytes.assumingMemoryBound(to: Float.self) + place * limit,
            limit: limit)
        let counts = unsafe counts.mutableBytes.assumingMemoryBound(to: Int32.self) + place
        var count = unsafe Int(counts.pointee)
        guard count >= 0 else { return false }
        var isEmpty = true
        let blocks = (range.count + Self.block - 1) / Self.block
        unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: blocks) { highest in
            let magnitude = unsafe heed_block_maxima(
                Int64(range.count), logits, highest.baseAddress)
            for block in 0..<blocks {
                let high = unsafe highest[block]
                if magnitude > Self.infinity || high == Self.infinity {
                    unsafe fail(logits, range, place)
                    isEmpty = false
                    return
                }
                // −∞ in the order of the floats.
                guard high > ~Self.infinity else { continue }
                isEmpty = false
                guard high > sorted.thresholdKey(count) else { continue }
                let start = block * Self.block
                for column in start..<min(start + Self.block, range.count) {
                    let value = unsafe logits[column]
                    let token = Int32(truncatingIfNeeded: range.lowerBound + column)
                    guard sorted.takes(value, count), !isExcluded(token) else { continue }
                    sorted.insert(token, value, &count)
                }
            }
            unsafe counts.pointee = Int32(truncatingIfNeeded: count)
        }
        return isEmpty
    }

    /// Notes the first column of a group that is NaN or +∞.
    private func fail(_ logits: UnsafePointer<Float>, _ range: Range<Int>, _ place: Int) {
        let column =
            (0..<range.count).first { unsafe logits[$0].isNaN || logits[$0] == .infinity }
            ?? 0
        unsafe counts.mutableBytes.assumingMemoryBound(to: Int32.self)[place] =
            -1 - Int32(truncatingIfNeeded: range.lowerBound + column)
        unsafe failures.mutableBytes.assumingMemoryBound(to: Float.self)[place] =
            unsafe logits[column]
    }

    /// Whether a token is among the excluded ones, which are sorted.
    private func isExcluded(_ token: Int32) -> Bool {
        var range = excluded.startIndex..<excluded.endIndex
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if excluded[middle] == token { return true }
            range =
                excluded[middle] < token
                ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return false
    }

    func candidates() throws -> TokenCandidates {
        let counts: [Int32] = counts.scalars()
        let sums: [Float] = sums.scalars()
        let tokens: [Int32] = tokens.scalars()
        let values: [Float] = values.scalars()
        var candidates: [TokenCandidates.Candidate] = []
        candidates.reserveCapacity(rows * limit)
        var starts = [0]
        starts.reserveCapacity(rows + 1)
        for row in 0..<rows {
            let own = counts[row * lists..<(row + 1) * lists]
            if let list = own.firstIndex(where: { $0 < 0 }) {
                throw NonFiniteLogits(
                    row: row, column: Int(-1 - counts[list]),
                    value: failures.scalars(as: Float.self)[list])
            }
            let parts = sums[row * groupCount..<(row + 1) * groupCount]
            guard parts.contains(where: { $0 > -.infinity }) else {
                throw NonFiniteLogits(row: row, column: nil, value: -.infinity)
            }
            let sum = unsafe parts.withUnsafeBufferPointer { parts in
                unsafe parts.baseAddress.map { unsafe logSumExp($0, parts.count) } ?? 0
            }
            var found = own.indices.flatMap { list in
                list * limit..<list * limit + Int(counts[list])
            }
            if lists > 1 {
                found.sort { (values[$0], tokens[$1]) > (values[$1], tokens[$0]) }
            }
            for index in found.prefix(limit) {
                // A sum that was rounded down must not make a probability above 1.
                candidates.append(
                    .init(token: tokens[index], logProbability: min(values[index] - sum, 0)))
            }
            starts.append(candidates.count)
        }
        return TokenCandidates(candidates, starts: starts)
    }
}

/// The largest values of a row so far, in falling order, in the row's part of the results.
@safe private struct SortedList {
    let tokens: UnsafeMutablePointer<Int32>
    let values: UnsafeMutablePointer<Float>
    let limit: Int

    /// What a number must exceed to belong to the largest, as an integer in the order of the floats.
    func thresholdKey(_ count: Int) -> Int32 {
        guard limit > 0 else { return .max }
        guard count == limit else { return .min }
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
        // Its place, by halving: long lists are moved at once.
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if unsafe values[middle] < value { high = middle } else { low = middle + 1 }
        }
        unsafe (values + low + 1).update(from: values + low, count: count - low)
        unsafe (tokens + low + 1).update(from: tokens + low, count: count - low)
        unsafe values[low] = value
        unsafe tokens[low] = token
        count += 1
    }
}
