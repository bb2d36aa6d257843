import HeedPatterns

/// How often each word of some texts occurs.
struct WordCounter: Sendable {
    private let normalizer: Normalizer?
    private let cutter: WordCutter
    /// The words in the order in which they came first.
    private(set) var words = ByteStringTable()
    /// How often each of them occurred.
    private(set) var counts: [Int] = []
    private var ranges: [Range<Int>] = []
    /// What went wrong with a text, if something did.
    private(set) var error: (any Error)?

    init(_ normalizer: Normalizer?, _ cutter: WordCutter) {
        self.normalizer = normalizer
        self.cutter = cutter
    }

    /// Counts the words of a line.
    mutating func add(_ line: String) {
        var text = NormalizedText(line, trackingSources: false)
        var budget = SearchBudget()
        do {
            try normalizer?.apply(to: &text, within: &budget)
            try cutter.cut(&text, into: &ranges, within: &budget)
            for range in ranges {
                let word = words.insert(text.bytes, range)
                if word.isNew { counts.append(0) }
                counts[word.number] += 1
            }
        } catch { self.error = error }
    }
}
