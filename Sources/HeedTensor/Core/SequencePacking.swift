/// The rows that each sequence of a batch takes in a tensor.
public final class SequenceRanges: Sendable {
    /// The first row of each sequence, int32.
    let starts: Tensor
    /// The number of rows of each sequence, int32.
    let lengths: Tensor
    /// The number of rows of each sequence.
    public let rowCounts: [Int]

    /// Sequences that start at these rows and have these lengths.
    public init(starts: [Int], lengths: [Int]) {
        require(
            starts.count == lengths.count && !lengths.contains { $0 < 0 }, "SequenceRanges",
            "starts and lengths", [Shape(starts), Shape(lengths.map { max($0, 0) })])
        self.starts = Tensor(starts.map { Int32($0) })
        self.lengths = Tensor(lengths.map { Int32($0) })
        rowCounts = lengths
    }

    /// The number of sequences.
    public var count: Int { rowCounts.count }

    /// The ranges of other sequences: sequence i has the rows of sequence `sequences[i]`.
    public func selecting(_ sequences: [Int]) -> SequenceRanges {
        let starts = starts.scalars(as: Int32.self)
        return SequenceRanges(
            starts: sequences.map { Int(starts[$0]) }, lengths: sequences.map { rowCounts[$0] })
    }
}

/// How a batch of sequences of different lengths lies in one `[tokens, …]` tensor: one after another,
/// without padding.
public final class SequencePacking: Sendable {
    /// The rows of each sequence.
    public let ranges: SequenceRanges
    /// Each sequence's number in the global batch, int32: random numbers depend on it, not on the packing.
    let sequenceIDs: Tensor
    /// For each row, the number of its sequence in the global batch, int32.
    let rowSequences: Tensor
    /// For each row, its position in its sequence, int32.
    public let positions: Tensor
    /// The number of tokens of each sequence with those before its first row, or more where others are still to come.
    package let sequenceEnds: [Int]

    /// Packs sequences of these lengths, in this order.
    /// - Parameters:
    ///   - lengths: tokens of each sequence, 0 allowed.
    ///   - sequenceIDs: their numbers in the global batch; 0, 1, … when nil.
    ///   - firstPositions: the positions of their first tokens; 0 when nil.
    ///   - totalLengths: what they count as in all, where they come in parts; up to their last tokens when nil.
    public init(
        lengths: [Int], sequenceIDs: [UInt32]? = nil, firstPositions: [Int]? = nil,
        totalLengths: [Int]? = nil
    ) {
        var starts: [Int] = []
        var rowSequences: [Int32] = []
        var positions: [Int32] = []
        let total = lengths.reduce(0, +)
        rowSequences.reserveCapacity(total)
        positions.reserveCapacity(total)
        let ids = (sequenceIDs ?? lengths.indices.map { UInt32($0) }).map { Int32(bitPattern: $0) }
        let first = firstPositions ?? lengths.map { _ in 0 }
        require(
            ids.count == lengths.count && first.count == lengths.count, "SequencePacking",
            "\(lengths.count) lengths, \(ids.count) numbers, \(first.count) positions")
        for (index, length) in lengths.enumerated() {
            starts.append(rowSequences.count)
            for position in 0..<length {
                rowSequences.append(ids[index])
                positions.append(Int32(first[index] + position))
            }
        }
        sequenceEnds = totalLengths ?? zip(first, lengths).map { $0 + $1 }
        ranges = SequenceRanges(starts: starts, lengths: lengths)
        self.sequenceIDs = Tensor(ids)
        self.rowSequences = Tensor(rowSequences)
        self.positions = Tensor(positions)
    }

    /// The number of sequences.
    public var count: Int { ranges.count }

    /// The number of rows: tokens of all sequences.
    public var tokenCount: Int { positions.count }

    /// The number of tokens of each sequence.
    public var lengths: [Int] { ranges.rowCounts }

    /// The largest position, plus 1; 0 without tokens.
    package var longestEnd: Int {
        Int(positions.scalars(as: Int32.self).max() ?? -1) + 1
    }

    /// The rows of each sequence.
    public var rows: [Range<Int>] {
        var start = 0
        return lengths.map { length in
            defer { start += length }
            return start..<start + length
        }
    }
}
