import HeedFormats

/// Text to ids and back, as one tokenizer.json says, or another of the forms that `init(path:)` knows.
///
/// The steps are those of the file: added tokens, normalizer, pre-tokenizer, model, post-processor, and for
/// the way back the decoder. Ids and offsets are those of the `tokenizers` library (of sentencepiece and
/// tiktoken for their files); `docs/tokenizers.md` names the versions of Unicode.
///
/// Whether a special token that is spelled out in a text is that token, as the library has it, or text, so
/// that nobody can write `</s>` into a sentence and end it, is for `parsesSpecialTokens` to say.
///
/// A tokenizer is a value that never changes and may be used by any number of threads at once; what
/// it remembers of words seen before is bounded and changes no result.
public struct Tokenizer: Sendable {
    let normalizer: Normalizer?
    let preTokenizer: PreTokenizer?
    let model: TokenModel
    let postProcessor: PostProcessor?
    let decoder: TokenDecoder?
    let added: AddedTokens
    private(set) var truncation: Truncation?
    private(set) var padding: Padding?

    /// The ids with a meaning of their own.
    public var specialTokens: SpecialTokens
    /// Whether special tokens are found in texts; where not, they are text like any other.
    public var parsesSpecialTokens = true

    let cutter: WordCutter
    let names: PieceNames
    let surroundings: (before: [Int32], after: [Int32])
    /// Whether a word is one token, so that to look it up is all there is to do.
    let looksUpWords: Bool
    let pieceSpaces: PieceSpaces?
    /// Whether ids may be had without going through parts of encodings.
    private var isSimple: Bool { truncation == nil && padding == nil }
    /// Whether a step asks where a text begins.
    private let needsSources: Bool
    /// Whether the components are those of Heed's raw text, whose promise is form C.
    ///
    /// The `tokenizers` library puts marks that are younger than Unicode 9.0 into no order. The ids
    /// follow it; what leaves is put into the form C of Unicode 14.0.
    let isRawText: Bool
    private let scratch = ScratchPool()

    /// - Throws: `PatternError` where the normalizer cannot be applied to an added token.
    init(
        normalizer: Normalizer?, preTokenizer: PreTokenizer?, model: TokenModel,
        postProcessor: PostProcessor?, decoder: TokenDecoder?, addedTokens: [AddedToken],
        specialTokens: SpecialTokens, truncation: Truncation? = nil, padding: Padding? = nil
    ) throws {
        self.normalizer = normalizer
        self.preTokenizer = preTokenizer
        self.postProcessor = postProcessor
        self.decoder = decoder
        self.specialTokens = specialTokens
        self.truncation = truncation
        self.padding = padding
        added = try AddedTokens(addedTokens, normalizer: normalizer)
        let keepsBytes = preTokenizer?.endsWithBytes == true && model.bytePairs?.takesBytes == true
        cutter = WordCutter(preTokenizer, keepsBytes: keepsBytes)
        self.model = if keepsBytes, let pairs = model.bytePairs { .bytes(pairs) } else { model }
        looksUpWords = if case .words = model { true } else { false }
        pieceSpaces = postProcessor?.trimsOffsets == true ? PieceSpaces(model) : nil
        names = PieceNames(vocabulary: model.vocabulary, added: added)
        isRawText =
            normalizer == TokenizerStyles.normalizer(.rawText)
            && decoder == TokenizerStyles.decoder(.rawText)
        surroundings = postProcessor?.surroundingIDs ?? ([], [])
        needsSources = (preTokenizer?.flattened ?? []).contains {
            if case .metaspace(let rule) = $0 { rule.prependScheme == .first } else { false }
        }
    }

    /// Makes it neither cut nor pad encodings, whatever its file says: models read texts as they are, and say when one is
    /// too long.
    public mutating func removeLengthRules() { (truncation, padding) = (nil, nil) }

    // MARK: Vocabulary

    /// One more than the largest id: the number of rows that an embedding needs.
    public var vocabularySize: Int { max(model.vocabulary.idLimit, added.idLimit) }

    /// The id of a piece, special tokens included, or `nil`.
    public func id(of piece: String) -> Int32? {
        added.id(of: piece) ?? model.vocabulary.id(of: piece)
    }

    /// The piece of an id, special tokens included, or `nil`.
    public func piece(of id: Int32) -> String? { names.piece(of: id) }

    /// Whether an id is that of a special token.
    public func isSpecial(_ id: Int32) -> Bool { added.token(of: id)?.isSpecial ?? false }

    // MARK: Encoding

    /// Encodes a text, or a pair of texts, with all that is known of its tokens.
    ///
    /// - Parameters:
    ///   - text: the text.
    ///   - pair: a second text that the post-processor puts beside the first one.
    ///   - addingSpecialTokens: whether to add what the post-processor adds, such as `</s>`.
    ///   - keepingOverflow: whether what truncation cuts off is in the result's `overflow`.
    /// - Throws: `PatternError` where a pattern of the file takes too many steps, `TokenizerError` where the
    ///   text cannot be cut as the file says or has a character that the model has no piece for.
    public func encode(
        _ text: String, pair: String? = nil, addingSpecialTokens: Bool = true,
        keepingOverflow: Bool = false
    ) throws -> Encoding {
        let encoding = try scratch.withScratch {
            try encode(text, pair, addingSpecialTokens, keepingOverflow, &$0)
        }
        return try padded(encoding)
    }

