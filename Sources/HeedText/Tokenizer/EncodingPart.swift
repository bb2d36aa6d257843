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

    /// Special tokens.
    init(special ids: [Int32], typeID: Int32) {
        self.ids = ids
        byteOffsets = ids.map { _ in 0..<0 }
        scalarOffsets = byteOffsets
        typeIDs = ids.map { _ in typeID }
        isSpecial = ids.map { _ in true }
        sequences = ids.map { _ in -1 }
        spaces = ids.map { _ in (0, 0) }
    }

    /// Says of all tokens to which segment they belong.
    mutating func setType(_ typeID: Int32) { typeIDs = ids.map { _ in typeID } }

    /// Says of all tokens of the text which one it is.
    mutating func setSequence(_ number: Int8) { sequences = ids.map { _ in number } }

    /// One after the other; what overflows comes with each combination, as in the `tokenizers` library.
    static func + (a: EncodingPart, b: EncodingPart) -> EncodingPart {
        var sum = joined(a, b)
        sum.overflow = a.overflow.flatMap { part in
            [joined(part, b)] + b.overflow.map { joined(part, $0) }
        }
        sum.overflow += b.overflow.map { joined(a, $0) }
        return sum
    }

    private static func joined(_ a: EncodingPart, _ b: EncodingPart) -> EncodingPart {
        var sum = a
        sum.overflow = []
        sum.ids += b.ids
        sum.byteOffsets += b.byteOffsets
        sum.scalarOffsets += b.scalarOffsets
        sum.typeIDs += b.typeIDs
        sum.isSpecial += b.isSpecial
        sum.sequences += b.sequences
        sum.spaces += b.spaces
        if sum.bytes.isEmpty { sum.bytes = b.bytes }
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
    func trimmed(addsSpace: Bool) -> EncodingPart {
        var result = self
        result.overflow = overflow.map { $0.trimmed(addsSpace: addsSpace) }
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
            result.scalarOffsets[index] = lower..<upper
            result.byteOffsets[index] = moved(
                byteOffsets[index], by: lower - old.lowerBound, and: old.upperBound - upper)
        }
        return result
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
