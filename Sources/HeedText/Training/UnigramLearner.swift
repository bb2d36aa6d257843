import Foundation

/// Learns pieces and their log-probabilities from words and their counts (Kudo, 2018): begins with the substrings
/// that occur most often, makes the words as probable as it can by expectation and maximization, and takes away, a
/// quarter at a time, the pieces that can best be done without.
struct UnigramLearner {
    /// A piece, and the logarithm of its probability.
    struct Piece {
        let text: String
        let score: Double
    }

    /// Substrings of more characters are not considered.
    private static let longestPiece = 16
    /// So many times more pieces than wanted are there in the beginning.
    private static let seedFactor = 10
    /// What is left of the pieces at each step.
    private static let keptShare = 0.75
    private static let roundsPerStep = 2
    /// A piece expected more rarely is taken away at once.
    private static let leastExpectation = 0.5

    private let minimumCount: Int
    private var words: [(bytes: [UInt8], count: Double)] = []

    private var pieces: [[UInt8]] = []
    private var scores: [Double] = []
    /// Whether a piece is a single character, of which all stay.
    private var isCharacter: [Bool] = []
    private var trie = ByteTrie()

    init(minimumCount: Int) {
        self.minimumCount = minimumCount
    }

    /// Adds a word, with how often it occurs.
    mutating func add(_ word: [UInt8], count: Int) { words.append((word, Double(count))) }

    /// The best pieces, at most `limit`, the most probable first; `progress` gets the numbers of steps done and of
    /// all.
    mutating func learn(limit: Int, progress: (Int, Int) -> Void) -> [Piece] {
        seed(limit: limit)
        let steps = max(
            1, Int(log(Double(max(pieces.count, 1)) / Double(limit)) / -log(Self.keptShare)) + 1)
        var done = 0
        while true {
            for _ in 0..<Self.roundsPerStep { maximize(expectation()) }
            done += 1
            progress(min(done, steps), steps)
            guard pieces.count > limit,
                prune(to: max(limit, Int(Double(pieces.count) * Self.keptShare)))
            else { break }
        }
        return finished(limit)
    }

    // MARK: The beginning

    private mutating func seed(limit: Int) {
        var table = ByteStringTable()
        var counts: [Double] = []
        var lengths: [Int] = []
        for word in words {
            let starts =
                word.bytes.indices.filter { word.bytes[$0] & 0xC0 != 0x80 } + [word.bytes.count]
            for first in 0..<starts.count - 1 {
                for last in first + 1..<min(starts.count, first + Self.longestPiece + 1) {
                    let found = table.insert(word.bytes, starts[first]..<starts[last])
                    if found.isNew {
                        counts.append(0)
                        lengths.append(last - first)
                    }
                    counts[found.number] += word.count
                }
            }
        }
        let order = counts.indices.filter {
            lengths[$0] == 1 || counts[$0] >= Double(max(2, minimumCount))
        }.sorted { a, b in
            let (x, y) = (counts[a] * Double(lengths[a]), counts[b] * Double(lengths[b]))
            if (lengths[a] == 1) != (lengths[b] == 1) { return lengths[a] == 1 }
            return x != y ? x > y : table[a].lexicographicallyPrecedes(table[b])
        }
        let characters = order.count { lengths[$0] == 1 }
        let kept = order.prefix(characters + min(limit, order.count) * Self.seedFactor)
        let total = kept.reduce(0) { $0 + counts[$1] * Double(lengths[$1]) }
        pieces = kept.map { Array(table[$0]) }
        scores = kept.map { log(counts[$0] * Double(lengths[$0]) / total) }
        isCharacter = kept.map { lengths[$0] == 1 }
        rebuild()
    }

    private mutating func rebuild() {
        trie = ByteTrie()
        for (number, piece) in pieces.enumerated() {
            trie.insert(piece, piece: Int32(truncatingIfNeeded: number))
        }
    }

    // MARK: Expectation and maximization

    /// Calls `body` with the end and the number of each piece at a position.
    private func forEachPiece(
        _ bytes: [UInt8], at position: Int, _ body: (_ end: Int, _ piece: Int) -> Void
    ) {
        var step = ByteTrie.root
        var index = position
        while index < bytes.count, let next = trie.step(step, bytes[index]) {
            step = next
            index += 1
            if step.piece >= 0 { body(index, Int(step.piece)) }
        }
    }

    private static func logSum(_ a: Double, _ b: Double) -> Double {
        let (small, large) = a < b ? (a, b) : (b, a)
        return small == -.infinity ? large : large + log1p(exp(small - large))
    }

