/// Makes tokenizers whose pieces are single characters: Unicode scalars, in rising order after the piece for all others.
public struct CharacterTrainer: Sendable {
    private var scalars: Set<Unicode.Scalar> = []

    /// A trainer that has seen nothing.
    public init() {}

    /// Adds the characters of a text.
    public mutating func add(_ text: String) { scalars.formUnion(text.unicodeScalars) }

    /// The tokenizer of the characters seen; it gives every text of them back.
    ///
    /// - Throws: `TokenizerError.nothingToLearnFrom`.
    public func train() throws -> Tokenizer {
        guard !scalars.isEmpty else { throw TokenizerError.nothingToLearnFrom }
        var vocabulary = Vocabulary()
        _ = vocabulary.append(SpecialTokens.unknownName)
        for scalar in scalars.sorted() { _ = vocabulary.append(String(scalar)) }
        // Byte pairs without merges: every character stays by itself.
        let model = try BytePairModel(
            vocabulary: vocabulary, merges: [], unknownPiece: SpecialTokens.unknownName,
            wordSuffix: nil, hasByteFallback: false)
        return try Tokenizer(
            normalizer: nil, preTokenizer: nil, model: .bytePairs(model), postProcessor: nil,
            decoder: .fuse, addedTokens: [AddedToken(id: 0, content: SpecialTokens.unknownName)],
            specialTokens: SpecialTokens(unknown: 0))
    }
}
