import HeedFormats
import HeedPatterns
import Synchronization

/// What encoding works with and keeps between texts: buffers, and the ids of words seen before.
///
/// One is used by one text at a time; results do not depend on what it has seen.
struct TokenizerScratch {
    /// Words up to this many bytes are remembered, so many of them before all are forgotten.
    static let longestCachedWord = 64
    static let cachedWords = 1 << 16
    /// The room of longer texts is given back.
    private static let keptTokens = 1 << 16

    var merger = SymbolMerger()
    var lattice = Lattice()
    /// The ids of the text so far, and how many bytes of the normalized text each stands for; −n if it stands
    /// for n bytes together with the token behind it.
    private(set) var ids: [Int32] = []
    private(set) var lengths: [Int] = []
    /// Where they stand.
    var offsets = TokenOffsets()
    /// What the patterns' searches of the text may still take.
    var budget = SearchBudget()
    /// The words of a section.
    var sections: [Range<Int>] = []
    /// Room for a word that is rewritten.
    var buffer: [UInt8] = []

    private var words = ByteStringTable()
    /// Where the tokens of each remembered word begin, and where the last ones end.
    private var wordStarts: [Int] = [0]
    private var wordIDs: [Int32] = []
    private var wordLengths: [Int8] = []

    /// Starts a text.
    mutating func begin(_ kind: TokenOffsets.Kind) {
        let keeps = ids.capacity <= Self.keptTokens
        offsets.begin(kind, keepingCapacity: keeps)
        ids.removeAll(keepingCapacity: keeps)
        lengths.removeAll(keepingCapacity: keeps)
        budget = SearchBudget()
    }

    /// Appends the symbols that the merger is left with.
    mutating func takeMerged() {
        ids.append(contentsOf: merger.ids)
        lengths.append(contentsOf: merger.lengths)
    }

    /// Appends a token that stands for so many bytes.
    mutating func append(_ id: Int32, length: Int) {
        ids.append(id)
        lengths.append(length)
    }

    /// Appends a token that stands for so many bytes together with the one that follows.
    mutating func append(_ id: Int32, sharing length: Int) { append(id, length: -length) }

    /// Forgets the tokens from a place on.
    mutating func removeTokens(from count: Int) {
        ids.removeLast(ids.count - count)
        lengths.removeLast(lengths.count - count)
    }

    /// Appends the tokens of a word, and remembers them if told to. The model is not touched for a word that is remembered:
    /// its reference counts are those of all threads.
    mutating func append(
        _ bytes: [UInt8], _ word: Range<Int>, of model: TokenModel, remembers: Bool
    ) throws {
        guard remembers, word.count <= Self.longestCachedWord else {
            try model.encode(bytes, word, into: &self)
            return
        }
        if let number = words.number(of: bytes, word) {
            for index in wordStarts[number]..<wordStarts[number + 1] {
                ids.append(wordIDs[index])
                lengths.append(Int(wordLengths[index]))
            }
            return
        }
        let start = ids.count
        try model.encode(bytes, word, into: &self)
        if words.count >= Self.cachedWords { forgetWords() }
        _ = words.insert(bytes, word)
        for index in start..<ids.count {
            wordIDs.append(ids[index])
            wordLengths.append(Int8(truncatingIfNeeded: lengths[index]))
        }
        wordStarts.append(wordIDs.count)
    }

    private mutating func forgetWords() {
        words.removeAll()
        wordStarts.removeAll(keepingCapacity: true)
        wordStarts.append(0)
        wordIDs.removeAll(keepingCapacity: true)
        wordLengths.removeAll(keepingCapacity: true)
    }
}

/// The scratch of a tokenizer: as many as threads encode at the same time, and no more than a few
/// kept.
final class ScratchPool: Sendable {
    private static let kept = 16
    private let free = Lock<[TokenizerScratch]>([])

    /// Calls `body` with a scratch that nobody else uses meanwhile.
    func withScratch<Result>(_ body: (inout TokenizerScratch) throws -> Result) rethrows -> Result {
        var scratch = free.withLock { $0.popLast() } ?? TokenizerScratch()
        defer {
            free.withLock { [scratch] in
                if $0.count < Self.kept { $0.append(scratch) }
            }
        }
        return try body(&scratch)
    }
}
