/// Learns a byte-pair vocabulary from text and makes a tokenizer of it.
///
/// ```swift
/// var trainer = BytePairTrainer(style: .rawText, mergeCount: 10_000)
/// trainer.add(germanLines)
/// trainer.add(englishLines)
/// let tokenizer = try trainer.train()
/// ```
/// Texts of several languages added to one trainer give one joint vocabulary. The result depends on
/// how often each word was added, and on nothing else.
public struct BytePairTrainer: Sendable {
    /// What the texts are, which decides how they are cut and put together again.
    public enum Style: Sendable, Equatable {
        /// Text as people write it; whatever is encoded comes back exactly, in Unicode's form C.
        case rawText
        /// Text whose words stand between white space already; shown as `subword-nmt` shows it.
        case pretokenized
    }

    /// What the texts are.
    public let style: Style
    /// How many merges to learn at most.
    public let mergeCount: Int
    /// How often a pair must occur to be merged.
    public let minimumPairCount: Int
    /// How often a character must occur to get a piece of its own; raw text only, where rarer ones
    /// become bytes.
    public let minimumCharacterCount: Int

    private var counter: WordCounter

    /// Makes a trainer that has seen nothing yet; the defaults are those of `subword-nmt`.
    public init(
        style: Style, mergeCount: Int, minimumPairCount: Int = 2, minimumCharacterCount: Int = 2
    ) {
        self.style = style
        self.mergeCount = mergeCount
        self.minimumPairCount = minimumPairCount
        self.minimumCharacterCount = minimumCharacterCount
        counter = WordCounter(TokenizerStyles.normalizer(style), TokenizerStyles.cutter(style))
    }

    /// The number of different words seen so far.
    public var wordCount: Int { counter.words.count }

    /// Counts the words of a line.
    public mutating func add(_ line: String) { counter.add(line) }

    /// Counts the words of many lines.
    public mutating func add(_ lines: some Sequence<String>) {
        for line in lines { add(line) }
    }

    /// Learns the merges and makes the tokenizer.
    ///
    /// The ids are those of `</s>`, `<unk>`, `<pad>` (0, 1, 2), for raw text the 256 bytes, the
    /// characters by code point, and the results of the merges in their order.
    ///
    /// - Throws: `TokenizerError` if there was no word, or a number is negative.
    public func train() throws -> Tokenizer {
        for (name, value) in [
            ("mergeCount", mergeCount), ("minimumPairCount", minimumPairCount),
            ("minimumCharacterCount", minimumCharacterCount),
        ] where value < 0 {
            throw TokenizerError.badSetting(name: name, value: value)
        }
        guard wordCount > 0 else { throw TokenizerError.nothingToLearnFrom }
        var vocabulary = Vocabulary()
        let reserved = TokenizerStyles.reservedPieces(style)
        for piece in reserved { _ = vocabulary.append(piece) }
        let forbidden = Set(reserved.map { Array($0.utf8) })

        var learner = PairLearner()
        let characters = alphabet().filter { !forbidden.contains($0) }
        for character in characters {
            _ = learner.symbol(character)
            _ = vocabulary.append(String(decoding: character, as: UTF8.self))
        }
        let known = Set(characters)
        for number in 0..<wordCount {
            let symbols = characterBytes(of: number).map {
                known.contains($0) ? learner.symbol($0) : PairLearner.barrier
            }
            learner.add(symbols, count: counter.counts[number])
        }
        learner.learn(limit: mergeCount, minimumCount: max(1, minimumPairCount)) {
            forbidden.contains($0)
        }
        // Symbols are numbered in the order in which they came to be: characters, then results.
        for number in characters.count..<learner.symbols.count {
            _ = vocabulary.append(String(decoding: learner.symbols[number], as: UTF8.self))
        }
        let merges = learner.merges.compactMap { merge -> BytePairModel.Merge? in
            guard let left = id(of: merge.left, learner, vocabulary),
                let right = id(of: merge.right, learner, vocabulary)
            else { return nil }
            return BytePairModel.Merge(left: left, right: right)
        }
        return try TokenizerStyles.tokenizer(style, vocabulary: vocabulary, merges: merges)
    }

    private func id(of symbol: Int32, _ learner: PairLearner, _ vocabulary: Vocabulary) -> Int32? {
        let bytes = Array(learner.symbols[Int(symbol)])
        return vocabulary.id(of: bytes, bytes.indices)
    }

    /// The characters of a word, the last one with the mark of the word's end.
    private func characterBytes(of number: Int) -> [[UInt8]] {
        let bytes = Array(counter.words[number])
        var characters: [[UInt8]] = []
        var position = 0
        while position < bytes.count {
            let next = min(bytes.count, position + UTF8Bytes.length(bytes[position]))
            characters.append(Array(bytes[position..<next]))
            position = next
        }
        if style == .pretokenized, let last = characters.popLast() {
            characters.append(last + Array(TokenizerStyles.wordSuffix.utf8))
        }
        return characters
    }

    /// The characters that get a piece of their own, by code point.
    private func alphabet() -> [[UInt8]] {
        var occurrences: [[UInt8]: Int] = [:]
        for number in 0..<wordCount {
            for character in characterBytes(of: number) {
                occurrences[character, default: 0] += counter.counts[number]
            }
        }
        let minimum = style == .rawText ? minimumCharacterCount : 0
        var kept = occurrences.filter { $0.value >= minimum }.map(\.key)
        let space = Array(String(TokenizerStyles.space).utf8)
        if style == .rawText, (occurrences[space] ?? 0) < minimum { kept.append(space) }
        return kept.sorted { $0.lexicographicallyPrecedes($1) }
    }
}
