/// A text, or a pair of texts, as a model sees it: one element a token in each array.
public struct Encoding: Sendable {
    /// The ids of the tokens.
    public internal(set) var ids: [Int32]
    /// The bytes of the original text (in UTF-8) that each token stands for; 0..<0 for a token that
    /// was added. A token made of a part of a character stands for the whole character.
    public internal(set) var byteOffsets: [Range<Int>]
    /// The number of each token's segment, as the post-processor says: often 1 for the second text of a pair.
    public internal(set) var typeIDs: [Int32]
    /// Whether the token was added by the tokenizer and is no part of the text.
    public internal(set) var specialMask: [Bool]
    /// False for tokens that only fill the encoding up.
    public internal(set) var attentionMask: [Bool]
    /// The text that each token belongs to, 0 or 1, or −1 for a token that was added.
    public internal(set) var sequences: [Int8]

    /// Offsets counted in Unicode scalars, as Python and the `tokenizers` library count.
    public internal(set) var scalarOffsets: [Range<Int>]
    /// What truncation has cut off, if it was asked for: encodings of the same length, one for each further piece of
    /// the text, or for each further pair of pieces of two texts; they repeat as many tokens as the file says.
    public internal(set) var overflow: [Encoding] = []
    /// What names the tokens.
    let names: PieceNames

    /// The number of tokens.
    public var count: Int { ids.count }

    /// The pieces of the vocabulary, as they stand there.
    public var pieces: [String] { ids.map { names.piece(of: $0) ?? "" } }

    /// Offsets counted in Unicode scalars; `text` is not needed any more.
    public func scalarOffsets(in text: String) -> [Range<Int>] { scalarOffsets }
}

extension Encoding: Equatable {
    /// Whether all that is said of the tokens is the same, their names aside.
    public static func == (a: Encoding, b: Encoding) -> Bool {
        a.ids == b.ids && a.byteOffsets == b.byteOffsets && a.typeIDs == b.typeIDs
            && a.specialMask == b.specialMask && a.attentionMask == b.attentionMask
            && a.sequences == b.sequences && a.overflow == b.overflow
    }
}

/// The names of ids: pieces of the model and added tokens.
///
/// One for all encodings of a tokenizer: as a value, each would count the references of a dozen tables up, and several
/// threads would wait for one another there.
final class PieceNames: Sendable {
    private let vocabulary: Vocabulary
    private let added: AddedTokens

    init(vocabulary: Vocabulary, added: AddedTokens) {
        self.vocabulary = vocabulary
        self.added = added
    }

    /// The name of an id, or nil.
    func piece(of id: Int32) -> String? {
        added.token(of: id)?.content ?? vocabulary.piece(of: id)
    }
}

/// The numbers of scalars before each byte of a text, from which offsets in bytes become offsets in scalars.
struct ScalarCounts {
    private var counts: [UInt32] = []
    private let end: Int

    /// Nothing for a text in ASCII, where both are the same.
    init?(_ bytes: [UInt8]) {
        guard bytes.contains(where: { $0 >= 0x80 }) else { return nil }
        end = bytes.count
        counts.reserveCapacity(bytes.count + 1)
        var count: UInt32 = 0
        for byte in bytes {
            counts.append(count)
            // A scalar is counted behind its first byte.
            if byte & 0xC0 != 0x80 { count += 1 }
        }
        counts.append(count)
        // Bytes inside of a scalar are counted behind it: they belong to the scalar that begins before them.
        for index in bytes.indices where bytes[index] & 0xC0 == 0x80 { counts[index] -= 1 }
    }

    /// A range of bytes that begins and ends between scalars, in scalars.
    func scalars(_ range: Range<Int>) -> Range<Int> {
        let lower = Int(counts[min(range.lowerBound, end)])
        return lower..<max(lower, Int(counts[min(range.upperBound, end)]))
    }
}