    private func padded(_ encoding: Encoding, longest: Int? = nil) throws -> Encoding {
        guard let padding else { return encoding }
        var encoding = encoding
        let length = padding.targetLength(longest: longest ?? encoding.count)
        guard encoding.overflow.count * length <= Truncation.maximumOverflow else {
            throw TokenizerError.tooMuchOverflow
        }
        padding.apply(to: &encoding, length: length)
        for index in encoding.overflow.indices {
            padding.apply(to: &encoding.overflow[index], length: length)
        }
        return encoding
    }

    /// Encodes many texts, on as many threads as asked for; the results do not depend on their number.
    ///
    /// - Throws: what `encode` throws for one of the texts.
    public func encode(
        _ texts: [String], addingSpecialTokens: Bool = true, threads: Int = 1
    ) throws -> [Encoding] {
        let encodings = try inParallel(texts, threads: threads) {
            try encode($0, nil, addingSpecialTokens, false, &$1)
        }
        guard padding != nil else { return encodings }
        let longest = encodings.map(\.count).max() ?? 0
        return try encodings.map { try padded($0, longest: longest) }
    }

    private func encode(
        _ text: String, _ pair: String?, _ addingSpecialTokens: Bool, _ keepingOverflow: Bool,
        _ scratch: inout TokenizerScratch
    ) throws -> Encoding {
        let addedCount =
            addingSpecialTokens ? postProcessor?.addedCount(isPair: pair != nil) ?? 0 : 0
        var parts = [try part(text, number: 0, room: addedCount, &scratch)]
        if let pair { parts.append(try part(pair, number: 1, room: addedCount, &scratch)) }
        try truncation?.apply(
            to: &parts, addedCount: addedCount, keepsOverflow: keepingOverflow)
        postProcessor?.process(&parts, addingSpecialTokens: addingSpecialTokens)
        return encoding(EncodingPart.joined(parts))
    }

    private func encoding(_ part: EncodingPart) -> Encoding {
        Encoding(
            ids: part.ids, byteOffsets: part.byteOffsets, typeIDs: part.typeIDs,
            specialMask: part.isSpecial,
            attentionMask: [Bool](repeating: true, count: part.ids.count),
            sequences: part.sequences, scalarOffsets: part.scalarOffsets,
            overflow: part.overflow.map(encoding), names: names)
    }

    /// The tokens of one text with their offsets.
    private func part(
        _ text: String, number: Int8, room: Int, _ scratch: inout TokenizerScratch
    ) throws -> EncodingPart {
        let bytes = Array(text.utf8)
        try encode(bytes, pieceSpaces == nil ? .ranges : .rangesAndSpaces, into: &scratch)
        return EncodingPart(
            of: bytes, number: number, copying: scratch.ids, scratch.offsets, room: room)
    }

    /// Encodes a text to ids alone, which is faster.
    ///
    /// - Parameters:
    ///   - text: the text.
    ///   - addingSpecialTokens: whether to add what the post-processor adds, such as `</s>`.
    /// - Throws: what `encode` throws.
    public func encodeIDs(_ text: String, addingSpecialTokens: Bool = true) throws -> [Int32] {
        try scratch.withScratch { try encodeIDs(text, addingSpecialTokens, &$0) }
    }

    /// Encodes many texts to ids alone, on as many threads as asked for.
    ///
    /// - Throws: what `encode` throws for one of the texts.
    public func encodeIDs(
        _ texts: [String], addingSpecialTokens: Bool = true, threads: Int = 1
    ) throws -> [[Int32]] {
        if padding != nil {
            return try encode(texts, addingSpecialTokens: addingSpecialTokens, threads: threads)
                .map(\.ids)
        }
        return try inParallel(texts, threads: threads) {
            try encodeIDs($0, addingSpecialTokens, &$1)
        }
    }

    private func inParallel<Result: Sendable>(
        _ texts: [String], threads: Int,
        _ body: @Sendable (String, inout TokenizerScratch) throws -> Result
    ) throws -> [Result] {
        try ParallelTexts.map(texts, threads: threads) { texts in
            try scratch.withScratch { scratch in
                try texts.map { try body($0, &scratch) }
            }
        }
    }

    func encodeIDs(
        _ text: String, _ addingSpecialTokens: Bool, _ scratch: inout TokenizerScratch
    ) throws -> [Int32] {
        guard isSimple else {
            return try padded(encode(text, nil, addingSpecialTokens, false, &scratch)).ids
        }
        try encode(Array(text.utf8), needsSources ? .ranges : .none, into: &scratch)
        let (before, after) = addingSpecialTokens ? surroundings : ([], [])
        var ids: [Int32] = []
        ids.reserveCapacity(before.count + scratch.ids.count + after.count)
        ids += before
        ids += scratch.ids
        ids += after
        return ids
    }
}
