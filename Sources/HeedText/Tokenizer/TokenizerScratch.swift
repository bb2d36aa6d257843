import Synchronization

/// What encoding works with and keeps between texts: buffers, and the ids of words seen before.
///
/// One is used by one text at a time; results do not depend on what it has seen.
struct TokenizerScratch {
    /// Words up to this many bytes are remembered, so many of them before all are forgotten.
    static let longestCachedWord = 64
    static let cachedWords = 1 << 16

    var merger = SymbolMerger()
    /// The ids of the text so far, and how many bytes of the normalized text each stands for.
    private(set) var ids: [Int32] = []
    private(set) var lengths: [Int] = []

    private var words = ByteStringTable()
    /// Where the tokens of each remembered word begin, and where the last ones end.
    private var wordStarts: [Int] = [0]
    private var wordIDs: [Int32] = []
    private var wordLengths: [UInt8] = []

    /// Starts a text.
    mutating func begin() {
        ids.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
    }

    /// Appends the symbols that the merger is left with.
    mutating func takeMerged() {
        ids.append(contentsOf: merger.ids)
        lengths.append(contentsOf: merger.lengths)
    }

    /// Appends the tokens of a word; those of byte pairs are remembered.
    mutating func append(_ bytes: [UInt8], _ word: Range<Int>, of model: TokenModel) {
        switch model {
        case .bytePairs(let model): append(bytes, word, of: model)
        case .words(let model):
            ids.append(model.id(of: bytes, word))
            lengths.append(word.count)
        }
    }

    private mutating func append(
        _ bytes: [UInt8], _ word: Range<Int>, of model: BytePairModel
    ) {
        guard word.count <= Self.longestCachedWord else {
            model.encode(bytes, word, into: &self)
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
        model.encode(bytes, word, into: &self)
        if words.count >= Self.cachedWords { forgetWords() }
        _ = words.insert(bytes, word)
        for index in start..<ids.count {
            wordIDs.append(ids[index])
            wordLengths.append(UInt8(truncatingIfNeeded: lengths[index]))
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
    private let free = Mutex<[TokenizerScratch]>([])

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
