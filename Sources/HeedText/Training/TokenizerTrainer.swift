/// Learns a vocabulary from text and makes a tokenizer of it that other programs open, too.
///
/// ```swift
/// var trainer = TokenizerTrainer(.bytePairs, vocabularySize: 8_000)
/// trainer.add(lines)
/// let tokenizer = try trainer.train()
/// ```
/// The result depends on the texts and the settings, and on nothing else. (`BytePairTrainer` learns the
/// vocabularies of translation models.)
public struct TokenizerTrainer: Sendable {
    /// The kinds of model.
    public enum Kind: String, Sendable, CaseIterable {
        /// Byte-level byte pairs as GPT-2 has them: every text comes back exactly.
        case bytePairs = "bpe"
        /// BERT's word pieces of text without accents and large letters.
        case wordPieces = "wordpiece"
        /// The most probable pieces of sentencepiece, with bytes for what is unknown.
        case unigram
    }

    /// What the trainer does, for whoever waits.
    public struct Progress: Sendable {
        /// Steps done.
        public let done: Int
        /// Steps in all, about.
        public let total: Int
    }

    /// The kind of model.
    public let kind: Kind
    /// How many ids there shall be at most.
    public let vocabularySize: Int
    /// How often a pair or a piece must occur to be learned.
    public let minimumCount: Int
    /// The special tokens, which get the first ids.
    public let specialTokens: [String]

    private var counter: WordCounter

    /// Makes a trainer that has seen nothing yet.
    ///
    /// - Parameters:
    ///   - kind: what is learned.
    ///   - vocabularySize: pieces at most, special tokens among them.
    ///   - minimumCount: how often a pair or a piece must occur.
    ///   - specialTokens: nil means those that are usual for the kind.
    public init(
        _ kind: Kind, vocabularySize: Int, minimumCount: Int = 2, specialTokens: [String]? = nil
    ) {
        self.kind = kind
        self.vocabularySize = vocabularySize
        self.minimumCount = minimumCount
        self.specialTokens = specialTokens ?? kind.usualSpecialTokens
        counter = WordCounter(kind.normalizer, WordCutter(kind.preTokenizer, keepsBytes: true))
    }

    /// The number of different words seen so far.
    public var wordCount: Int { counter.words.count }

    /// Counts the words of a text.
    public mutating func add(_ text: String) { counter.add(text) }

    /// Counts the words of many texts.
    public mutating func add(_ texts: some Sequence<String>) {
        for text in texts { add(text) }
    }

    /// The smallest vocabulary that there can be: special tokens, what stands for single bytes and for the unknown, and, but
    /// for byte pairs, one piece that is learned.
    public var leastVocabularySize: Int {
        let special = Set(specialTokens).count
        return switch kind {
        case .bytePairs: special + 256
        case .wordPieces: special + 1
        case .unigram: Set(specialTokens + ["<unk>"]).count + 256 + 1
        }
    }

    /// Learns the vocabulary and makes the tokenizer.
    ///
    /// - Throws: `TokenizerError` if there was no word, or a number cannot be.
    public func train(progress: (Progress) -> Void = { _ in }) throws -> Tokenizer {
        guard vocabularySize >= leastVocabularySize else {
            throw TokenizerError.vocabularyTooSmall(vocabularySize, least: leastVocabularySize)
        }
        guard minimumCount >= 0 else {
            throw TokenizerError.badSetting(name: "minimumCount", value: minimumCount)
        }
        if let error = counter.error { throw error }
        guard wordCount > 0 else { throw TokenizerError.nothingToLearnFrom }
        var vocabulary = Vocabulary()
        for token in specialTokens { _ = vocabulary.append(token) }
        let model: TokenModel
        switch kind {
        case .bytePairs: model = try bytePairs(&vocabulary, progress)
        case .wordPieces: model = wordPieces(&vocabulary, progress)
        case .unigram: model = try unigram(vocabulary, progress)
        }
        return try tokenizer(model)
    }

