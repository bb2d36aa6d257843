/// A text on its way through the normalizers: bytes of UTF-8, and for each byte the range of the
/// original text that it stands for, if somebody asked for offsets.
///
/// The ranges follow the `tokenizers` library: a byte stands for the whole character that it came
/// from; a composed character for the first of those that it was composed of; an inserted character
/// for its neighbour. As long as nothing was changed no range is kept: each byte stands for the
/// character that it is in.
struct NormalizedText {
    /// A range of bytes in the original text.
    struct Source: Equatable {
        var lower: UInt32
        var upper: UInt32

        init(_ lower: Int, _ upper: Int) {
            self.lower = UInt32(truncatingIfNeeded: lower)
            self.upper = UInt32(truncatingIfNeeded: upper)
        }
    }

    private(set) var bytes: [UInt8]
    /// Where the text begins in the original.
    let base: Int
    /// Whether offsets are wanted.
    let isTracking: Bool
    /// One range a byte, or nil where each byte stands for the character that it is in.
    private(set) var sources: [Source]?

    /// A text before normalization.
    init(_ text: String, trackingSources: Bool) {
        self.init(Array(text.utf8), base: 0, trackingSources: trackingSources)
    }

    /// A part of a text before normalization, which begins at `base`.
    init(_ bytes: [UInt8], base: Int, trackingSources: Bool) {
        self.bytes = bytes
        self.base = base
        isTracking = trackingSources
    }

    /// A range of a text, which must begin and end between characters.
    func slice(_ range: Range<Int>) -> NormalizedText {
        if range == bytes.indices { return self }
        let base = sources == nil ? base + range.lowerBound : source(of: range).lowerBound
        var part = NormalizedText(Array(bytes[range]), base: base, trackingSources: isTracking)
        part.sources = sources.map { Array($0[range]) }
        return part
    }

    /// The range of the original text behind a range of bytes of this one.
    func source(of range: Range<Int>) -> Range<Int> {
        guard isTracking, !range.isEmpty, range.upperBound <= bytes.count else {
            return base..<base
        }
        if let sources {
            let lower = Int(sources[range.lowerBound].lower)
            return lower..<max(lower, Int(sources[range.upperBound - 1].upper))
        }
        var (lower, upper) = (range.lowerBound, range.upperBound)
        while lower > 0, bytes[lower] & 0xC0 == 0x80 { lower -= 1 }
        while upper < bytes.count, bytes[upper] & 0xC0 == 0x80 { upper += 1 }
        return base + lower..<base + upper
    }

    /// The place in the original text of a token that stands for no byte, before the byte at a position.
    func emptySource(at position: Int) -> Range<Int> {
        guard position < bytes.count else {
            let end = source(of: max(0, bytes.count - 1)..<bytes.count).upperBound
            return end..<end
        }
        let start = source(of: position..<position + 1).lowerBound
        return start..<start
    }

    /// Where the original text begins that this one stands for.
    var start: Int { isTracking || sources != nil ? source(of: bytes.indices).lowerBound : base }

    /// The source of the character at a byte.
    private func source(at position: Int) -> Source {
        if let sources, position < sources.count { return sources[position] }
        let range = source(of: position..<position + 1)
        return Source(range.lowerBound, range.upperBound)
    }

    /// Makes the ranges that were not kept, if offsets are wanted.
    mutating func makeSources() { keepSources() }

    private mutating func keepSources() {
        guard isTracking, sources == nil else { return }
        var made: [Source] = []
        made.reserveCapacity(bytes.count)
        var position = 0
        while position < bytes.count {
            let end = min(bytes.count, position + UTF8Bytes.length(bytes[position]))
            for _ in position..<end { made.append(Source(base + position, base + end)) }
            position = end
        }
        sources = made
    }

    // MARK: Changes

    /// Replaces single bytes by others of the same number, which must leave valid UTF-8.
    mutating func replaceByte(at position: Int, with byte: UInt8) { bytes[position] = byte }

    /// Replaces every occurrence of `pattern`, from left to right; the new bytes stand for the last
    /// character of what they replace.
    mutating func replace(_ pattern: [UInt8], with content: [UInt8]) {
        guard let first = pattern.first, bytes.contains(first) else { return }
        var matches: [Range<Int>] = []
        bytes.appendOccurrences(of: pattern, in: bytes.indices, to: &matches)
        replace(matches, with: content)
    }

    /// Replaces ranges in ascending order; the new bytes stand for the last character of what they replace.
    mutating func replace(_ matches: [Range<Int>], with content: [UInt8]) {
        guard !matches.isEmpty else { return }
        if content.count == 1, matches.allSatisfy({ $0.count == 1 }) {
            for match in matches { bytes[match.lowerBound] = content[0] }
            return
        }
        keepSources()
        var result = NormalizedOutput(
            capacity: bytes.count + bytes.count / 4, isTracking: isTracking)
        var position = 0
        for match in matches {
            result.append(bytes, sources, position..<match.lowerBound)
            let source =
                match.upperBound > 0 ? source(at: match.upperBound - 1) : Source(base, base)
            result.append(content, source)
            position = match.upperBound
        }
        result.append(bytes, sources, position..<bytes.count)
        take(&result)
    }

