import HeedFormats

/// sentencepiece's byte pairs: of all neighbours whose union is a piece, those with the best score become one.
struct ScoredPairModel: Sendable {
    let vocabulary: Vocabulary
    let scores: [Double]
    let unknownID: Int32?
    let hasByteFallback: Bool
    /// Pieces that are taken wherever they stand and never merged.
    let userDefined: Set<Int32>
    /// Pieces that no text has: controls, bytes and the unknown one.
    private let hidden: Set<Int32>
    /// Pieces that are merged, but taken apart again when all is merged.
    private let unused: Set<Int32>

    /// The pieces and, behind them, characters that occur in pieces but are none.
    private let symbols: Vocabulary
    private let ranks: PairTable
    private let userTrie: ByteTrie
    private let byteIDs: [Int32]

    init(
        vocabulary: Vocabulary, scores: [Double], unknownID: Int32?, hasByteFallback: Bool,
        userDefined: Set<Int32> = [], hidden: Set<Int32> = [], unused: Set<Int32> = []
    ) {
        self.vocabulary = vocabulary
        self.scores = scores
        self.unknownID = unknownID
        self.hasByteFallback = hasByteFallback
        self.userDefined = userDefined
        self.hidden = hidden
        self.unused = unused
        var symbols = vocabulary
        var userTrie = ByteTrie()
        let searched = (0..<Int32(scores.count)).filter { !hidden.contains($0) }
        for id in searched {
            let bytes = Array(vocabulary.bytes(of: id) ?? [])
            if userDefined.contains(id) { userTrie.insert(bytes, piece: id) }
            for range in bytes.characterRanges {
                _ = symbols.append(String(decoding: bytes[range], as: UTF8.self))
            }
        }
        // Equal scores are equal ranks, of which the leftmost pair goes first.
        let order = Set(searched.map { scores[Int($0)] }).sorted(by: >)
        var rankOf: [Double: Int] = [:]
        for (rank, score) in order.enumerated() { rankOf[score] = rank }
        var ranks = PairTable(capacity: 2 * scores.count)
        for id in searched where !userDefined.contains(id) {
            let bytes = Array(vocabulary.bytes(of: id) ?? [])
            guard bytes.count <= Self.longestPiece else { continue }
            for range in bytes.characterRanges.dropFirst() {
                guard let left = symbols.id(of: bytes, 0..<range.lowerBound),
                    let right = symbols.id(of: bytes, range.lowerBound..<bytes.count),
                    !hidden.contains(left), !hidden.contains(right), !userDefined.contains(left),
                    !userDefined.contains(right)
                else { continue }
                let rank = rankOf[scores[Int(id)]] ?? 0
                ranks.set(UInt64(rank) << 32 | UInt64(id), for: left, right)
            }
        }
        self.symbols = symbols
        self.ranks = ranks
        self.userTrie = userTrie
        byteIDs =
            hasByteFallback
            ? (0...255).map { vocabulary.id(of: BytePieces.piece(of: UInt8($0))) ?? -1 } : []
    }

    /// Longer pieces are never merged: each would cost the square of its length.
    private static let longestPiece = 1024

    /// Appends the ids of a word, and how many bytes of it each stands for.
    func encode(_ bytes: [UInt8], _ word: Range<Int>, into scratch: inout TokenizerScratch) throws {
        scratch.merger.begin()
        var position = word.lowerBound
        while position < word.upperBound {
            if let user = userTrie.longest(bytes, position..<word.upperBound) {
                scratch.merger.append(user.piece, length: user.end - position)
                position = user.end
                continue
            }
            let next = min(word.upperBound, position + UTF8Bytes.length(bytes[position]))
            let id = symbols.id(of: bytes, position..<next).flatMap {
                hidden.contains($0) ? nil : $0
            }
            scratch.merger.append(id ?? Self.unknown, length: next - position)
            position = next
        }
        scratch.merger.merge(by: ranks, recordingPairs: !unused.isEmpty)
        if !unused.isEmpty { takeApart(&scratch.merger) }
        try takeMerged(bytes, word, into: &scratch)
    }

