public import HeedFormats

/// The keys and values of the tokens that a decoder has seen: one of the three things in Heed that change.
///
/// It has a fixed number of slots, one for each sequence that is being decoded, and a fixed capacity of tokens in
/// each. Appending writes in place; when hypotheses are reordered, a slot is copied only if its successor does not
/// already lie in it.
public final class KeyValueCache {
    /// Tokens that a slot can hold.
    public let capacity: Int
    /// The width of the keys of a token.
    public let keyWidth: Int
    /// The width of the values of a token.
    public let valueWidth: Int
    /// The number of tokens in each slot.
    public private(set) var lengths: [Int]
    /// [slots · capacity, keys | values].
    private let memory: Tensor
    /// Which appended token each row holds, counted from 1; 0 for none. Equal numbers are equal rows.
    private var contents: [Int]
    private var appended = 0

    /// An empty cache.
    public init(
        slots: Int, capacity: Int, keyWidth: Int, valueWidth: Int, _ elementType: ElementType
    ) {
        self.capacity = capacity
        self.keyWidth = keyWidth
        self.valueWidth = valueWidth
        lengths = [Int](repeating: 0, count: slots)
        memory = Tensor(uninitialized: [slots * capacity, keyWidth + valueWidth], elementType)
        contents = [Int](repeating: 0, count: slots * capacity)
    }

    /// The number of slots.
    public var slotCount: Int { lengths.count }

    /// The keys of all slots, as an attention reads them.
    public var keys: Columns { Columns(memory, 0..<keyWidth) }

    /// The values of all slots.
    public var values: Columns { Columns(memory, keyWidth..<keyWidth + valueWidth) }

    /// The rows of these slots in `keys` and `values`.
    public func ranges(of slots: [Int]) -> SequenceRanges {
        SequenceRanges(starts: slots.map { $0 * capacity }, lengths: slots.map { lengths[$0] })
    }

    /// Appends the tokens of a packed batch, sequence i to slot `slots[i]`.
    ///
    /// - Parameters:
    ///   - keysValues: columns that hold keys, then values.
    ///   - packing: the sequences of its rows.
    ///   - slots: different slots with room for them.
    public func append(_ keysValues: Columns, packing: SequencePacking, to slots: [Int]) {
        require(
            keysValues.range.count == keyWidth + valueWidth && slots.count == packing.count
                && keysValues.tensor.elementType == memory.elementType
                && keysValues.tensor.shape[0] == packing.tokenCount, "KeyValueCache",
            "\(slots.count) slots", [keysValues.tensor.shape, memory.shape])
        let size = memory.elementType.size
        let (rowBytes, sourceBytes) = (
            memory.shape[1] * size, keysValues.tensor.shape[1] * size
        )
        for (rows, slot) in zip(packing.rows, slots) {
            require(
                lengths[slot] + rows.count <= capacity, "KeyValueCache",
                "\(lengths[slot]) + \(rows.count) tokens in a slot of \(capacity)")
            for (index, row) in rows.enumerated() {
                let target = slot * capacity + lengths[slot] + index
                unsafe (memory.mutableBytes + target * rowBytes).copyMemory(
                    from: keysValues.tensor.bytes + row * sourceBytes
                        + keysValues.range.lowerBound * size, byteCount: rowBytes)
                appended += 1
                contents[target] = appended
            }
            lengths[slot] += rows.count
        }
    }

    /// Makes slot `target` a copy of slot `source`.
    ///
    /// Hypotheses of one sentence share their beginnings: rows that the target already holds are not copied.
    public func copy(slot source: Int, to target: Int) {
        guard source != target else { return }
        let (from, to, length) = (source * capacity, target * capacity, lengths[source])
        let first = (0..<length).first { contents[from + $0] != contents[to + $0] } ?? length
        let rowBytes = memory.shape[1] * memory.elementType.size
        unsafe (memory.mutableBytes + (to + first) * rowBytes).copyMemory(
            from: memory.bytes + (from + first) * rowBytes, byteCount: (length - first) * rowBytes)
        for row in first..<length { contents[to + row] = contents[from + row] }
        lengths[target] = length
    }

    /// Empties a slot.
    public func clear(slot: Int) { lengths[slot] = 0 }
}
