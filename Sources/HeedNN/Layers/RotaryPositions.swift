import HeedFormats
import HeedTensor
import Synchronization

/// How queries and keys are turned by their positions (Su et al. 2021).
public struct RotaryForm: Sendable, Hashable {
    /// Elements of each head that are turned, an even number.
    public var size: Int
    /// The angle of pair i grows by base^(−2 i / size) with each position.
    public var base: Double
    /// Whether pairs are neighbours (2 i, 2 i + 1) rather than (i, i + size / 2).
    public var isInterleaved: Bool

    /// A form that turns `size` elements of each head.
    public init(size: Int, base: Double = 10_000, isInterleaved: Bool = false) {
        self.size = size
        self.base = base
        self.isInterleaved = isInterleaved
    }
}

/// Rotary positions that reach as far as the longest batch so far.
final class RotaryPositions {
    private let form: RotaryForm
    /// Locked, since jobs on several threads may compute with one model.
    private let tables = Mutex<[Precision: RotaryTable]>([:])

    init(_ form: RotaryForm) {
        self.form = form
    }

    /// Turns the heads of x [tokens, heads · head size] by the positions of their rows.
    func callAsFunction(
        _ x: Tensor, headSize: Int, packing: SequencePacking, _ context: Context
    ) -> Tensor {
        context.rotary(
            x, table(packing.longestEnd, context.precision), headSize: headSize,
            positions: packing.positions)
    }

    private func table(_ needed: Int, _ precision: Precision) -> RotaryTable {
        let form = form
        return tables.withLock { tables in
            let known = tables[precision]
            if let known, known.count >= needed { return known }
            var count = max(256, known?.count ?? 0)
            while count < needed { count *= 2 }
            let table = RotaryTable(
                count: count, rotarySize: form.size, base: form.base,
                isInterleaved: form.isInterleaved, precision == .float64 ? .float64 : .float32)
            tables[precision] = table
            return table
        }
    }
}
