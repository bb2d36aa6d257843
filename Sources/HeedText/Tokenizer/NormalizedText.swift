/// A text on its way through the normalizers: bytes of UTF-8, and for each byte the range of the
/// original text that it stands for, if somebody asked for offsets.
///
/// The ranges follow the `tokenizers` library: a byte stands for the whole character that it came
/// from; a composed character for the first of those that it was composed of; an inserted character
/// for its neighbour.
struct NormalizedText {
    /// A range of bytes in the original text.
    typealias Source = Range<Int>

    private(set) var bytes: [UInt8]
    /// One range a byte, or `nil` if offsets are not wanted.
    private(set) var sources: [Source]?

    /// A text before normalization.
    init(_ text: String, trackingSources: Bool) {
        bytes = Array(text.utf8)
        guard trackingSources else { return }
        var sources: [Source] = []
        sources.reserveCapacity(bytes.count)
        var position = 0
        while position < bytes.count {
            let end = min(bytes.count, position + UTF8Bytes.length(bytes[position]))
            for _ in position..<end { sources.append(position..<end) }
            position = end
        }
        self.sources = sources
    }

    /// The range of the original text behind a range of bytes of this one.
    func source(of range: Range<Int>) -> Source {
        guard let sources, let first = range.first, let last = range.last else { return 0..<0 }
        let (lower, upper) = (sources[first].lowerBound, sources[last].upperBound)
        return lower..<max(lower, upper)
    }

    /// Replaces every occurrence of `pattern`, from left to right; the new bytes stand for the last
    /// character of what they replace.
    mutating func replace(_ pattern: [UInt8], with content: [UInt8]) {
        guard let first = pattern.first, let start = bytes.firstIndex(of: first) else { return }
        var result = Array(bytes[..<start])
        result.reserveCapacity(bytes.count + bytes.count / 4)
        var origins = sources.map { Array($0[..<start]) }
        var position = start
        while position < bytes.count {
            if bytes[position] == first, matches(pattern, at: position) {
                position += pattern.count
                result.append(contentsOf: content)
                if let origin = sources?[position - 1] {
                    origins?.append(contentsOf: repeatElement(origin, count: content.count))
                }
            } else {
                result.append(bytes[position])
                if let origin = sources?[position] { origins?.append(origin) }
                position += 1
            }
        }
        bytes = result
        sources = origins
    }

    private func matches(_ pattern: [UInt8], at position: Int) -> Bool {
        guard position + pattern.count <= bytes.count else { return false }
        for index in pattern.indices where bytes[position + index] != pattern[index] {
            return false
        }
        return true
    }

    /// Puts `prefix` before a text that is not empty; it stands for the first character.
    mutating func prepend(_ prefix: [UInt8]) {
        guard !bytes.isEmpty else { return }
        bytes.insert(contentsOf: prefix, at: 0)
        if let origin = sources?.first {
            sources?.insert(contentsOf: repeatElement(origin, count: prefix.count), at: 0)
        }
    }

    /// Replaces everything by new characters.
    ///
    /// Each comes with a change: 0 if it replaces the next old character, −n if it also removes the n
    /// after that, 1 if it is inserted and stands for what the old byte before stands for.
    mutating func transform(_ characters: [(scalar: UInt32, change: Int)]) {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        guard let old = sources else {
            for character in characters { UTF8Bytes.append(character.scalar, to: &result) }
            bytes = result
            return
        }
        var origins: [Source] = []
        origins.reserveCapacity(bytes.count)
        var offset = 0
        for character in characters {
            let origin =
                character.change > 0
                ? (offset < 1 ? 0..<0 : old[offset - 1])
                : (offset < old.count ? old[offset] : 0..<0)
            let length = UTF8Bytes.append(character.scalar, to: &result)
            origins.append(contentsOf: repeatElement(origin, count: length))
            guard character.change <= 0 else { continue }
            for _ in 0...(-character.change) where offset < bytes.count {
                offset += UTF8Bytes.length(bytes[offset])
            }
        }
        bytes = result
        sources = origins
    }
}
