/// A byte for each scalar, in pages of 256; pages on which all are 0 share one.
struct ScalarTable: Sendable {
    private var pages = [UInt16](repeating: 0, count: 0x1100)
    private var bytes = [UInt8](repeating: 0, count: 256)

    /// Adds bits to the byte of a scalar.
    mutating func add(_ bits: UInt8, at scalar: UInt32) {
        let page = Int(scalar >> 8)
        guard page < pages.count else { return }
        if pages[page] == 0 {
            pages[page] = UInt16(truncatingIfNeeded: bytes.count / 256)
            bytes.append(contentsOf: repeatElement(0, count: 256))
        }
        bytes[Int(pages[page]) * 256 + Int(scalar & 0xFF)] |= bits
    }

    /// Adds bits to the bytes of all scalars in a table of `first-last`.
    mutating func add(_ bits: UInt8, in table: String) {
        for range in HexReader.ranges(of: table) {
            for scalar in range { add(bits, at: scalar) }
        }
    }

    /// The byte of a scalar.
    @inline(__always)
    subscript(scalar: UInt32) -> UInt8 {
        bytes[Int(pages[Int(min(scalar, 0x10FFFF) >> 8)]) * 256 + Int(scalar & 0xFF)]
    }
}

extension HexReader {
    /// The ranges of a table of `first-last`.
    static func ranges(of table: String) -> [ClosedRange<UInt32>] {
        var reader = HexReader(table)
        var ranges: [ClosedRange<UInt32>] = []
        while let first = reader.next() {
            var last = first.value
            if first.mark == HexMark.range, let end = reader.next() { last = end.value }
            ranges.append(first.value...max(first.value, last))
        }
        return ranges
    }

    /// The scalars of a table of `c:t+t` and `first-last>t`, each with what it becomes.
    static func mappings(of table: String) -> [(scalar: UInt32, targets: [UInt32])] {
        var reader = HexReader(table)
        var mappings: [(scalar: UInt32, targets: [UInt32])] = []
        while let first = reader.next() {
            if first.mark == HexMark.range {
                guard let last = reader.next(), let target = reader.next() else { break }
                for scalar in first.value...max(first.value, last.value) {
                    mappings.append((scalar, [target.value + scalar - first.value]))
                }
                continue
            }
            var targets: [UInt32] = []
            while let target = reader.next() {
                targets.append(target.value)
                if target.mark == HexMark.space { break }
            }
            mappings.append((first.value, targets))
        }
        return mappings
    }
}
