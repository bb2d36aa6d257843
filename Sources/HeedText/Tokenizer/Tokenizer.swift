import HeedFormats

/// Text to ids and back, as one tokenizer.json says.
///
/// The steps are those of the file: normalizer, pre-tokenizer, model, post-processor, and for the
/// way back the decoder. Special tokens in a text are text: nobody can write `</s>` into a sentence
/// and end it. (The `tokenizers` library does the same with `encode_special_tokens = True`.)
///
/// A tokenizer is a value that never changes and may be used by any number of threads at once; what
/// it remembers of words seen before is bounded and changes no result.
public struct Tokenizer: Sendable {
    let normalizer: Normalizer?
    let preTokenizer: PreTokenizer?
    let model: TokenModel
    let postProcessor: TemplateProcessor?
    let decoder: TokenDecoder?
    let addedTokens: [AddedToken]

    /// The ids with a meaning of their own.
    public var specialTokens: SpecialTokens

    private let cutter: WordCutter
    private let addedByID: [Int32: String]
    private let addedByName: NameDictionary<Int32>
    private let prefix: [Int32]
    private let suffix: [Int32]
    /// Whether the components are those of Heed's raw text, whose promise is form C.
    ///
    /// The `tokenizers` library puts marks that are younger than Unicode 9.0 into no order. The ids
    /// follow it; what leaves is put into the form C of Unicode 14.0.
    private let isRawText: Bool
    private let scratch = ScratchPool()

    init(
        normalizer: Normalizer?, preTokenizer: PreTokenizer?, model: TokenModel,
        postProcessor: TemplateProcessor?, decoder: TokenDecoder?, addedTokens: [AddedToken],
        specialTokens: SpecialTokens
    ) {
        self.normalizer = normalizer
        self.preTokenizer = preTokenizer
        self.model = model
        self.postProcessor = postProcessor
        self.decoder = decoder
        self.addedTokens = addedTokens
        self.specialTokens = specialTokens
        cutter = WordCutter(normalizer: normalizer, preTokenizer: preTokenizer)
        isRawText =
            normalizer == TokenizerStyles.normalizer(.rawText)
            && decoder == TokenizerStyles.decoder(.rawText)
        var byID: [Int32: String] = [:]
        var byName = NameDictionary<Int32>()
        for token in addedTokens {
            byID[token.id] = token.content
            byName.insert(token.id, forName: token.content)
        }
        (addedByID, addedByName) = (byID, byName)
        (prefix, suffix) = postProcessor?.surroundingIDs ?? ([], [])
    }

    // MARK: Vocabulary

    /// One more than the largest id: the number of rows that an embedding needs.
    public var vocabularySize: Int {
        max(model.vocabulary.idLimit, (addedTokens.map { Int($0.id) + 1 }.max() ?? 0))
    }

    /// The id of a piece, special tokens included, or `nil`.
    public func id(of piece: String) -> Int32? {
        addedByName[piece] ?? model.vocabulary.id(of: piece)
    }

    /// The piece of an id, special tokens included, or `nil`.
    public func piece(of id: Int32) -> String? { addedByID[id] ?? model.vocabulary.piece(of: id) }

    /// Whether an id is that of a special token.
    public func isSpecial(_ id: Int32) -> Bool { addedByID[id] != nil }

    // MARK: Encoding

    /// Encodes a text with all that is known of its tokens.
    ///
    /// - Parameters:
    ///   - text: the text.
    ///   - addingSpecialTokens: whether to add what the post-processor adds, such as `</s>`.
    public func encode(_ text: String, addingSpecialTokens: Bool = true) -> Encoding {
        var normalized = NormalizedText(text, trackingSources: true)
        var ids: [Int32] = []
        var ranges: [Range<Int>] = []
        scratch.withScratch { scratch in
            scratch.begin()
            cutter.forEachWord(of: &normalized) { bytes, word in
                let first = scratch.ids.count
                scratch.append(bytes, word, of: model)
                var start = word.lowerBound
                for length in scratch.lengths[first...] {
                    let end = min(start + length, word.upperBound)
                    ranges.append(start..<max(start, end))
                    start = max(start, end)
                }
            }
            ids = scratch.ids
        }
        var offsets = ranges.map(normalized.source(of:))
        var mask = [Bool](repeating: false, count: ids.count)
        if addingSpecialTokens {
            ids = prefix + ids + suffix
            offsets = prefix.map { _ in 0..<0 } + offsets + suffix.map { _ in 0..<0 }
            mask = prefix.map { _ in true } + mask + suffix.map { _ in true }
        }
        return Encoding(
            ids: ids, pieces: ids.map { piece(of: $0) ?? "" }, byteOffsets: offsets,
            specialMask: mask)
    }

