/// Byte strings numbered 0, 1, 2, … in the order of insertion, found again by their bytes.
///
/// Keys are given as a range of a larger array, so that looking up a piece of a text copies
/// nothing. Open addressing; hashes are seeded per process, so that nobody can prepare keys that
/// collide.
struct ByteStringTable: Sendable {
    private static let seed = UInt64.random(in: .min ... .max)

    private var pool: [UInt8] = []
    private var starts: [Int] = [0]
    /// The upper half of a slot is the hash, which says where to search, the lower half the number of the key plus one; 0 is
    /// an empty slot. The count is a power of two.
    private var slots = [UInt64](repeating: 0, count: 16)

    init() {}

    /// An empty table with room for so many keys.
    init(capacity: Int) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        slots = [UInt64](repeating: 0, count: size)
        starts.reserveCapacity(capacity + 1)
    }

    /// The number of keys.
    var count: Int { starts.count - 1 }

    /// The bytes of a key.
    subscript(number: Int) -> ArraySlice<UInt8> { pool[starts[number]..<starts[number + 1]] }

    /// The number of a key, or `nil` where it is absent.
    func number(of bytes: [UInt8], _ range: Range<Int>) -> Int? {
        find(bytes, range, hash: Self.hash(bytes, range)).number
    }

    /// The number of a key.
    func number(of text: String) -> Int? {
        let bytes = Array(text.utf8)
        return number(of: bytes, bytes.indices)
    }

    /// The number of a key, which is added where it is absent.
    mutating func insert(_ bytes: [UInt8], _ range: Range<Int>) -> (number: Int, isNew: Bool) {
        let hash = Self.hash(bytes, range)
        var found = find(bytes, range, hash: hash)
        if let number = found.number { return (number, false) }
        if (count + 1) * 2 > slots.count {
            grow()
            found = find(bytes, range, hash: hash)
        }
        pool.append(contentsOf: bytes[range])
        starts.append(pool.count)
        slots[found.slot] = UInt64(hash) << 32 | UInt64(UInt32(count))
        return (count - 1, true)
    }

    /// The number of a key, which is added where it is absent.
    mutating func insert(_ text: String) -> (number: Int, isNew: Bool) {
        let bytes = Array(text.utf8)
        return insert(bytes, bytes.indices)
    }

    /// Forgets all keys and keeps the memory.
    mutating func removeAll() {
        pool.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        starts.append(0)
        for index in slots.indices { slots[index] = 0 }
    }

    private static func hash(_ bytes: [UInt8], _ range: Range<Int>) -> UInt32 {
        var hash = seed
        var index = range.lowerBound
        while index < range.upperBound {
            hash = (hash ^ UInt64(bytes[index])) &* 0x0000_0100_0000_01B3
            index += 1
        }
        hash = (hash ^ hash >> 32) &* 0x9E37_79B9_7F4A_7C15
        return UInt32(truncatingIfNeeded: hash ^ hash >> 29)
    }

    private func find(
        _ bytes: [UInt8], _ range: Range<Int>, hash: UInt32
    ) -> (slot: Int, number: Int?) {
        let mask = slots.count - 1
        var index = Int(hash) & mask
        while slots[index] != 0 {
            let slot = slots[index]
            if UInt32(truncatingIfNeeded: slot >> 32) == hash {
                let number = Int(slot & 0xFFFF_FFFF) - 1
                if isEqual(number, bytes, range) { return (index, number) }
            }
            index = (index + 1) & mask
        }
        return (index, nil)
    }

    private func isEqual(_ number: Int, _ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        let start = starts[number]
        guard starts[number + 1] - start == range.count else { return false }
        var index = 0
        while index < range.count {
            if pool[start + index] != bytes[range.lowerBound + index] { return false }
            index += 1
        }
        return true
    }

    private mutating func grow() {
        let old = slots
        slots = [UInt64](repeating: 0, count: old.count * 2)
        let mask = slots.count - 1
        for slot in old where slot != 0 {
            var index = Int(slot >> 32) & mask
            while slots[index] != 0 { index = (index + 1) & mask }
            slots[index] = slot
        }
    }
}
