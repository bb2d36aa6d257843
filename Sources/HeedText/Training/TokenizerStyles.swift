/// The two kinds of tokenizer that Heed makes, put together from components that the `tokenizers`
/// library has as well.
///
/// **Raw text** must come back exactly, and ▁ (U+2581) marks the places of spaces. A text that contains
/// ▁ itself would be ambiguous, so ▁ is first rewritten as U+0387. That character cannot stand in a
/// text in form C (it is the same as U+00B7, and form C says so in every version of Unicode), so no
/// text has it for another reason; it is punctuation and therefore never part of a longer piece. One
/// mark is put before every text, so that its first word looks like every other word; decoding removes
/// exactly one. Decoding joins bytes and pieces first, then turns ▁ into spaces, then U+0387 into ▁.
///
/// **Pretokenized text** is cut at white space; the last character of a word carries `</w>`.
enum TokenizerStyles {
    static let space: Unicode.Scalar = "\u{2581}"
    static let wordSuffix = "</w>"
    private static let literalSpaceMark = "\u{0387}"

    /// The pieces before all others: special tokens, and bytes for raw text.
    static func reservedPieces(_ style: BytePairTrainer.Style) -> [String] {
        let special = [
            SpecialTokens.endName, SpecialTokens.unknownName, SpecialTokens.paddingName,
        ]
        guard style == .rawText else { return special }
        return special + (0...255).map { BytePieces.piece(of: UInt8($0)) }
    }

    static func normalizer(_ style: BytePairTrainer.Style) -> Normalizer? {
        guard style == .rawText else { return nil }
        return .sequence([
            .nfc, .replace(pattern: String(space), content: literalSpaceMark),
            .prepend(String(space)),
        ])
    }

    static func preTokenizer(_ style: BytePairTrainer.Style) -> PreTokenizer {
        guard style == .rawText else { return .whitespaceSplit }
        return .sequence([
            .metaspace(replacement: space), .punctuation, .digits(individual: true),
        ])
    }

    static func decoder(_ style: BytePairTrainer.Style) -> TokenDecoder {
        guard style == .rawText else { return .wordEnd(suffix: wordSuffix) }
        return .sequence([
            .byteFallback, .fuse, .replace(pattern: String(space), content: " "),
            .replace(pattern: literalSpaceMark, content: String(space)),
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
        let names = [
            SpecialTokens.endName, SpecialTokens.unknownName, SpecialTokens.paddingName,
        ]
        let end = TemplateProcessor.Part.special(SpecialTokens.endName, typeID: 0)
        let first = TemplateProcessor.Part.sequence("A", typeID: 0)
        let processor = TemplateProcessor(
            single: [first, end], pair: [first, end, .sequence("B", typeID: 0), end],
            specials: [
                .init(name: SpecialTokens.endName, ids: [0], tokens: [SpecialTokens.endName])
            ])
        return Tokenizer(
            normalizer: normalizer(style), preTokenizer: preTokenizer(style), model: model,
            postProcessor: processor, decoder: decoder(style),
            addedTokens: names.enumerated().map {
                AddedToken(id: Int32($0.offset), content: $0.element)
            },
            specialTokens: SpecialTokens(endOfSequence: 0, unknown: 1, padding: 2))
    }

    /// What cuts texts into words before there is a vocabulary.
    static func cutter(_ style: BytePairTrainer.Style) -> WordCutter {
        WordCutter(normalizer: normalizer(style), preTokenizer: preTokenizer(style))
    }
}
