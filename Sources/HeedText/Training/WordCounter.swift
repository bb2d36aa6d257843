/// How often each word of some texts occurs.
struct WordCounter: Sendable {
    private let cutter: WordCutter
    /// The words in the order in which they came first.
    private(set) var words = ByteStringTable()
    /// How often each of them occurred.
    private(set) var counts: [Int] = []

    init(_ cutter: WordCutter) {
        self.cutter = cutter
    }

    /// Counts the words of a line.
    mutating func add(_ line: String) {
        var text = NormalizedText(line, trackingSources: false)
        cutter.forEachWord(of: &text) { bytes, range in
            let word = words.insert(bytes, range)
            if word.isNew { counts.append(0) }
            counts[word.number] += 1
        }
    }
}
