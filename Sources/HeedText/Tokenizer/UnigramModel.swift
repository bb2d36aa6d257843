import HeedFormats

/// Pieces with log-probabilities, of which the most probable sequence is taken (Kudo, 2018), found by
/// Viterbi's algorithm.
struct UnigramModel: Sendable {
    /// How sums are rounded and what else differs between the two programs that have such models.
    enum Arithmetic: Sendable {
        /// The `tokenizers` library: double precision; unknown characters are fused before they fall back to
        /// bytes.
        case double
        /// sentencepiece: single precision.
        case single
    }

    let vocabulary: Vocabulary
    /// The score of each id.
    let scores: [Double]
    /// The scores that are added up.
    private let summands: [Double]
    /// The id of the unknown piece.
    let unknownID: Int32?
    /// Whether unknown characters become pieces of their bytes.
    let hasByteFallback: Bool
    let arithmetic: Arithmetic

    private let trie: ByteTrie
    private let unknownScore: Double
    /// The id of each byte, or −1; empty unless all of a character may be there.
    private let byteIDs: [Int32]
    /// Pieces that are always taken, with a bonus in the place of a score.
    private let userDefined: Set<Int32>
    private let hidden: Set<Int32>
    private let unscored: Set<Int32>

    /// What each byte of a piece that a user defined is worth to sentencepiece 0.2.3, but for the first.
    private static let userBonus: Float = 0.1

    /// An unknown character costs so much more than the worst piece.
    private static let unknownPenalty = 10.0

    /// Makes a model.
    ///
    /// - Parameters:
    ///   - numbers: the scores as they stand in a file; if nil, as they would.
    ///   - hidden: pieces that no text has.
    ///   - unscored: pieces whose scores do not count for the smallest one.
    init(
        vocabulary: Vocabulary, scores: [Double], numbers: [JSONNumber]? = nil,
        unknownID: Int32?, hasByteFallback: Bool,
        arithmetic: Arithmetic = .double, userDefined: Set<Int32> = [],
        hidden: Set<Int32> = [], unscored: Set<Int32> = []
    ) {
        self.vocabulary = vocabulary
        self.scores = scores
        self.unknownID = unknownID
        self.hasByteFallback = hasByteFallback
        self.arithmetic = arithmetic
        self.userDefined = userDefined
        self.hidden = hidden
        self.unscored = unscored
        // The library reads a number with two roundings; which of two equal sums is larger depends on them.
        summands =
            arithmetic == .single
            ? scores
            : (numbers ?? scores.compactMap(JSONNumber.init)).map(\.twiceRoundedValue)
        var trie = ByteTrie()
        var minimum = Double.infinity
        for id in 0..<Int32(scores.count) {
            if !unscored.contains(id) {
                minimum = min(minimum, summands[Int(id)])
            }
            if !hidden.contains(id), let bytes = vocabulary.bytes(of: id) {
                trie.insert(bytes, piece: id)
            }
        }
        self.trie = trie
        unknownScore =
            arithmetic == .single
            ? Double(Float(minimum) - Float(Self.unknownPenalty)) : minimum - Self.unknownPenalty
        byteIDs =
            hasByteFallback
            ? (0...255).map { vocabulary.id(of: BytePieces.piece(of: UInt8($0))) ?? -1 } : []
    }

    /// Appends the ids of a word, and how many bytes of it each stands for.
    func encode(_ bytes: [UInt8], _ word: Range<Int>, into scratch: inout TokenizerScratch) throws {
        scratch.lattice.prepare(word.count)
        search(bytes, word, &scratch.lattice)
        scratch.lattice.findPath(to: word.count)
        for node in scratch.lattice.path.reversed() {
            let range = word.lowerBound + node.start..<word.lowerBound + node.end
            if node.id >= 0 {
                scratch.append(node.id, length: range.count)
            } else {
                try appendUnknown(bytes, range, into: &scratch)
            }
        }
    }

    private func search(_ bytes: [UInt8], _ word: Range<Int>, _ lattice: inout Lattice) {
        var position = 0
        while position < word.count {
            let start = word.lowerBound + position
            let length = min(UTF8Bytes.length(bytes[start]), word.count - position)
            let score = lattice.scores[position]
            var isCovered = false
            var step = ByteTrie.root
            var index = start
            while index < word.upperBound, let next = trie.step(step, bytes[index]) {
                step = next
                index += 1
                guard step.piece >= 0 else { continue }
                let count = index - start
                if count == length { isCovered = true }
                let own =
                    userDefined.contains(step.piece)
                    ? Double(Float(count) * Self.userBonus) - 0.1 : summands[Int(step.piece)]
                take(own + score, from: position, to: position + count, step.piece, &lattice)
            }
            if !isCovered {
                take(unknownScore + score, from: position, to: position + length, -1, &lattice)
            }
            position += length
        }
    }

    @inline(__always)
    private func take(
        _ score: Double, from start: Int, to end: Int, _ id: Int32, _ lattice: inout Lattice
    ) {
        let score = arithmetic == .single ? Double(Float(score)) : score
        guard lattice.starts[end] < 0 || score > lattice.scores[end] else { return }
        lattice.scores[end] = score
        lattice.starts[end] = Int32(truncatingIfNeeded: start)
        lattice.ids[end] = id == unknownID ? -1 : id
    }