    /// Encodes a text to ids alone, which is faster.
    ///
    /// - Parameters:
    ///   - text: the text.
    ///   - addingSpecialTokens: whether to add what the post-processor adds, such as `</s>`.
    public func encodeIDs(_ text: String, addingSpecialTokens: Bool = true) -> [Int32] {
        scratch.withScratch { encodeIDs(text, addingSpecialTokens, &$0) }
    }

    /// Encodes many texts to ids alone.
    public func encodeIDs(_ texts: [String], addingSpecialTokens: Bool = true) -> [[Int32]] {
        scratch.withScratch { scratch in
            texts.map { encodeIDs($0, addingSpecialTokens, &scratch) }
        }
    }

    private func encodeIDs(
        _ text: String, _ addingSpecialTokens: Bool, _ scratch: inout TokenizerScratch
    ) -> [Int32] {
        var normalized = NormalizedText(text, trackingSources: false)
        scratch.begin()
        cutter.forEachWord(of: &normalized) { bytes, word in
            scratch.append(bytes, word, of: model)
        }
        return addingSpecialTokens ? prefix + scratch.ids + suffix : scratch.ids
    }

    /// How many pairs of symbols are looked up to encode a text that no word is remembered of: what
    /// the time grows with.
    package func pairLookups(encoding text: String) -> Int {
        var scratch = TokenizerScratch()
        _ = encodeIDs(text, false, &scratch)
        return scratch.merger.lookupCount
    }

    /// When a pair of pieces was learned, or `nil` if they are not merged.
    package func mergeRank(_ left: String, _ right: String) -> Int? {
        guard case .bytePairs(let model) = model,
            let left = model.vocabulary.id(of: left), let right = model.vocabulary.id(of: right)
        else { return nil }
        return model.ranks[left, right].map { Int($0 >> 32) }
    }

    // MARK: Decoding

    /// Turns ids back into text.
    ///
    /// - Parameters:
    ///   - ids: the ids.
    ///   - skippingSpecialTokens: whether special tokens are left out.
    /// - Throws: `TokenizerError` for an id outside the vocabulary.
    public func decode(_ ids: [Int32], skippingSpecialTokens: Bool = true) throws -> String {
        var pieces: [[UInt8]] = []
        pieces.reserveCapacity(ids.count)
        for id in ids {
            if let special = addedByID[id] {
                if !skippingSpecialTokens { pieces.append(Array(special.utf8)) }
            } else if let bytes = model.vocabulary.bytes(of: id) {
                pieces.append(Array(bytes))
            } else {
                throw TokenizerError.unknownID(id, vocabularySize: vocabularySize)
            }
        }
        guard let decoder else {
            return String(decoding: Array(pieces.joined(separator: [0x20])), as: UTF8.self)
        }
        let text = String(decoding: Array(decoder.apply(to: pieces).joined()), as: UTF8.self)
        guard isRawText else { return text }
        var normalized = NormalizedText(text, trackingSources: false)
        CanonicalComposition.normalize(&normalized, tables: .version14)
        return String(decoding: normalized.bytes, as: UTF8.self)
    }

    /// The pieces as people read them: where words carry an end mark, such as `</w>`, without it,
    /// and every other piece with `@@`, as `subword-nmt` shows them; otherwise as they stand in the
    /// vocabulary.
    ///
    /// - Throws: `TokenizerError` for an id outside the vocabulary.
    public func displayPieces(of ids: [Int32]) throws -> [String] {
        try ids.map { id in
            guard let piece = piece(of: id) else {
                throw TokenizerError.unknownID(id, vocabularySize: vocabularySize)
            }
            guard let mark = model.wordSuffix, !isSpecial(id) else { return piece }
            let bytes = piece.utf8
            guard bytes.count >= mark.utf8.count,
                bytes.suffix(mark.utf8.count).elementsEqual(mark.utf8)
            else { return piece + "@@" }
            return String(decoding: bytes.dropLast(mark.utf8.count), as: UTF8.self)
        }
    }
}

/// A use of a tokenizer, or of its trainer, that cannot work.
public enum TokenizerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// An id without a piece.
    case unknownID(Int32, vocabularySize: Int)
    /// There was no word to learn from.
    case nothingToLearnFrom
    /// A number of merges or a count that is not positive.
    case badSetting(name: String, value: Int)

    /// The whole message in one line.
    public var description: String {
        switch self {
        case .unknownID(let id, let size):
            "token id \(id) has no piece in a vocabulary of \(size)"
        case .nothingToLearnFrom: "there is no word to learn a vocabulary from"
        case .badSetting(let name, let value): "\(name) = \(value): must not be negative"
        }
    }
}
