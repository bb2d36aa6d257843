import HeedFormats

/// A list of ranks as tiktoken has it: a line for each token, its bytes in Base64 and its rank.
///
/// The file says neither how texts are split nor which special tokens there are. Both are told from the number of
/// ranks, as tiktoken's own list of encodings has them; anything else is split as GPT-4 does.
enum TiktokenFile {
    /// Whether a file begins like a list of ranks.
    static func isOne(_ bytes: [UInt8]) -> Bool {
        let line = bytes.prefix { $0 != 0x0A }
        let parts = line.split(separator: 0x20)
        return parts.count == 2 && Base64.decode(parts[0]) != nil && number(parts[1]) != nil
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int32? {
        let digits = digits.last == 0x0D ? digits.dropLast() : digits
        guard (1...9).contains(digits.count), digits.allSatisfy({ $0 &- 0x30 < 10 }) else {
            return nil
        }
        return digits.reduce(0) { $0 * 10 + Int32($1 - 0x30) }
    }

    /// - Throws: `TokenizerFileError` which names the line.
    static func tokenizer(_ bytes: [UInt8], file: String) throws -> Tokenizer {
        var vocabulary = Vocabulary()
        var tokens: [(bytes: [UInt8], rank: Int32)] = []
        let lines = bytes.split(separator: 0x0A)
        tokens.reserveCapacity(lines.count)
        for (index, line) in lines.enumerated() {
            let parts = line.split(separator: 0x20)
            guard parts.count == 2, let token = Base64.decode(parts[0]), !token.isEmpty,
                let rank = number(parts[1]), rank < Vocabulary.idBound(count: lines.count),
                vocabulary.insert(ByteAlphabet.piece(of: token), id: rank)
            else {
                throw TokenizerFileError(
                    file: file, line: index + 1, problem: "is no token with a rank of its own")
            }
            tokens.append((token, rank))
        }
        let model = try BytePairModel(
            vocabulary: vocabulary, ranked: merges(tokens, vocabulary), ignoresMerges: true)
        let known = encoding(count: tokens.count)
        let free = known.special.filter { vocabulary.bytes(of: $0.id) == nil }
        var tokenizer = try Tokenizer(
            normalizer: nil,
            preTokenizer: .sequence([
                .split(
                    pattern: TextPattern(regex: known.pattern), behavior: .isolated,
                    inverted: false),
                .byteLevel(addsSpace: false, splits: false, trimsOffsets: false),
            ]),
            model: .bytePairs(model), postProcessor: nil, decoder: .byteLevel,
            addedTokens: free.map { AddedToken(id: $0.id, content: $0.name) },
            specialTokens: SpecialTokens(
                endOfSequence: free.first { $0.name == "<|endoftext|>" }?.id))
        // tiktoken takes special tokens in a text for text unless it is told otherwise.
        tokenizer.parsesSpecialTokens = false
        return tokenizer
    }

    /// Every way to make a token of two, with the token's rank: tiktoken merges whatever neighbours are a token
    /// together.
    private static func merges(
        _ tokens: [(bytes: [UInt8], rank: Int32)], _ vocabulary: Vocabulary
    ) -> [BytePairModel.RankedMerge] {
        var table = ByteStringTable(capacity: tokens.count)
        var ranks: [Int32] = []
        ranks.reserveCapacity(tokens.count)
        for token in tokens where table.insert(token.bytes, token.bytes.indices).isNew {
            ranks.append(token.rank)
        }
        var merges: [BytePairModel.RankedMerge] = []
        merges.reserveCapacity(3 * tokens.count)
        for token in tokens where token.bytes.count > 1 && token.bytes.count <= longestToken {
            for cut in 1..<token.bytes.count {
                guard let left = table.number(of: token.bytes, 0..<cut),
                    let right = table.number(of: token.bytes, cut..<token.bytes.count)
                else { continue }
                merges.append(
                    .init(
                        left: ranks[left], right: ranks[right], rank: token.rank, result: token.rank
                    ))
            }
        }
        return merges
    }

    /// Longer tokens are never merged: each would cost the square of its length.
    private static let longestToken = 1024

    private static func encoding(
        count: Int
    ) -> (pattern: String, special: [(name: String, id: Int32)]) {
        let patterns = SplitScanner.known.map(\.pattern)
        switch count {
        case 50_256: return (patterns[2], [("<|endoftext|>", 50_256)])
        case 50_280, 50_257...50_279:
            return (
                patterns[2],
                [
                    ("<|endoftext|>", 50_256), ("<|fim_prefix|>", 50_281),
                    ("<|fim_middle|>", 50_282), ("<|fim_suffix|>", 50_283),
                ]
            )
        case 199_998:
            return (patterns[6], [("<|endoftext|>", 199_999), ("<|endofprompt|>", 200_018)])
        case 100_256:
            return (
                patterns[4],
                [
                    ("<|endoftext|>", 100_257), ("<|fim_prefix|>", 100_258),
                    ("<|fim_middle|>", 100_259), ("<|fim_suffix|>", 100_260),
                    ("<|endofprompt|>", 100_276),
                ]
            )
        // Llama 3.
        case 128_000:
            return (patterns[3], [("<|begin_of_text|>", 128_000), ("<|end_of_text|>", 128_001)])
        default: return (patterns[4], [])
        }
    }
}

/// A file of a tokenizer with a wrong line, or of no form that is known.
public struct TokenizerFileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file.
    public let file: String
    /// The number of the line, from 1 on; nil for the file as a whole.
    public let line: Int?
    /// What is wrong.
    public let problem: String
    /// Whether there is nothing that could be a tokenizer.
    public var isMissing = false

    /// The whole message in one line.
    public var description: String {
        "\(nameForMessage(file)): \(line.map { "line \($0) " } ?? "")\(problem)"
    }
}
