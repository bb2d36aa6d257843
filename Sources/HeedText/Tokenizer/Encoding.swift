/// A text as a model sees it: one element a token in each array.
public struct Encoding: Sendable, Equatable {
    /// The ids of the tokens.
    public let ids: [Int32]
    /// The pieces of the vocabulary, as they stand there.
    public let pieces: [String]
    /// The bytes of the original text (in UTF-8) that each token stands for; 0..<0 for a token that was
    /// added. A token made of a part of a character stands for the whole character.
    public let byteOffsets: [Range<Int>]
    /// Whether the token was added by the tokenizer and is no part of the text.
    public let specialMask: [Bool]

    /// The number of tokens.
    public var count: Int { ids.count }

    /// Offsets counted in Unicode scalars, as Python counts, of the text that was encoded.
    ///
    /// - Parameter text: the text from which this encoding was made; offsets beyond it are cut.
    public func scalarOffsets(in text: String) -> [Range<Int>] {
        var scalarsBefore = [0]
        for byte in text.utf8 {
            // A scalar is counted behind its first byte.
            scalarsBefore.append((scalarsBefore.last ?? 0) + (byte & 0xC0 == 0x80 ? 0 : 1))
        }
        let end = scalarsBefore.count - 1
        return byteOffsets.map { range in
            let lower = scalarsBefore[min(range.lowerBound, end)]
            return lower..<max(lower, scalarsBefore[min(range.upperBound, end)])
        }
    }
}