    // MARK: Byte pairs and word pieces

    /// Begins a piece that does not begin a word; no text in UTF-8 has this byte.
    private static let continuation: UInt8 = 0xFF

    private func bytePairs(
        _ vocabulary: inout Vocabulary, _ progress: (Progress) -> Void
    ) throws -> TokenModel {
        var learner = PairLearner()
        for byte in UInt8.min ... .max {
            let piece = ByteAlphabet.piece(of: byte)
            _ = learner.symbol(Array(piece.utf8))
            _ = vocabulary.append(piece)
        }
        for number in 0..<wordCount {
            learner.add(counter.words[number].map { Int32($0) }, count: counter.counts[number])
        }
        learn(&learner, known: vocabulary.count, progress) { bytes in
            specialTokens.contains { $0.utf8.elementsEqual(bytes) }
        }
        for number in 256..<max(256, learner.symbols.count) {
            _ = vocabulary.append(String(decoding: learner.symbols[number], as: UTF8.self))
        }
        let merges = learner.merges.compactMap { merge -> BytePairModel.Merge? in
            let ids = [merge.left, merge.right].map { symbol -> Int32? in
                let bytes = Array(learner.symbols[Int(symbol)])
                return vocabulary.id(of: bytes, bytes.indices)
            }
            guard let left = ids[0], let right = ids[1] else { return nil }
            return BytePairModel.Merge(left: left, right: right)
        }
        return .bytePairs(
            try BytePairModel(
                vocabulary: vocabulary, merges: merges, unknownPiece: nil, wordSuffix: nil,
                hasByteFallback: false))
    }

    private func wordPieces(
        _ vocabulary: inout Vocabulary, _ progress: (Progress) -> Void
    ) -> TokenModel {
        var learner = PairLearner()
        var words: [[[UInt8]]] = []
        var alphabet: [[UInt8]: Int] = [:]
        for number in 0..<wordCount {
            let characters = Self.continued(Array(counter.words[number]))
            for character in characters {
                alphabet[character, default: 0] += counter.counts[number]
            }
            words.append(characters)
        }
        // The most frequent characters, if there is no room for all.
        let room = max(0, vocabularySize - vocabulary.count)
        let kept = alphabet.sorted { a, b in
            a.value != b.value ? a.value > b.value : a.key.lexicographicallyPrecedes(b.key)
        }.prefix(room).map(\.key).sorted { $0.lexicographicallyPrecedes($1) }
        for character in kept {
            _ = learner.symbol(character)
            _ = vocabulary.append(Self.piece(character[...]))
        }
        let known = Set(kept)
        for (number, word) in words.enumerated() {
            let symbols = word.map { known.contains($0) ? learner.symbol($0) : PairLearner.barrier }
            learner.add(symbols, count: counter.counts[number])
        }
        learn(&learner, known: vocabulary.count, progress) { _ in false }
        for number in kept.count..<max(kept.count, learner.symbols.count) {
            _ = vocabulary.append(Self.piece(learner.symbols[number]))
        }
        return .wordPieces(WordPieceModel(vocabulary: vocabulary))
    }

    private func learn(
        _ learner: inout PairLearner, known: Int, _ progress: (Progress) -> Void,
        _ isForbidden: ([UInt8]) -> Bool
    ) {
        let limit = max(0, vocabularySize - known)
        // The learner goes on where it stopped.
        let step = max(1, limit / 100)
        var wanted = 0
        while wanted < limit {
            wanted = min(limit, wanted + step)
            let before = learner.merges.count
            learner.learn(
                limit: wanted, minimumCount: max(1, minimumCount), isForbidden: isForbidden)
            progress(Progress(done: learner.merges.count, total: limit))
            if learner.merges.count == before { break }
        }
    }