    /// How often each piece is expected in the words.
    private func expectation() -> [Double] {
        var expected = [Double](repeating: 0, count: pieces.count)
        for word in words {
            let count = word.bytes.count
            var forward = [Double](repeating: -.infinity, count: count + 1)
            var backward = forward
            forward[0] = 0
            backward[count] = 0
            for position in 0..<count where forward[position] > -.infinity {
                forEachPiece(word.bytes, at: position) { end, piece in
                    forward[end] = Self.logSum(forward[end], forward[position] + scores[piece])
                }
            }
            for position in stride(from: count - 1, through: 0, by: -1) {
                forEachPiece(word.bytes, at: position) { end, piece in
                    backward[position] = Self.logSum(
                        backward[position], backward[end] + scores[piece])
                }
            }
            guard forward[count] > -.infinity else { continue }
            for position in 0..<count where forward[position] > -.infinity {
                forEachPiece(word.bytes, at: position) { end, piece in
                    let logProbability =
                        forward[position] + scores[piece] + backward[end] - forward[count]
                    expected[piece] += word.count * exp(logProbability)
                }
            }
        }
        return expected
    }

    /// Sets the scores from expected counts; rare pieces go. The digamma function in the place of the logarithm takes
    /// from the rare and gives to the frequent.
    private mutating func maximize(_ expected: [Double]) {
        let kept = pieces.indices.filter {
            isCharacter[$0] || expected[$0] >= Self.leastExpectation
        }
        let counts = kept.map { max(expected[$0], Self.leastExpectation) }
        let total = Self.digamma(counts.reduce(0, +))
        keep(kept)
        scores = counts.map { Self.digamma($0) - total }
    }

    private mutating func keep(_ kept: [Int]) {
        guard kept.count < pieces.count else { return }
        pieces = kept.map { pieces[$0] }
        scores = kept.map { scores[$0] }
        isCharacter = kept.map { isCharacter[$0] }
        rebuild()
    }

    private static func digamma(_ value: Double) -> Double {
        var (value, result) = (value, 0.0)
        while value < 7 {
            result -= 1 / value
            value += 1
        }
        value -= 0.5
        let square = 1 / (value * value)
        return result + log(value) + square / 24 - 7 * square * square / 960
            + 31 * square * square * square / 8064
    }

    // MARK: Pruning

    /// Takes away pieces until `count` are left; says whether some went.
    private mutating func prune(to count: Int) -> Bool {
        let (frequencies, total) = bestCounts()
        let logTotal = log(total)
        var losses: [(loss: Double, piece: Int)] = []
        var kept: [Int] = []
        for piece in pieces.indices {
            guard !isCharacter[piece] else {
                kept.append(piece)
                continue
            }
            let parts = bestPath(pieces[piece], without: piece)
            guard frequencies[piece] > 0, !parts.isEmpty else {
                if parts.isEmpty { kept.append(piece) }
                continue
            }
            // How much less probable the words become when the piece's parts do its work.
            let frequency = frequencies[piece]
            let own = log(frequency) - logTotal
            let newTotal = log(total + frequency * Double(parts.count - 1))
            let other = parts.reduce(0) { $0 + log(frequencies[$1] + frequency) - newTotal }
            losses.append((frequency / total * (own - other), piece))
        }
        losses.sort { a, b in
            a.loss != b.loss
                ? a.loss > b.loss : pieces[a.piece].lexicographicallyPrecedes(pieces[b.piece])
        }
        let before = pieces.count
        kept += losses.prefix(max(0, count - kept.count)).map(\.piece)
        keep(kept.sorted())
        return pieces.count < before
    }

    /// How often each piece stands in the best cuts of all words, and how many pieces these are.
    private func bestCounts() -> (counts: [Double], total: Double) {
        var counts = [Double](repeating: 0, count: pieces.count)
        var total = 0.0
        for word in words {
            for piece in bestPath(word.bytes, without: -1) {
                counts[piece] += word.count
                total += word.count
            }
        }
        return (counts, max(total, 1))
    }

    /// The most probable pieces of a text, one of them left out; none where there is no way.
    private func bestPath(_ bytes: [UInt8], without excluded: Int) -> [Int] {
        var best = [Double](repeating: -.infinity, count: bytes.count + 1)
        var from = [(start: Int, piece: Int)](repeating: (0, -1), count: bytes.count + 1)
        best[0] = 0
        for position in bytes.indices where best[position] > -.infinity {
            forEachPiece(bytes, at: position) { end, piece in
                let score = best[position] + scores[piece]
                if piece != excluded, score > best[end] {
                    best[end] = score
                    from[end] = (position, piece)
                }
            }
        }
        guard best[bytes.count] > -.infinity else { return [] }
        var path: [Int] = []
        var end = bytes.count
        while end > 0 {
            path.append(from[end].piece)
            end = from[end].start
        }
        return path
    }

    private func finished(_ limit: Int) -> [Piece] {
        let order = pieces.indices.sorted { a, b in
            scores[a] != scores[b]
                ? scores[a] > scores[b] : pieces[a].lexicographicallyPrecedes(pieces[b])
        }
        // Characters first: without them words could not be cut.
        let characters = order.filter { isCharacter[$0] }.prefix(limit)
        let others = order.filter { !isCharacter[$0] }.prefix(limit - characters.count)
        let kept = Set(characters).union(others)
        return order.filter(kept.contains).map {
            Piece(text: String(decoding: pieces[$0], as: UTF8.self), score: scores[$0])
        }
    }
}
