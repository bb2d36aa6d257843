/// A dictionary from pairs of ids to a number of 64 bits: open addressing over two flat arrays.
struct PairTable: Sendable {
    private var keys: [UInt64]
    private var values: [UInt64]
    private(set) var count = 0

    /// No pair of ids is this key: ids are not negative.
    private static let empty = UInt64.max

    /// Makes an empty table with room for `capacity` pairs.
    init(capacity: Int = 0) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        keys = [UInt64](repeating: Self.empty, count: size)
        values = [UInt64](repeating: 0, count: size)
    }

    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    private func slot(of key: UInt64) -> Int {
        let mask = keys.count - 1
        var hash = key &* 0x9E37_79B9_7F4A_7C15
        hash ^= hash >> 32
        var slot = Int(truncatingIfNeeded: hash) & mask
        while keys[slot] != key, keys[slot] != Self.empty { slot = (slot + 1) & mask }
        return slot
    }

    /// The number of a pair, or `nil` where it is absent; setting nil is not supported.
    subscript(left: Int32, right: Int32) -> UInt64? {
        let slot = slot(of: Self.key(left, right))
        return keys[slot] == Self.empty ? nil : values[slot]
    }

    /// Sets the number of a pair of ids that are not negative.
    mutating func set(_ value: UInt64, for left: Int32, _ right: Int32) {
        let key = Self.key(left, right)
        var slot = slot(of: key)
        if keys[slot] == Self.empty {
            if (count + 1) * 2 > keys.count {
                grow()
                slot = self.slot(of: key)
            }
            keys[slot] = key
            count += 1
        }
        values[slot] = value
    }

    private mutating func grow() {
        let (oldKeys, oldValues) = (keys, values)
        keys = [UInt64](repeating: Self.empty, count: oldKeys.count * 2)
        values = [UInt64](repeating: 0, count: oldKeys.count * 2)
        for (index, key) in oldKeys.enumerated() where key != Self.empty {
            let slot = slot(of: key)
            keys[slot] = key
            values[slot] = oldValues[index]
        }
    }
}
