/// The kinds of tokenizer that Heed makes, put together from components that the `tokenizers`
/// library has as well.
///
/// **Raw text** must come back exactly, and ▁ (U+2581) marks the places of spaces. A text that
/// contains ▁ itself would be ambiguous, so ▁ is first rewritten as U+0387. That character cannot
/// stand in a text in form C (it is the same as U+00B7, and form C says so in every version of
/// Unicode), so no text has it for another reason; it is punctuation and therefore never part of a
/// longer piece. One mark is put before every text, so that its first word looks like every other
/// word; decoding removes exactly one. Decoding joins bytes and pieces first, then turns ▁ into
/// spaces, then U+0387 into ▁.
///
/// **Pretokenized text** is cut at white space; the last character of a word carries `</w>`.
///
/// **Words** are cut at white space, too, and each is one piece. A word that spells a special token out would be that
/// token, so it is first rewritten as the unknown piece, which alone may stand in a text, and which decoding shows.
enum TokenizerStyles {
    static let space: Unicode.Scalar = "\u{2581}"
    static let wordSuffix = "</w>"
    /// The names of the special tokens in the order of their ids.
    private static let specialNames = [
        SpecialTokens.endName, SpecialTokens.unknownName, SpecialTokens.paddingName,
    ]
    private static let literalSpaceMark = "\u{0387}"

    /// The pieces before all others: special tokens, and bytes for raw text.
    static func reservedPieces(_ style: BytePairTrainer.Style) -> [String] {
        guard style == .rawText else { return specialNames }
        return specialNames + (0...255).map { BytePieces.piece(of: UInt8($0)) }
    }

    static func normalizer(_ style: BytePairTrainer.Style) -> Normalizer? {
        guard style == .rawText else { return nil }
        return .sequence([
            .nfc, .replace(text: String(space), content: literalSpaceMark),
            .prepend(String(space)),
        ])
    }

    static func preTokenizer(_ style: BytePairTrainer.Style) -> PreTokenizer {
        guard style == .rawText else { return .whitespaceSplit }
        return .sequence([
            .metaspace(Metaspace(replacement: space)), .punctuation, .digits(individual: true),
        ])
    }

    static func decoder(_ style: BytePairTrainer.Style) -> TokenDecoder {
        guard style == .rawText else { return .wordEnd(suffix: wordSuffix) }
        return .sequence([
            .byteFallback, .fuse, .replace(text: String(space), content: " "),
            .replace(text: literalSpaceMark, content: String(space)),
            .strip(content: " ", start: 1, stop: 0),
        ])
    }

    /// A tokenizer of this style; the reserved pieces stand at the beginning of the vocabulary.
    static func tokenizer(
        _ style: BytePairTrainer.Style, vocabulary: Vocabulary, merges: [BytePairModel.Merge]
    ) throws -> Tokenizer {
        let model = try BytePairModel(
            vocabulary: vocabulary, merges: merges, unknownPiece: SpecialTokens.unknownName,
            wordSuffix: style == .pretokenized ? wordSuffix : nil,
            hasByteFallback: style == .rawText)
        return try tokenizer(
            normalizer: normalizer(style), preTokenizer: preTokenizer(style),
            model: .bytePairs(model), decoder: decoder(style), added: specialNames)
    }

    /// Rewrites special tokens that a text of words spells out.
    static let wordNormalizer = Normalizer.sequence(
        [SpecialTokens.endName, SpecialTokens.paddingName].map {
            .replace(text: $0, content: SpecialTokens.unknownName)
        })

    /// What cuts texts into words that are whole pieces.
    static let wordCutter = WordCutter(.whitespaceSplit)

    /// A tokenizer of whole words: the special tokens, then these.
    static func tokenizer(words: [String]) throws -> Tokenizer? {
        var vocabulary = Vocabulary()
        for piece in specialNames + words { _ = vocabulary.append(piece) }
        return try WordModel(vocabulary: vocabulary, unknownPiece: SpecialTokens.unknownName).map {
            // Pieces are joined by spaces where there is no decoder. The unknown piece is shown: it is not special there.
            try tokenizer(
                normalizer: wordNormalizer, preTokenizer: .whitespaceSplit, model: .words($0),
                decoder: nil, added: [SpecialTokens.endName, SpecialTokens.paddingName])
        }
    }

    private static func tokenizer(
        normalizer: Normalizer?, preTokenizer: PreTokenizer, model: TokenModel,
        decoder: TokenDecoder?, added: [String]
    ) throws -> Tokenizer {
        let end = TemplateProcessor.Part.special(SpecialTokens.endName, typeID: 0)
        let first = TemplateProcessor.Part.sequence("A", typeID: 0)
        let processor = TemplateProcessor(
            single: [first, end], pair: [first, end, .sequence("B", typeID: 0), end],
            specials: [
                .init(name: SpecialTokens.endName, ids: [0], tokens: [SpecialTokens.endName])
            ])
        var tokenizer = try Tokenizer(
            normalizer: normalizer, preTokenizer: preTokenizer, model: model,
            postProcessor: .template(processor), decoder: decoder,
            addedTokens: added.compactMap { name in
                model.vocabulary.id(of: name).map { AddedToken(id: $0, content: name) }
            },
            specialTokens: SpecialTokens(endOfSequence: 0, unknown: 1, padding: 2))
        tokenizer.parsesSpecialTokens = false
        return tokenizer
    }

    /// What cuts texts into words before there is a vocabulary.
    static func cutter(_ style: BytePairTrainer.Style) -> WordCutter {
        WordCutter(preTokenizer(style))
    }
}