    /// Puts the two symbols that were seen last to make a piece that is not used into its place.
    private func takeApart(_ merger: inout SymbolMerger) {
        guard merger.ids.contains(where: unused.contains) else { return }
        var waiting = Array(zip(merger.ids, merger.lengths))
        waiting.reverse()
        merger.begin()
        while let (id, length) = waiting.popLast() {
            guard unused.contains(id) else {
                merger.append(id, length: length)
                continue
            }
            guard let pair = merger.pairs[id] else {
                // A single character that is not used is unknown.
                merger.append(Self.unknown, length: length)
                continue
            }
            let left = symbols.bytes(of: pair.left)?.count ?? 0
            waiting.append((pair.right, length - left))
            waiting.append((pair.left, left))
        }
    }

    /// The symbol of a character that is in no piece.
    private static let unknown = Int32.max

    private func takeMerged(
        _ bytes: [UInt8], _ word: Range<Int>, into scratch: inout TokenizerScratch
    ) throws {
        var position = word.lowerBound
        var unknownLength = 0
        func flush(_ scratch: inout TokenizerScratch) throws {
            guard unknownLength > 0 else { return }
            guard let unknownID else { throw TokenizerError.noUnknownPiece }
            scratch.append(unknownID, length: unknownLength)
            unknownLength = 0
        }
        for (id, length) in zip(scratch.merger.ids, scratch.merger.lengths) {
            let range = position..<position + length
            position += length
            if Int(id) < scores.count, id != unknownID {
                try flush(&scratch)
                scratch.append(id, length: length)
            } else if hasByteFallback, bytes[range].allSatisfy({ byteIDs[Int($0)] >= 0 }) {
                try flush(&scratch)
                for index in range {
                    scratch.append(
                        byteIDs[Int(bytes[index])],
                        length: index + 1 == range.upperBound ? length : 0)
                }
            } else {
                unknownLength += length
            }
        }
        try flush(&scratch)
    }
}

extension [UInt8] {
    /// The characters of valid UTF-8.
    fileprivate var characterRanges: [Range<Int>] {
        var ranges: [Range<Int>] = []
        var position = 0
        while position < count {
            let next = Swift.min(count, position + UTF8Bytes.length(self[position]))
            ranges.append(position..<next)
            position = next
        }
        return ranges
    }
}

extension ScoredPairModel: TokenizerComponent {
    /// The type in files, which Heed alone writes.
    static let type = "HeedScoredPairs"

    init(json reader: JSONObjectReader) throws {
        let pieces = try UnigramModel(json: reader)
        let last = pieces.scores.count - 1
        func ids(_ name: String) throws -> Set<Int32> {
            guard try reader.optionalArray(name) != nil else { return [] }
            return Set(try reader.ints(name, in: 0...last).map(Int32.init))
        }
        self.init(
            vocabulary: pieces.vocabulary, scores: pieces.scores, unknownID: pieces.unknownID,
            hasByteFallback: pieces.hasByteFallback, userDefined: try ids("user_defined"),
            hidden: try ids("hidden"), unused: try ids("unused"))
    }

    var json: JSONValue {
        func list(_ ids: Set<Int32>) -> JSONValue { .array(ids.sorted().map { .int(Int($0)) }) }
        let pieces = scores.enumerated().map { id, score in
            JSONValue.array([.string(vocabulary.piece(of: Int32(id)) ?? ""), .double(score)])
        }
        return [
            "type": .string(Self.type), "unk_id": unknownID.map { .int(Int($0)) } ?? .null,
            "vocab": .array(pieces), "byte_fallback": .bool(hasByteFallback),
            "user_defined": list(userDefined), "hidden": list(hidden), "unused": list(unused),
        ]
    }
}
