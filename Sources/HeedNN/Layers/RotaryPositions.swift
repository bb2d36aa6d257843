import HeedFormats
import HeedTensor
import Synchronization

/// How queries and keys are turned by their positions (Su et al. 2021).
public struct RotaryForm: Sendable, Hashable {
    /// The width d of which the frequencies are made: as many elements of each head are turned, or one more if it is odd.
    public var size: Int
    /// The angle of pair i grows by base^(−2 i / d) with each position.
    public var base: Double
    /// Whether pairs are neighbours (2 i, 2 i + 1) rather than (i, i + d / 2).
    public var isInterleaved: Bool
    /// How frequencies are stretched for texts longer than those of the first training.
    public var scaling = RotaryScaling.none
    /// Whether frequencies and angles are rounded to float32, as programs have them that train such models.
    public var roundsAngles = false

    /// A form that turns `size` elements of each head.
    public init(size: Int, base: Double = 10_000, isInterleaved: Bool = false) {
        self.size = size
        self.base = base
        self.isInterleaved = isInterleaved
    }
}

/// Rotary positions that reach as far as the longest batch so far; the layers of a model share one.
public final class RotaryPositions: Sendable {
    /// The angles.
    public let form: RotaryForm
    /// Locked, since jobs on several threads may compute with one model.
    private let tables = Lock<[Precision: RotaryTable]>([:])
    /// The table of the last batch, row by row, where frequencies depend on a sequence's length.
    private let last = Lock<(SequencePacking, Precision, RotaryTable, Tensor)?>(nil)

    /// Positions of this form.
    public init(_ form: RotaryForm) {
        self.form = form
    }

    /// Turns the heads of x [tokens, heads · head size] by the positions of their rows.
    func callAsFunction(
        _ x: Tensor, headSize: Int, packing: SequencePacking, _ context: Context
    ) -> Tensor {
        let (table, rows) = angles(packing, context.precision)
        return context.rotary(x, table, headSize: headSize, positions: rows)
    }

    /// Turns the heads in the first columns of x where they stand, without a gradient.
    func turn(
        _ x: inout Tensor, columns: Int, headSize: Int, packing: SequencePacking,
        _ context: Context
    ) {
        let (table, rows) = angles(packing, context.precision)
        context.turn(&x, columns: columns, table, headSize: headSize, positions: rows)
    }

    /// A table of angles, and the row in it of each row of the batch.
    private func angles(
        _ packing: SequencePacking, _ precision: Precision
    ) -> (RotaryTable, Tensor) {
        packing.sequenceEnds.contains { form.changes(atLength: $0) }
            ? rows(of: packing, precision)
            : (table(packing.longestEnd, precision), packing.positions)
    }

    private func table(_ needed: Int, _ precision: Precision) -> RotaryTable {
        let form = form
        return tables.withLock { tables in
            let known = tables[precision]
            if let known, known.count >= needed { return known }
            var count = max(256, known?.count ?? 0)
            while count < needed { count *= 2 }
            let table = form.table(
                positions: Array(0..<count), lengths: [(count, 0)], precision)
            tables[precision] = table
            return table
        }
    }

    /// A table with a row for each row of the batch, and the numbers of its rows.
    private func rows(
        of packing: SequencePacking, _ precision: Precision
    ) -> (RotaryTable, Tensor) {
        last.withLock { last in
            if let last, last.0 === packing, last.1 == precision { return (last.2, last.3) }
            let positions = packing.positions.scalars(as: Int32.self).map { Int($0) }
            let table = form.table(
                positions: positions,
                lengths: Array(zip(packing.lengths, packing.sequenceEnds)), precision)
            let rows = Tensor(positions.indices.map { Int32($0) })
            last = (packing, precision, table, rows)
            return (table, rows)
        }
    }
}

extension RotaryForm {
    /// The cosines and sines of some positions.
    ///
    /// - Parameter lengths: how many positions, one after another, belong to sequences of which lengths.
    fileprivate func table(
        positions: [Int], lengths: [(count: Int, length: Int)], _ precision: Precision
    ) -> RotaryTable {
        var angles: [Double] = []
        angles.reserveCapacity(positions.count * pairCount)
        var start = 0
        for (count, length) in lengths {
            let frequencies = frequencies(length: length)
            for position in positions[start..<start + count] {
                for frequency in frequencies {
                    let angle = Double(position) * frequency
                    angles.append(roundsAngles ? Double(Float(angle)) : angle)
                }
            }
            start += count
        }
        return RotaryTable(
            count: positions.count, angles: angles, pairs: pairCount, factor: scaling.factor,
            isInterleaved: isInterleaved, precision == .float64 ? .float64 : .float32)
    }
}