    /// Puts `prefix` before a text that is not empty; it stands for the first character.
    mutating func prepend(_ prefix: [UInt8]) {
        guard !bytes.isEmpty else { return }
        keepSources()
        if let origin = sources?.first {
            sources?.insert(contentsOf: repeatElement(origin, count: prefix.count), at: 0)
        }
        bytes.insert(contentsOf: prefix, at: 0)
    }

    /// Rewrites the text character by character: `body` gets each one and appends what it becomes,
    /// which stands for it.
    mutating func rewrite(_ body: (UInt32, inout NormalizedOutput) -> Void) {
        keepSources()
        var result = NormalizedOutput(capacity: bytes.count, isTracking: isTracking)
        var position = 0
        while position < bytes.count {
            let scalar = UTF8Bytes.scalar(in: bytes, at: position)
            if isTracking { result.source = source(at: position) }
            body(scalar.value, &result)
            position = scalar.next
        }
        take(&result)
    }

    /// Keeps a range alone.
    mutating func keep(_ range: Range<Int>) {
        guard range != bytes.indices else { return }
        keepSources()
        bytes = Array(bytes[range])
        sources = sources.map { Array($0[range]) }
    }

    /// Takes over what was put together from parts of this text.
    mutating func take(_ output: inout NormalizedOutput) {
        swap(&bytes, &output.bytes)
        if isTracking { sources = output.sources }
    }

    /// Takes over bytes with what each stands for.
    mutating func take(_ bytes: [UInt8], _ sources: [Source]?) {
        self.bytes = bytes
        self.sources = sources
    }

    /// Replaces everything by new characters.
    ///
    /// Each comes with a change: 0 if it replaces the next old character, −n if it also removes the
    /// n after that, 1 if it is inserted and stands for what the old byte before stands for.
    mutating func transform(_ characters: [(scalar: UInt32, change: Int)]) {
        keepSources()
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        guard let old = sources else {
            for character in characters { UTF8Bytes.append(character.scalar, to: &result) }
            bytes = result
            return
        }
        let nowhere = Source(base, base)
        var origins: [Source] = []
        origins.reserveCapacity(bytes.count)
        var offset = 0
        for character in characters {
            let origin =
                character.change > 0
                ? (offset < 1 ? nowhere : old[offset - 1])
                : (offset < old.count ? old[offset] : nowhere)
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

/// A normalized text in the making.
struct NormalizedOutput {
    fileprivate(set) var bytes: [UInt8] = []
    fileprivate(set) var sources: [NormalizedText.Source] = []
    private let isTracking: Bool
    /// What the next characters stand for.
    fileprivate(set) var source = NormalizedText.Source(0, 0)

    /// The number of bytes so far.
    var count: Int { bytes.count }

    init(capacity: Int, isTracking: Bool) {
        self.isTracking = isTracking
        bytes.reserveCapacity(capacity)
        if isTracking { sources.reserveCapacity(capacity) }
    }

    /// Appends a character that stands for the current one.
    mutating func append(_ scalar: UInt32) {
        let length = UTF8Bytes.append(scalar, to: &bytes)
        if isTracking { sources.append(contentsOf: repeatElement(source, count: length)) }
    }

    /// Appends bytes that all stand for one range.
    mutating func append(_ content: [UInt8], _ source: NormalizedText.Source) {
        bytes.append(contentsOf: content)
        if isTracking { sources.append(contentsOf: repeatElement(source, count: content.count)) }
    }

    /// Appends a range of another text.
    mutating func append(
        _ other: [UInt8], _ otherSources: [NormalizedText.Source]?, _ range: Range<Int>
    ) {
        guard !range.isEmpty else { return }
        bytes.append(contentsOf: other[range])
        if isTracking, let otherSources { sources.append(contentsOf: otherSources[range]) }
    }
}

extension [UInt8] {
    /// Appends the places where a text occurs, from left to right and without overlap.
    func appendOccurrences(
        of pattern: [UInt8], in range: Range<Int>, to matches: inout [Range<Int>]
    ) {
        guard let first = pattern.first else { return }
        var position = range.lowerBound
        while position + pattern.count <= range.upperBound {
            if self[position] == first, hasBytes(pattern, at: position) {
                matches.append(position..<position + pattern.count)
                position += pattern.count
            } else {
                position += 1
            }
        }
    }

    /// Whether these bytes stand at a position.
    func hasBytes(_ pattern: [UInt8], at position: Int) -> Bool {
        guard position + pattern.count <= count else { return false }
        for index in pattern.indices where self[position + index] != pattern[index] { return false }
        return true
    }
}
