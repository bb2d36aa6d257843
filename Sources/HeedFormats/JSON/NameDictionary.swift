internal import Glibc

/// An insertion-ordered dictionary whose keys are names compared byte by byte as UTF-8.
///
/// Swift compares strings by canonical equivalence, so that "é" in one code point equals "é" in two.
/// Files tell the two apart, and so do tokenizers, whose vocabularies hold both; this type does too.
/// Hashes are seeded per process, so that nobody can prepare names which collide.
public struct NameDictionary<Value> {
    /// A name and what belongs to it.
    public struct Entry {
        /// The name.
        public let name: String
        /// What belongs to the name.
        public var value: Value
    }

    /// The entries in the order of their insertion.
    public private(set) var entries: [Entry] = []

    /// Open addressing: the upper half of a slot is the hash, which says where to search, the lower
    /// half the position of the entry plus one; 0 is an empty slot. Few entries need no slots.
    private var slots: [UInt64] = []

    /// Makes an empty dictionary.
    public init() {}

    /// The number of entries.
    public var count: Int { entries.count }

    /// Whether there are no entries.
    public var isEmpty: Bool { entries.isEmpty }

    /// The names in the order of their insertion.
    public var names: [String] { entries.map(\.name) }

    /// The value of a name, or nil where the name is absent; setting nil removes the entry.
    public subscript(name: String) -> Value? {
        get { position(of: name).map { entries[$0].value } }
        set {
            if let newValue {
                updateValue(newValue, forName: name)
            } else {
                removeValue(forName: name)
            }
        }
    }

    /// The position of a name among the entries, or nil where the name is absent.
    public func position(of name: String) -> Int? {
        if slots.isEmpty {
            return entries.firstIndex { $0.name.hasSameBytes(as: name) }
        }
        return find(name, hash: name.hashOfBytes).position
    }

    /// Adds an entry unless the name is present already; says whether it was added.
    @discardableResult
    public mutating func insert(_ value: Value, forName name: String) -> Bool {
        if entries.count < Self.linearCount {
            guard position(of: name) == nil else { return false }
            entries.append(Entry(name: name, value: value))
            return true
        }
        if slots.isEmpty || entries.count >= slots.count / 2 {
            rebuildSlots(hashing: slots.isEmpty)
        }
        let hash = name.hashOfBytes
        let found = find(name, hash: hash)
        guard found.position == nil else { return false }
        entries.append(Entry(name: name, value: value))
        slots[found.slot] = Self.slot(hash: hash, position: entries.count - 1)
        return true
    }

    /// Replaces the value of a name in its place, or adds an entry at the end.
    public mutating func updateValue(_ value: Value, forName name: String) {
        if let position = position(of: name) {
            entries[position].value = value
        } else {
            insert(value, forName: name)
        }
    }

    /// Removes an entry, in time linear in the number of entries.
    @discardableResult
    public mutating func removeValue(forName name: String) -> Value? {
        guard let position = position(of: name) else { return nil }
        let removed = entries.remove(at: position)
        if !slots.isEmpty { rebuildSlots(hashing: true) }
        return removed.value
    }

    private static var linearCount: Int { 8 }

    private static func slot(hash: UInt32, position: Int) -> UInt64 {
        UInt64(hash) << 32 | UInt64(UInt32(position) + 1)
    }

    private func find(_ name: String, hash: UInt32) -> (slot: Int, position: Int?) {
        let mask = slots.count - 1
        var index = Int(hash) & mask
        while slots[index] != 0 {
            let slot = slots[index]
            if UInt32(truncatingIfNeeded: slot >> 32) == hash {
                let position = Int(slot & 0xFFFF_FFFF) - 1
                if entries[position].name.hasSameBytes(as: name) { return (index, position) }
            }
            index = (index + 1) & mask
        }
        return (index, nil)
    }

    private mutating func rebuildSlots(hashing isChanged: Bool) {
        var capacity = 32
        while capacity < entries.count * 4 { capacity *= 2 }
        let old = slots
        slots = [UInt64](repeating: 0, count: capacity)
        if isChanged {
            for (position, entry) in entries.enumerated() {
                place(Self.slot(hash: entry.name.hashOfBytes, position: position))
            }
        } else {
            for slot in old where slot != 0 { place(slot) }
        }
    }

    private mutating func place(_ slot: UInt64) {
        let mask = slots.count - 1
        var index = Int(slot >> 32) & mask
        while slots[index] != 0 { index = (index + 1) & mask }
        slots[index] = slot
    }
}

extension NameDictionary: Sendable where Value: Sendable {}
extension NameDictionary.Entry: Sendable where Value: Sendable {}

extension NameDictionary: Equatable where Value: Equatable {
    /// Whether both hold the same names with the same values, in any order.
    public static func == (a: Self, b: Self) -> Bool {
        a.count == b.count && a.entries.allSatisfy { b[$0.name] == $0.value }
    }
}

extension NameDictionary: Sequence {
    /// Walks over the entries in the order of their insertion.
    public func makeIterator() -> IndexingIterator<[Entry]> { entries.makeIterator() }
}

extension NameDictionary: ExpressibleByDictionaryLiteral {
    /// Makes a dictionary of names that must differ from one another.
    public init(dictionaryLiteral elements: (String, Value)...) {
        for (name, value) in elements {
            precondition(insert(value, forName: name), "A name occurs twice in a literal")
        }
    }
}

extension String {
    /// Whether both strings are the same bytes in UTF-8, which canonically equal strings need not be.
    package func hasSameBytes(as other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        let isSame = unsafe utf8.withContiguousStorageIfAvailable { a in
            unsafe other.utf8.withContiguousStorageIfAvailable { b in
                guard let a = a.baseAddress, let b = b.baseAddress else {
                    return true
                }
                return unsafe memcmp(a, b, other.utf8.count) == 0
            }
        }
        return (isSame ?? nil) ?? utf8.elementsEqual(other.utf8)
    }

    /// A hash of the bytes in UTF-8, seeded once per process.
    var hashOfBytes: UInt32 {
        var hasher = Hasher()
        let isContiguous: Void? = unsafe utf8.withContiguousStorageIfAvailable { bytes in
            unsafe hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
        }
        if isContiguous == nil {
            for byte in utf8 { hasher.combine(byte) }
        }
        return UInt32(truncatingIfNeeded: hasher.finalize())
    }
}
