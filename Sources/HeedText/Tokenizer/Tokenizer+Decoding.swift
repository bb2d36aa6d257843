import HeedPatterns

extension Tokenizer {
    /// Turns ids back into text.
    ///
    /// - Parameters:
    ///   - ids: the ids.
    ///   - skippingSpecialTokens: whether special tokens are left out.
    /// - Throws: `TokenizerError` for an id outside the vocabulary, `PatternError` where a pattern of the
    ///   file takes too many steps.
    public func decode(_ ids: [Int32], skippingSpecialTokens: Bool = true) throws -> String {
        String(decoding: try decodedBytes(ids, skippingSpecialTokens), as: UTF8.self)
    }

    /// The text of ids; `continues` says that there is text before them.
    func decodedBytes(
        _ ids: [Int32], _ skippingSpecialTokens: Bool, continues: Bool = false
    ) throws -> [UInt8] {
        var pieces: [[UInt8]] = []
        pieces.reserveCapacity(ids.count)
        for id in ids {
            if let content = added.decodedBytes(of: id) {
                guard !(skippingSpecialTokens && added.isSkipped(id)) else { continue }
                pieces.append(content)
            } else if let bytes = model.vocabulary.bytes(of: id) {
                pieces.append(Array(bytes))
            } else {
                throw TokenizerError.unknownID(id, vocabularySize: vocabularySize)
            }
        }
        guard let decoder = continues ? decoder?.continuing : decoder else {
            return Array(pieces.joined(separator: [0x20]))
        }
        var budget = SearchBudget()
        let bytes = Array(try decoder.apply(to: pieces, within: &budget).joined())
        guard isRawText else { return bytes }
        let text = String(decoding: bytes, as: UTF8.self)
        var normalized = NormalizedText(text, trackingSources: false)
        CanonicalComposition.normalize(&normalized, tables: .version14)
        return normalized.bytes
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

    /// The pieces for pictures: as `displayPieces`, but those of visible bytes are the text that they stand for, with `▁`
    /// for spaces, and bytes such as `<0xF0>` where it is a part of a character.
    ///
    /// - Throws: `TokenizerError` for an id outside the vocabulary.
    public func readablePieces(of ids: [Int32]) throws -> [String] {
        let pieces = try displayPieces(of: ids)
        guard decoder?.readsVisibleBytes == true else { return pieces }
        return zip(ids, pieces).map { id, piece in
            var bytes: [UInt8] = []
            guard added.decodedBytes(of: id) == nil,
                ByteAlphabet.append(Array(piece.utf8)[...], to: &bytes)
            else { return piece }
            guard String(validating: bytes, as: UTF8.self) != nil else {
                return bytes.map { BytePieces.piece(of: $0) }.joined()
            }
            let marked = bytes.flatMap { $0 == 0x20 ? Array("▁".utf8) : [$0] }
            return String(decoding: marked, as: UTF8.self)
        }
    }

    /// How many pairs of symbols are looked up to encode a text that no word is remembered of: what
    /// the time grows with.
    package func pairLookups(encoding text: String) throws -> Int {
        var scratch = TokenizerScratch()
        _ = try encodeIDs(text, false, &scratch)
        return scratch.merger.lookupCount
    }

    /// When a pair of pieces was learned, or `nil` if they are not merged.
    package func mergeRank(_ left: String, _ right: String) -> Int? {
        guard let model = model.bytePairs, let left = model.vocabulary.id(of: left),
            let right = model.vocabulary.id(of: right)
        else { return nil }
        return model.ranks[left, right].map { Int($0 >> 32) }
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
    /// A vocabulary without room for what it always holds.
    case vocabularyTooSmall(Int, least: Int)
    /// A text of 4 GB or more.
    case textTooLong
    /// A text holds what has no piece, and there is no piece for the unknown.
    case noUnknownPiece
    /// The text that the file says to cut is too short, or is not there.
    case cannotTruncate(to: Int)
    /// Pieces of a cut text would repeat all of the one before.
    case badStride(Int, length: Int)
    /// What was cut off two long texts would be too many pieces.
    case tooMuchOverflow

    /// The whole message in one line.
    public var description: String {
        switch self {
        case .unknownID(let id, let size):
            "token id \(id) has no piece in a vocabulary of \(size)"
        case .nothingToLearnFrom: "there is no word to learn a vocabulary from"
        case .badSetting(let name, let value): "\(name) = \(value): must not be negative"
        case .vocabularyTooSmall(let size, let least):
            "a vocabulary of \(size) is too small: it must have at least \(least) pieces"
        case .textTooLong: "a text of 4 GB or more cannot be encoded"
        case .noUnknownPiece:
            "the text holds what has no piece, and the vocabulary has no piece for the unknown"
        case .cannotTruncate(let length):
            "the text that shall be cut is too short for \(length) tokens, or is not there"
        case .badStride(let stride, let length):
            "pieces of \(length) tokens cannot repeat \(stride) of the piece before"
        case .tooMuchOverflow:
            "what is cut off would be more than \(Truncation.maximumOverflow) tokens"
        }
    }
}
