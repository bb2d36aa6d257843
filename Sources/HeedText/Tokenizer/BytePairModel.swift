import HeedFormats

/// Byte-pair encoding (Sennrich et al., 2016): a word starts as single characters, and the pair that
/// was learned first is merged until no pair is left.
struct BytePairModel: Sendable {
    let vocabulary: Vocabulary
    /// The merges in the order in which they were learned.
    let merges: [Merge]
    /// The piece for characters outside the vocabulary; without it they are dropped.
    let unknownPiece: String?
    /// Whether neighbouring unknown characters are one piece.
    let fusesUnknown: Bool
    /// What the last character of a word carries, such as `</w>`.
    let wordSuffix: String?
    /// Whether unknown characters become pieces of their bytes, `<0x00>` … `<0xFF>`.
    let hasByteFallback: Bool

    /// Two pieces that become one.
    struct Merge: Sendable, Equatable {
        let left: Int32
        let right: Int32
    }

    private let suffixBytes: [UInt8]
    private let unknownID: Int32?
    /// The id of each byte, or −1; empty without byte fallback.
    private let byteIDs: [Int32]
    /// Rank and resulting id of each pair.
    let ranks: PairTable

    /// Makes a model.
    ///
    /// - Throws: a description of the first merge or piece that is missing in the vocabulary.
    init(
        vocabulary: Vocabulary, merges: [Merge], unknownPiece: String?, fusesUnknown: Bool = false,
        wordSuffix: String?, hasByteFallback: Bool
    ) throws(BytePairModelProblem) {
        self.vocabulary = vocabulary
        self.merges = merges
        self.unknownPiece = unknownPiece
        self.fusesUnknown = fusesUnknown
        self.wordSuffix = wordSuffix
        self.hasByteFallback = hasByteFallback
        suffixBytes = Array((wordSuffix ?? "").utf8)
        unknownID = try unknownPiece.map { piece throws(BytePairModelProblem) in
            guard let id = vocabulary.id(of: piece) else { throw .unknownPieceMissing }
            return id
        }
        byteIDs =
            hasByteFallback
            ? (0...255).map { vocabulary.id(of: BytePieces.piece(of: UInt8($0))) ?? -1 } : []
        var ranks = PairTable(capacity: merges.count)
        for (rank, merge) in merges.enumerated() {
            guard let left = vocabulary.bytes(of: merge.left),
                let right = vocabulary.bytes(of: merge.right)
            else { throw .mergeOfMissingPiece(rank) }
            let joined = Array(left + right)
            guard let result = vocabulary.id(of: joined, joined.indices) else {
                throw .mergeWithoutResult(rank)
            }
            // Of a pair that stands twice the later one counts, as in the `tokenizers` library.
            ranks.set(UInt64(rank) << 32 | UInt64(result), for: merge.left, merge.right)
        }
        self.ranks = ranks
    }

    /// Appends the ids of a word, and how many bytes of it each stands for.
    func encode(_ bytes: [UInt8], _ word: Range<Int>, into scratch: inout TokenizerScratch) {
        scratch.merger.begin()
        var unknownLength = 0
        var position = word.lowerBound
        while position < word.upperBound {
            let next = min(word.upperBound, position + UTF8Bytes.length(bytes[position]))
            if let id = characterID(bytes, position..<next, isLast: next == word.upperBound) {
                flushUnknown(&unknownLength, into: &scratch)
                scratch.merger.append(id, length: next - position)
            } else if let firstByte = byteIDs.isEmpty ? nil : bytes[position],
                byteIDs[Int(firstByte)] >= 0,
                bytes[position..<next].allSatisfy({ byteIDs[Int($0)] >= 0 })
            {
                flushUnknown(&unknownLength, into: &scratch)
                for byte in bytes[position..<next] {
                    scratch.merger.append(byteIDs[Int(byte)], length: 1)
                }
            } else {
                if !fusesUnknown { flushUnknown(&unknownLength, into: &scratch) }
                unknownLength += next - position
            }
            position = next
        }
        flushUnknown(&unknownLength, into: &scratch)
        scratch.merger.merge(by: ranks)
        scratch.takeMerged()
    }

    private func characterID(_ bytes: [UInt8], _ range: Range<Int>, isLast: Bool) -> Int32? {
        guard isLast, !suffixBytes.isEmpty else { return vocabulary.id(of: bytes, range) }
        let marked = bytes[range] + suffixBytes
        return vocabulary.id(of: Array(marked), 0..<marked.count)
    }

    private func flushUnknown(_ length: inout Int, into scratch: inout TokenizerScratch) {
        if length > 0, let unknownID { scratch.merger.append(unknownID, length: length) }
        length = 0
    }
}

/// Why pieces and merges do not make a model.
enum BytePairModelProblem: Error {
    case unknownPieceMissing
    case mergeOfMissingPiece(Int)
    case mergeWithoutResult(Int)
}