    /// Appends unknown characters: as bytes if all of them have pieces, else as one unknown piece.
    private func appendUnknown(
        _ bytes: [UInt8], _ range: Range<Int>, into scratch: inout TokenizerScratch
    ) throws {
        // The characters may be a piece that no search finds, since it is the unknown one.
        if arithmetic == .double, let id = vocabulary.id(of: bytes, range) {
            scratch.append(id, length: range.count)
            return
        }
        if hasByteFallback, bytes[range].allSatisfy({ byteIDs[Int($0)] >= 0 }) {
            if arithmetic == .single {
                return appendBytesOfCharacters(bytes, range, into: &scratch)
            }
            for byte in bytes[range].dropLast() {
                scratch.append(byteIDs[Int(byte)], sharing: range.count)
            }
            scratch.append(byteIDs[Int(bytes[range.upperBound - 1])], length: range.count)
            return
        }
        guard let unknownID else { throw TokenizerError.noUnknownPiece }
        scratch.append(unknownID, length: range.count)
    }

    /// sentencepiece: the last byte of a character stands for all of it, the others for nothing.
    private func appendBytesOfCharacters(
        _ bytes: [UInt8], _ range: Range<Int>, into scratch: inout TokenizerScratch
    ) {
        var position = range.lowerBound
        while position < range.upperBound {
            let next = min(range.upperBound, position + UTF8Bytes.length(bytes[position]))
            for index in position..<next {
                scratch.append(
                    byteIDs[Int(bytes[index])], length: index + 1 == next ? next - position : 0)
            }
            position = next
        }
    }
}

/// The best way to each place of a word.
struct Lattice {
    fileprivate(set) var scores: [Double] = []
    fileprivate(set) var starts: [Int32] = []
    fileprivate(set) var ids: [Int32] = []
    /// Pieces from the last one to the first; unknown ones that stand together are one.
    private(set) var path: [(start: Int, end: Int, id: Int32)] = []

    /// Forgets everything and makes room for a word of so many bytes.
    fileprivate mutating func prepare(_ count: Int) {
        scores.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        ids.removeAll(keepingCapacity: true)
        scores.append(contentsOf: repeatElement(0, count: count + 1))
        starts.append(contentsOf: repeatElement(-1, count: count + 1))
        ids.append(contentsOf: repeatElement(-1, count: count + 1))
    }

    /// Goes back from the end of a word to its beginning.
    fileprivate mutating func findPath(to end: Int) {
        path.removeAll(keepingCapacity: true)
        var end = end
        while end > 0 {
            let start = Int(starts[end])
            if ids[end] < 0, let last = path.last, last.id < 0 {
                path[path.count - 1].start = start
            } else {
                path.append((start, end, ids[end]))
            }
            end = start
        }
    }
}

extension UnigramModel: TokenizerComponent {
    /// The type in files.
    static let type = "Unigram"

    init(json reader: JSONObjectReader) throws {
        var vocabulary = Vocabulary()
        var scores: [Double] = []
        var numbers: [JSONNumber] = []
        for (number, entry) in try reader.array("vocab").enumerated() {
            guard number < Vocabulary.maximumID, let pair = entry.arrayValue, pair.count == 2,
                let piece = pair[0].stringValue, case .number(let score) = pair[1],
                score.doubleValue.isFinite
            else {
                throw reader.elementError("vocab", number, entry, "must be a piece and its score")
            }
            guard vocabulary.insert(piece, id: Int32(number)) else {
                throw reader.elementError("vocab", number, entry, "has a piece that stands twice")
            }
            scores.append(score.doubleValue)
            numbers.append(score)
        }
        guard !scores.isEmpty else { throw reader.error("vocab", "must not be empty") }
        let last = scores.count - 1
        let unknown = try reader.optionalInt("unk_id", in: 0...last)
        // What sentencepiece's models have beside; Heed alone writes it.
        let extra = try reader.optionalObject(Self.extraName)
        func ids(_ name: String) throws -> Set<Int32> {
            guard let extra, extra.contains(name) else { return [] }
            return Set(try extra.ints(name, in: 0...last).map(Int32.init))
        }
        self.init(
            vocabulary: vocabulary, scores: scores, numbers: numbers,
            unknownID: unknown.map(Int32.init),
            hasByteFallback: try reader.bool("byte_fallback", default: false),
            arithmetic: extra == nil ? .double : .single, userDefined: try ids("user_defined"),
            hidden: try ids("hidden"), unscored: try ids("unscored"))
    }

    private static let extraName = "heed_sentencepiece"

    var json: JSONValue {
        let pieces = scores.enumerated().map { id, score in
            JSONValue.array([.string(vocabulary.piece(of: Int32(id)) ?? ""), .double(score)])
        }
        var object: JSONObject = [
            "type": .string(Self.type),
            "unk_id": unknownID.map { .int(Int($0)) } ?? .null, "vocab": .array(pieces),
            "byte_fallback": .bool(hasByteFallback),
        ]
        if arithmetic == .single {
            func list(_ ids: Set<Int32>) -> JSONValue { .array(ids.sorted().map { .int(Int($0)) }) }
            object.insert(
                [
                    "user_defined": list(userDefined), "hidden": list(hidden),
                    "unscored": list(unscored),
                ], forName: Self.extraName)
        }
        return .object(object)
    }
}
