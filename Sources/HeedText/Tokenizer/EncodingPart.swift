/// An encoding in the making: one text, or special tokens between two.
struct EncodingPart {
    var ids: [Int32] = []
    var byteOffsets: [Range<Int>] = []
    var scalarOffsets: [Range<Int>] = []
    var typeIDs: [Int32] = []
    var isSpecial: [Bool] = []
    var sequences: [Int8] = []
    /// How many spaces each piece begins and ends with, if somebody will ask.
    var spaces: [(leading: Int, trailing: Int)] = []
    /// The text, from which offsets are taken.
    var bytes: [UInt8] = []
    /// What truncation has cut off, as encodings of their own.
    var overflow: [EncodingPart] = []

    init() {}

    /// The tokens of the first text of an encoding, number 0, or of the second one.
    ///
    /// - Parameter room: how many special tokens may come to it.
    init(
        of bytes: [UInt8], number: Int8, copying ids: [Int32], _ offsets: TokenOffsets, room: Int
    ) {
        self.ids = Self.array(ids, room)
        byteOffsets = Self.array(offsets.ranges, room)
        scalarOffsets =
            ScalarCounts(bytes).map { Self.array(offsets.ranges.lazy.map($0.scalars), room) }
            ?? Self.array(byteOffsets, room)
        typeIDs = Self.array(repeatElement(Int32(number), count: ids.count), room)
        isSpecial = Self.array(repeatElement(false, count: ids.count), room)
        sequences = Self.array(repeatElement(number, count: ids.count), room)
        spaces = Self.array(offsets.spaces, room)
        self.bytes = bytes
    }

    /// Special tokens.
    init(special ids: [Int32], typeID: Int32) {
        self.ids = ids
        byteOffsets = [Range<Int>](repeating: 0..<0, count: ids.count)
        scalarOffsets = byteOffsets
        typeIDs = [Int32](repeating: typeID, count: ids.count)
        isSpecial = [Bool](repeating: true, count: ids.count)
        sequences = [Int8](repeating: -1, count: ids.count)
        spaces = [(leading: Int, trailing: Int)](repeating: (0, 0), count: ids.count)
    }

    /// An array of elements with room for so many more.
    private static func array<Elements: Collection>(
        _ elements: Elements, _ room: Int
    ) -> [Elements.Element] {
        var array: [Elements.Element] = []
        array.reserveCapacity(elements.count + room)
        array.append(contentsOf: elements)
        return array
    }

    /// Says of all tokens to which segment they belong.
    mutating func setType(_ typeID: Int32) {
        for index in typeIDs.indices where typeIDs[index] != typeID { typeIDs[index] = typeID }
    }

    /// Puts special tokens of a segment around this part, and around each that was cut off.
    mutating func surround(by first: Int32? = nil, and last: Int32, typeID: Int32) {
        if let first { insertSpecial(first, typeID, at: 0) }
        insertSpecial(last, typeID, at: ids.count)
        for index in overflow.indices {
            overflow[index].surround(by: first, and: last, typeID: typeID)
        }
    }

    private mutating func insertSpecial(_ id: Int32, _ typeID: Int32, at index: Int) {
        // They stay behind the ids where nobody asks for them.
        if spaces.count == ids.count { spaces.insert((0, 0), at: index) }
        ids.insert(id, at: index)
        byteOffsets.insert(0..<0, at: index)
        scalarOffsets.insert(0..<0, at: index)
        typeIDs.insert(typeID, at: index)
        isSpecial.insert(true, at: index)
        sequences.insert(-1, at: index)
    }

    /// One after the other; what overflows comes with each combination, as in the `tokenizers` library.
    static func joined(_ parts: [EncodingPart]) -> EncodingPart {
        guard parts.contains(where: { !$0.overflow.isEmpty }) else { return concatenated(parts) }
        // Neighbours without overflow are put together first, once for all combinations.
        var runs: [[EncodingPart]] = []
        for part in parts {
            if part.overflow.isEmpty, runs.last?.last?.overflow.isEmpty == true {
                runs[runs.count - 1].append(part)
            } else {
                runs.append([part])
            }
        }
        let sums = runs.map(concatenated)
        return sums.dropFirst().reduce(sums.first ?? EncodingPart()) { a, b in
            var sum = concatenated([a, b])
            sum.overflow = a.overflow.flatMap { part in
                [concatenated([part, b])] + b.overflow.map { concatenated([part, $0]) }
            }
            sum.overflow += b.overflow.map { concatenated([a, $0]) }
            return sum
        }
    }

    /// One after the other, without what overflows where there are several.
    private static func concatenated(_ parts: [EncodingPart]) -> EncodingPart {
        guard parts.count > 1 else { return parts.first ?? EncodingPart() }
        func all<Element>(_ elements: (EncodingPart) -> [Element]) -> [Element] {
            var all: [Element] = []
            all.reserveCapacity(parts.reduce(0) { $0 + elements($1).count })
            for part in parts { all += elements(part) }
            return all
        }
        var sum = EncodingPart()
        sum.ids = all(\.ids)
        sum.byteOffsets = all(\.byteOffsets)
        sum.scalarOffsets = all(\.scalarOffsets)
        sum.typeIDs = all(\.typeIDs)
        sum.isSpecial = all(\.isSpecial)
        sum.sequences = all(\.sequences)
        sum.spaces = all(\.spaces)
        sum.bytes = parts.first { !$0.bytes.isEmpty }?.bytes ?? []
        return sum
    }

    /// A range of the tokens.
    subscript(range: Range<Int>) -> EncodingPart {
        guard range != ids.indices else { return self }
        var part = EncodingPart()
        part.ids = Array(ids[range])
        part.byteOffsets = Array(byteOffsets[range])
        part.scalarOffsets = Array(scalarOffsets[range])
        part.typeIDs = Array(typeIDs[range])
        part.isSpecial = Array(isSpecial[range])
        part.sequences = Array(sequences[range])
        if !spaces.isEmpty { part.spaces = Array(spaces[range]) }
        part.bytes = bytes
        return part
    }

    /// Takes the spaces that pieces begin and end with off the offsets.
    ///
    /// - Parameter addsSpace: whether a space was put before the text, which the first offsets do not count.
    mutating func trim(addsSpace: Bool) {
        for index in overflow.indices { overflow[index].trim(addsSpace: addsSpace) }
        for index in ids.indices where index < spaces.count {
            var (leading, trailing) = spaces[index]
            guard leading > 0 || trailing > 0 else { continue }
            let old = scalarOffsets[index]
            var (lower, upper) = (old.lowerBound, old.upperBound)
            if leading > 0 {
                if index == 0 || lower == 0, addsSpace, leading == 1 { leading = 0 }
                lower = min(lower + leading, upper)
            }
            trailing = trailing <= upper ? trailing : 0
            if trailing > 0 { upper = max(upper - trailing, lower) }
            scalarOffsets[index] = lower..<upper
            byteOffsets[index] = moved(
                byteOffsets[index], by: lower - old.lowerBound, and: old.upperBound - upper)
        }
    }

    /// A range without so many characters at its beginning and its end.
    private func moved(_ range: Range<Int>, by first: Int, and last: Int) -> Range<Int> {
        var (lower, upper) = (range.lowerBound, range.upperBound)
        for _ in 0..<first where lower < min(upper, bytes.count) {
            lower += UTF8Bytes.length(bytes[lower])
        }
        for _ in 0..<last where upper > lower && upper <= bytes.count {
            upper = UTF8Bytes.start(in: bytes, before: upper)
        }
        return lower..<max(lower, upper)
    }
}
