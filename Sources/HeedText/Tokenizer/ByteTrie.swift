/// Pieces by their bytes, to find all that a text begins with.
struct ByteTrie: Sendable {
    /// A place in the trie, and the piece that ends there.
    struct Step {
        fileprivate(set) var node: Int32
        /// The number of the piece, or −1.
        fileprivate(set) var piece: Int32
    }

    private var first = [UInt64](repeating: 0, count: 256)
    private var table = PairTable()
    private var count: Int32 = 1

    /// Whether nothing is in it.
    var isEmpty: Bool { count == 1 }

    /// Where a text begins.
    static let root = Step(node: 0, piece: -1)

    /// Adds a piece, in the place of one that has the same bytes; an empty one is left out.
    mutating func insert(_ bytes: some Sequence<UInt8>, piece: Int32) {
        var step = Self.root
        var last: (node: Int32, byte: UInt8)?
        for byte in bytes {
            last = (step.node, byte)
            if let next = self.step(step, byte) {
                step = next
            } else {
                let made = Step(node: count, piece: -1)
                count += 1
                set(step.node, byte, made)
                step = made
            }
        }
        guard let last else { return }
        step.piece = piece
        set(last.node, last.byte, step)
    }

    /// One byte further, or nil where no piece goes on so.
    @inline(__always)
    func step(_ step: Step, _ byte: UInt8) -> Step? {
        if step.node == 0 {
            let value = first[Int(byte)]
            return value == 0 ? nil : Self.unpacked(value)
        }
        return table[step.node, Int32(byte)].map(Self.unpacked)
    }

    private mutating func set(_ node: Int32, _ byte: UInt8, _ step: Step) {
        let value =
            UInt64(UInt32(bitPattern: step.node)) << 32 | UInt64(UInt32(bitPattern: step.piece))
        if node == 0 { first[Int(byte)] = value } else { table.set(value, for: node, Int32(byte)) }
    }

    private static func unpacked(_ value: UInt64) -> Step {
        Step(
            node: Int32(truncatingIfNeeded: value >> 32),
            piece: Int32(truncatingIfNeeded: value & 0xFFFF_FFFF))
    }

    /// The longest piece at a position.
    func longest(
        _ bytes: [UInt8], _ range: Range<Int>, from start: Step = Self.root
    ) -> (piece: Int32, end: Int)? {
        var step = start
        var found: (Int32, Int)?
        var position = range.lowerBound
        while position < range.upperBound, let next = self.step(step, bytes[position]) {
            position += 1
            step = next
            if step.piece >= 0 { found = (step.piece, position) }
        }
        return found
    }
}
