/// A text on its way through the pre-tokenizers: what is left of it, cut into words.
struct SplitText {
    /// The text, which some steps rewrite.
    var text: NormalizedText
    /// The words, in order and without overlap; none is empty.
    private(set) var words: [Range<Int>] = []
    private var next: [Range<Int>] = []
    private var matches: [Range<Int>] = []

    /// A text of one word, with an empty array for its words.
    init(_ text: consuming NormalizedText, room: [Range<Int>] = []) {
        self.text = text
        words = room
        if !self.text.bytes.isEmpty { words.append(self.text.bytes.indices) }
    }

    /// Cuts each word by ranges that `find` appends, in order and without overlap.
    mutating func split(
        _ behavior: SplitBehavior, inverted: Bool = false,
        find: (_ bytes: [UInt8], _ word: Range<Int>, _ matches: inout [Range<Int>]) throws -> Void
    ) rethrows {
        next.removeAll(keepingCapacity: true)
        let bytes = text.bytes
        for word in words {
            matches.removeAll(keepingCapacity: true)
            try find(bytes, word, &matches)
            behavior.cut(word, matches, inverted, into: &next)
        }
        swap(&words, &next)
    }

    /// Cuts each word at the characters that have a property.
    mutating func split(_ behavior: SplitBehavior, where holds: (UInt32) -> Bool) {
        split(behavior) { bytes, word, matches in
            var position = word.lowerBound
            while position < word.upperBound {
                let scalar = UTF8Bytes.scalar(in: bytes, at: position)
                if holds(scalar.value) { matches.append(position..<scalar.next) }
                position = scalar.next
            }
        }
    }

    /// Replaces each word by those that `cut` appends.
    mutating func cut(
        _ cut: (_ bytes: [UInt8], _ word: Range<Int>, _ words: inout [Range<Int>]) -> Void
    ) {
        next.removeAll(keepingCapacity: true)
        let bytes = text.bytes
        for word in words { cut(bytes, word, &next) }
        swap(&words, &next)
    }

    /// Rewrites each word: `body` gets it as a text of its own.
    mutating func rewriteWords(_ body: (inout NormalizedText) -> Void) {
        var output = NormalizedOutput(
            capacity: text.bytes.count * 5 / 4, isTracking: text.isTracking)
        var rewritten: [Range<Int>] = []
        rewritten.reserveCapacity(words.count)
        for word in words {
            var part = text.slice(word)
            body(&part)
            part.makeSources()
            let start = output.count
            output.append(part.bytes, part.sources, part.bytes.indices)
            if output.count > start { rewritten.append(start..<output.count) }
        }
        text.take(&output)
        words = rewritten
    }

    /// Puts a space before each word that begins with none.
    mutating func addSpaces() {
        let bytes = text.bytes
        guard words.contains(where: { bytes[$0.lowerBound] != 0x20 }) else { return }
        rewriteWords { if $0.bytes.first != 0x20 { $0.prepend([0x20]) } }
    }
}

/// What becomes of that by which a text is split.
enum SplitBehavior: String, Sendable, CaseIterable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"

    /// Appends the words that a word is cut into by matches, which are in order and do not overlap.
    func cut(
        _ word: Range<Int>, _ matches: [Range<Int>], _ inverted: Bool,
        into words: inout [Range<Int>]
    ) {
        if self == .mergedWithNext {
            cutMergingNext(word, matches, inverted, into: &words)
            return
        }
        let first = words.count
        var wasMatch = false
        func take(_ range: Range<Int>, _ isMatch: Bool) {
            let isMatch = isMatch != inverted
            let joins: Bool
            switch self {
            case .removed:
                if !isMatch, !range.isEmpty { words.append(range) }
                return
            case .isolated, .mergedWithNext:
                if !range.isEmpty { words.append(range) }
                return
            case .contiguous: joins = isMatch == wasMatch
            case .mergedWithPrevious: joins = isMatch && !wasMatch
            }
            wasMatch = isMatch
            if joins, words.count > first {
                words[words.count - 1] = words[words.count - 1].lowerBound..<range.upperBound
            } else {
                words.append(range)
            }
        }
        var position = word.lowerBound
        for match in matches {
            if position != match.lowerBound { take(position..<match.lowerBound, false) }
            take(match, true)
            position = match.upperBound
        }
        if position != word.upperBound { take(position..<word.upperBound, false) }
        words.removeEmpty(from: first)
    }

    private func cutMergingNext(
        _ word: Range<Int>, _ matches: [Range<Int>], _ inverted: Bool,
        into words: inout [Range<Int>]
    ) {
        let first = words.count
        var wasMatch = false
        func take(_ range: Range<Int>, _ isMatch: Bool) {
            let isMatch = isMatch != inverted
            if isMatch, !wasMatch, words.count > first {
                words[words.count - 1] = range.lowerBound..<words[words.count - 1].upperBound
            } else {
                words.append(range)
            }
            wasMatch = isMatch
        }
        var position = word.upperBound
        for match in matches.reversed() {
            if position != match.upperBound { take(match.upperBound..<position, false) }
            take(match, true)
            position = match.lowerBound
        }
        if position != word.lowerBound { take(word.lowerBound..<position, false) }
        words[first...].reverse()
        words.removeEmpty(from: first)
    }
}

extension [Range<Int>] {
    /// Removes the empty ranges from a place on.
    fileprivate mutating func removeEmpty(from first: Int) {
        guard self[first...].contains(where: \.isEmpty) else { return }
        let kept = self[first...].filter { !$0.isEmpty }
        removeLast(count - first)
        append(contentsOf: kept)
    }
}