    /// The characters of a word, all but the first one marked.
    private static func continued(_ word: [UInt8]) -> [[UInt8]] {
        var characters: [[UInt8]] = []
        var position = 0
        while position < word.count {
            let next = min(word.count, position + UTF8Bytes.length(word[position]))
            characters.append((position == 0 ? [] : [continuation]) + word[position..<next])
            position = next
        }
        return characters
    }

    /// A symbol as it stands in the vocabulary.
    private static func piece(_ symbol: ArraySlice<UInt8>) -> String {
        let text = String(decoding: symbol.filter { $0 != continuation }, as: UTF8.self)
        return symbol.first == continuation ? "##" + text : text
    }

    // MARK: Unigram

    private func unigram(
        _ vocabulary: Vocabulary, _ progress: (Progress) -> Void
    ) throws -> TokenModel {
        var vocabulary = vocabulary
        let unknown = vocabulary.append("<unk>")
        for byte in UInt8.min ... .max { _ = vocabulary.append(BytePieces.piece(of: byte)) }
        let reserved = vocabulary.count
        var learner = UnigramLearner(minimumCount: minimumCount)
        for number in 0..<wordCount {
            learner.add(Array(counter.words[number]), count: counter.counts[number])
        }
        let pieces = learner.learn(limit: vocabularySize - reserved) {
            progress(Progress(done: $0, total: $1))
        }
        var scores = [Double](repeating: 0, count: reserved)
        for piece in pieces where vocabulary.insert(piece.text, id: Int32(scores.count)) {
            scores.append(piece.score)
        }
        return .unigram(
            UnigramModel(
                vocabulary: vocabulary, scores: scores, unknownID: unknown, hasByteFallback: true))
    }

    // MARK: The tokenizer

    private func tokenizer(_ model: TokenModel) throws -> Tokenizer {
        let id = { (name: String) in model.vocabulary.id(of: name) }
        var processor: PostProcessor?
        switch kind {
        case .bytePairs:
            processor = .byteLevel(trimsOffsets: false, addsSpace: false, splits: true)
        case .wordPieces:
            if let beginning = id("[CLS]"), let separator = id("[SEP]") {
                processor = .template(WordListFiles.bertTemplate(beginning, separator))
            }
        case .unigram: break
        }
        return try Tokenizer(
            normalizer: kind.normalizer, preTokenizer: kind.preTokenizer, model: model,
            postProcessor: processor, decoder: kind.decoder,
            addedTokens: specialTokens.compactMap { name in
                id(name).map { AddedToken(id: $0, content: name) }
            },
            specialTokens: SpecialTokens(
                endOfSequence: id("<|endoftext|>") ?? id("[SEP]") ?? id("</s>"),
                unknown: model.unknownPiece.flatMap(id), padding: id("[PAD]") ?? id("<pad>"),
                beginningOfSequence: id("[CLS]") ?? id("<s>")))
    }
}

extension TokenizerTrainer.Kind {
    fileprivate var usualSpecialTokens: [String] {
        switch self {
        case .bytePairs: ["<|endoftext|>"]
        case .wordPieces: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        case .unigram: ["<s>", "</s>", "<pad>"]
        }
    }

    fileprivate var normalizer: Normalizer? {
        switch self {
        case .bytePairs: nil
        case .wordPieces: .bert(BertNormalizer())
        case .unigram: .form(.nfkc)
        }
    }

    fileprivate var preTokenizer: PreTokenizer {
        switch self {
        case .bytePairs: .byteLevel(addsSpace: false, splits: true, trimsOffsets: true)
        case .wordPieces: .bert
        case .unigram:
            .metaspace(Metaspace(replacement: TokenizerStyles.space, prependScheme: .always))
        }
    }

    fileprivate var decoder: TokenDecoder {
        switch self {
        case .bytePairs: .byteLevel
        case .wordPieces: .wordPiece(prefix: "##", cleansUp: true)
        case .unigram:
            .sequence([
                .byteFallback, .fuse,
                .replace(text: String(TokenizerStyles.space), content: " "),
                .strip(content: " ", start: 1, stop: 0),
            ])
        }
    }
}
