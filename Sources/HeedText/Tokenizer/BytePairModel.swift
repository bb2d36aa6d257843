import HeedFormats

/// Byte-pair encoding (Sennrich et al., 2016): a word starts as single characters, and the pair
/// that was learned first is merged until no pair is left.
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
    /// What characters inside of a word carry in front, such as `##`.
    let continuingPrefix: String?
    /// Whether a word that is a piece is that piece, whatever the merges say.
    let ignoresMerges: Bool

    /// Two pieces that become one.
    struct Merge: Sendable, Equatable {
        let left: Int32
        let right: Int32
    }

    private let suffixBytes: [UInt8]
    private let prefixBytes: [UInt8]
    /// The id of each byte's visible character, or −1; see `encodeBytes`.
    private let visibleIDs: [Int32]
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
        wordSuffix: String?, hasByteFallback: Bool, continuingPrefix: String? = nil,
        ignoresMerges: Bool = false
    ) throws(BytePairModelProblem) {
        let prefixCount = continuingPrefix?.utf8.count ?? 0
        var ranks = PairTable(capacity: merges.count)
        var joined: [UInt8] = []
        for (rank, merge) in merges.enumerated() {
            guard let left = vocabulary.bytes(of: merge.left),
                let right = vocabulary.bytes(of: merge.right)
            else { throw .mergeOfMissingPiece(rank) }
            guard right.count >= prefixCount else { throw .mergeWithoutResult(rank) }
            joined.removeAll(keepingCapacity: true)
            joined.append(contentsOf: left)
            joined.append(contentsOf: right.dropFirst(prefixCount))
            guard let result = vocabulary.id(of: joined, joined.indices) else {
                throw .mergeWithoutResult(rank)
            }
            // Of a pair that stands twice the later one counts, as in the `tokenizers` library.
            ranks.set(UInt64(rank) << 32 | UInt64(result), for: merge.left, merge.right)
        }
        try self.init(
            vocabulary: vocabulary, merges: merges, ranks: ranks, unknownPiece: unknownPiece,
            fusesUnknown: fusesUnknown, wordSuffix: wordSuffix, hasByteFallback: hasByteFallback,
            continuingPrefix: continuingPrefix, ignoresMerges: ignoresMerges)
    }

    /// A merge whose rank is given, as well as what it gives.
    struct RankedMerge {
        let left: Int32
        let right: Int32
        let rank: Int32
        let result: Int32
    }

    /// Makes a model of merges of which several may have one rank.
    init(
        vocabulary: Vocabulary, ranked: [RankedMerge], ignoresMerges: Bool
    ) throws(BytePairModelProblem) {
        var ranks = PairTable(capacity: ranked.count)
        for merge in ranked {
            ranks.set(
                UInt64(UInt32(bitPattern: merge.rank)) << 32
                    | UInt64(UInt32(bitPattern: merge.result)),
                for: merge.left, merge.right)
        }
        let merges = ranked.sorted { $0.rank < $1.rank }.map {
            Merge(left: $0.left, right: $0.right)
        }
        try self.init(
            vocabulary: vocabulary, merges: merges, ranks: ranks, unknownPiece: nil,
            fusesUnknown: false, wordSuffix: nil, hasByteFallback: false, continuingPrefix: nil,
            ignoresMerges: ignoresMerges)
    }

    private init(
        vocabulary: Vocabulary, merges: [Merge], ranks: PairTable, unknownPiece: String?,
        fusesUnknown: Bool, wordSuffix: String?, hasByteFallback: Bool, continuingPrefix: String?,
        ignoresMerges: Bool
    ) throws(BytePairModelProblem) {
        self.vocabulary = vocabulary
        self.merges = merges
        self.ranks = ranks
        self.unknownPiece = unknownPiece
        self.fusesUnknown = fusesUnknown
        self.wordSuffix = wordSuffix
        self.hasByteFallback = hasByteFallback
        self.continuingPrefix = continuingPrefix
        self.ignoresMerges = ignoresMerges
        suffixBytes = Array((wordSuffix ?? "").utf8)
        prefixBytes = Array((continuingPrefix ?? "").utf8)
        visibleIDs = (0...255).map { vocabulary.id(of: ByteAlphabet.piece(of: UInt8($0))) ?? -1 }
        unknownID = try unknownPiece.map { piece throws(BytePairModelProblem) in
            guard let id = vocabulary.id(of: piece) else { throw .unknownPieceMissing }
            return id
        }
        byteIDs =
            hasByteFallback
            ? (0...255).map { vocabulary.id(of: BytePieces.piece(of: UInt8($0))) ?? -1 } : []
    }

    /// Whether words may come as bytes in the place of the visible characters for them.
    ///
    /// Where characters without a piece are dropped, offsets go by the visible characters; bytes that no UTF-8 has are
    /// never dropped.
    var takesBytes: Bool {
        suffixBytes.isEmpty && prefixBytes.isEmpty && !hasByteFallback
            && (unknownID != nil
                || visibleIDs.indices.allSatisfy { visibleIDs[$0] >= 0 || !UTF8Bytes.has($0) })
    }

    /// Appends the ids of a word of bytes, for each of which the vocabulary has a visible character.
    func encodeBytes(_ bytes: [UInt8], _ word: Range<Int>, into scratch: inout TokenizerScratch) {
        if ignoresMerges {
            scratch.buffer.removeAll(keepingCapacity: true)
            for position in word {
                UTF8Bytes.append(ByteAlphabet.characters[Int(bytes[position])], to: &scratch.buffer)
            }
            if let id = vocabulary.id(of: scratch.buffer, scratch.buffer.indices) {
                scratch.append(id, length: word.count)
                return
            }
        }
        scratch.merger.begin()
        var unknownLength = 0
        for position in word {
            let id = visibleIDs[Int(bytes[position])]
            if id >= 0 {
                flushUnknown(&unknownLength, into: &scratch)
                scratch.merger.append(id, length: 1)
            } else {
                if !fusesUnknown { flushUnknown(&unknownLength, into: &scratch) }
                unknownLength += 1
            }
        }
        flushUnknown(&unknownLength, into: &scratch)
        scratch.merger.merge(by: ranks)
        scratch.takeMerged()
    }

    /// Appends the ids of a word, and how many bytes of it each stands for.
    func encode(_ bytes: [UInt8], _ word: Range<Int>, into scratch: inout TokenizerScratch) {
        if ignoresMerges, let id = vocabulary.id(of: bytes, word) {
            scratch.append(id, length: word.count)
            return
        }
        scratch.merger.begin()
        var unknownLength = 0
        var position = word.lowerBound
        while position < word.upperBound {
            let next = min(word.upperBound, position + UTF8Bytes.length(bytes[position]))
            let isFirst = position == word.lowerBound
            let isLast = next == word.upperBound
            if let id = characterID(
                bytes, position..<next, isFirst: isFirst, isLast: isLast, &scratch)
            {
                flushUnknown(&unknownLength, into: &scratch)
                scratch.merger.append(id, length: next - position)
            } else if !appendBytes(
                bytes, position..<next, isFirst: isFirst, isLast: isLast, &scratch)
            {
                if !fusesUnknown { flushUnknown(&unknownLength, into: &scratch) }
                unknownLength += next - position
            }
            position = next
        }
        flushUnknown(&unknownLength, into: &scratch)
        scratch.merger.merge(by: ranks)
        scratch.takeMerged()
    }

    private func characterID(
        _ bytes: [UInt8], _ range: Range<Int>, isFirst: Bool, isLast: Bool,
        _ scratch: inout TokenizerScratch
    ) -> Int32? {
        let hasPrefix = !isFirst && !prefixBytes.isEmpty
        let hasSuffix = isLast && !suffixBytes.isEmpty
        guard hasPrefix || hasSuffix else { return vocabulary.id(of: bytes, range) }
        scratch.buffer.removeAll(keepingCapacity: true)
        if hasPrefix { scratch.buffer += prefixBytes }
        scratch.buffer += bytes[range]
        if hasSuffix { scratch.buffer += suffixBytes }
        return vocabulary.id(of: scratch.buffer, scratch.buffer.indices)
    }

    /// Appends the pieces of a character's bytes, the marks of a word's inside and end among them, if there is
    /// one for each.
    private func appendBytes(
        _ bytes: [UInt8], _ range: Range<Int>, isFirst: Bool, isLast: Bool,
        _ scratch: inout TokenizerScratch
    ) -> Bool {
        guard hasByteFallback else { return false }
        let all =
            (isFirst ? [] : prefixBytes[...]) + bytes[range] + (isLast ? suffixBytes[...] : [])
        guard all.allSatisfy({ byteIDs[Int($0)] >= 0 }) else { return false }
        for byte in all { scratch.merger.append(byteIDs[Int(byte)], length: 1) }
        return true
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
