public import HeedFormats

/// The keys and values of the tokens that a decoder has seen: one of the three things in Heed that change.
///
/// It has a fixed number of slots, one for each sequence that is being decoded, and a fixed capacity of tokens in
/// each, of which it takes memory as they are needed. Appending writes in place; when hypotheses are reordered, a slot is
/// copied only if its successor does not already lie in it, and only from where the two differ.
public final class KeyValueCache {
    /// Tokens that a slot can hold.
    public let capacity: Int
    /// The width of the keys of a token.
    public let keyWidth: Int
    /// The width of the values of a token.
    public let valueWidth: Int
    /// The number of tokens in each slot.
    public private(set) var lengths: [Int]
    /// Tokens of each slot that there is memory for.
    private var room: Int
    /// [slots · room, keys | values].
    private var memory: Tensor
    /// Which appended token each row holds, counted from 1; 0 for none. Equal numbers are equal rows.
    private var contents: [Int]
    private var appended = 0
    /// Tokens of each slot that there is memory for at the start.
    private static let firstRoom = 32

    /// An empty cache.
    public init(
        slots: Int, capacity: Int, keyWidth: Int, valueWidth: Int, _ elementType: ElementType
    ) {
        self.capacity = capacity
        self.keyWidth = keyWidth
        self.valueWidth = valueWidth
        lengths = [Int](repeating: 0, count: slots)
        room = min(capacity, Self.firstRoom)
        memory = Tensor(uninitialized: [slots * room, keyWidth + valueWidth], elementType)
        contents = [Int](repeating: 0, count: slots * room)
    }

    /// The number of slots.
    public var slotCount: Int { lengths.count }

    /// The keys of all slots, as an attention reads them.
    public var keys: Columns { Columns(memory, 0..<keyWidth) }

    /// The values of all slots.
    public var values: Columns { Columns(memory, keyWidth..<keyWidth + valueWidth) }

    /// The rows of these slots in `keys` and `values`.
    public func ranges(of slots: [Int]) -> SequenceRanges {
        SequenceRanges(starts: slots.map { $0 * room }, lengths: slots.map { lengths[$0] })
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
        var needed = 0
        for (count, slot) in zip(packing.lengths, slots) {
            needed = max(needed, lengths[slot] + count)
            require(
                needed <= capacity, "KeyValueCache",
                "\(lengths[slot]) + \(count) tokens in a slot of \(capacity)")
        }
        if needed > room { grow(to: needed) }
        for (rows, slot) in zip(packing.rows, slots) {
            for (index, row) in rows.enumerated() {
                let target = slot * room + lengths[slot] + index
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
        let (from, to, length) = (source * room, target * room, lengths[source])
        let first = (0..<length).first { contents[from + $0] != contents[to + $0] } ?? length
        let rowBytes = memory.shape[1] * memory.elementType.size
        unsafe (memory.mutableBytes + (to + first) * rowBytes).copyMemory(
            from: memory.bytes + (from + first) * rowBytes, byteCount: (length - first) * rowBytes)
        for row in first..<length { contents[to + row] = contents[from + row] }
        lengths[target] = length
    }

    /// Makes room for `needed` tokens in each slot, and for as many more.
    private func grow(to needed: Int) {
        let larger = min(max(2 * room, needed), capacity)
        let rowBytes = memory.shape[1] * memory.elementType.size
        let grown = Tensor(
            uninitialized: [slotCount * larger, memory.shape[1]], memory.elementType)
        var grownContents = [Int](repeating: 0, count: slotCount * larger)
        for (slot, length) in lengths.enumerated() where length > 0 {
            let (from, to) = (slot * room, slot * larger)
            unsafe (grown.mutableBytes + to * rowBytes).copyMemory(
                from: memory.bytes + from * rowBytes, byteCount: length * rowBytes)
            for row in 0..<length { grownContents[to + row] = contents[from + row] }
        }
        (memory, contents, room) = (grown, grownContents, larger)
    }

    /// Empties a slot.
    public func clear(slot: Int) { lengths[slot] = 0 }
}
