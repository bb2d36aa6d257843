/// Learns a vocabulary of whole words from text whose words stand between white space, and makes a tokenizer of it.
///
/// ```swift
/// var trainer = WordTrainer(minimumCount: 2)
/// trainer.add(germanLines)
/// let tokenizer = try trainer.train()
/// ```
/// Rarer words, and those that were never seen, are encoded as `<unk>` and decoded as that. The result depends on how often
/// each word was added, and on nothing else.
public struct WordTrainer: Sendable {
    /// How often a word must occur to get an id of its own.
    public let minimumCount: Int

    private var counter = WordCounter(
        TokenizerStyles.wordNormalizer, TokenizerStyles.wordCutter)

    /// Makes a trainer that has seen nothing yet.
    public init(minimumCount: Int) {
        self.minimumCount = minimumCount
    }

    /// The number of different words seen so far.
    public var wordCount: Int { counter.words.count }

    /// Counts the words of a line.
    public mutating func add(_ line: String) { counter.add(line) }

    /// Counts the words of many lines.
    public mutating func add(_ lines: some Sequence<String>) {
        for line in lines { add(line) }
    }

    /// Makes the tokenizer.
    ///
    /// The ids are those of `</s>`, `<unk>`, `<pad>` (0, 1, 2) and of the words, the most frequent first, those that are
    /// equally frequent by code point.
    ///
    /// - Throws: `TokenizerError` if there was no word, or the count is negative.
    public func train() throws -> Tokenizer {
        guard minimumCount >= 0 else {
            throw TokenizerError.badSetting(name: "minimumCount", value: minimumCount)
        }
        let (words, counts) = (counter.words, counter.counts)
        let kept = counts.indices.filter { counts[$0] >= minimumCount }.sorted { a, b in
            if counts[a] != counts[b] { return counts[a] > counts[b] }
            return words[a].lexicographicallyPrecedes(words[b])
        }
        let tokenizer = try TokenizerStyles.tokenizer(
            words: kept.map { String(decoding: words[$0], as: UTF8.self) })
        guard wordCount > 0, let tokenizer else { throw TokenizerError.nothingToLearnFrom }
        return tokenizer
    }
}
