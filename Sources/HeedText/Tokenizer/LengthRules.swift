import HeedFormats

/// How a tokenizer cuts encodings that are too long: the `truncation` of a tokenizer.json.
struct Truncation: Sendable, Equatable {
    enum Direction: String, Sendable, CaseIterable {
        case left = "Left"
        case right = "Right"
    }

    enum Strategy: String, Sendable, CaseIterable {
        case longestFirst = "LongestFirst"
        case onlyFirst = "OnlyFirst"
        case onlySecond = "OnlySecond"
    }

    var maximumLength: Int
    var strategy = Strategy.longestFirst
    var direction = Direction.right
    /// How many tokens of a cut text the next piece of it repeats.
    var stride = 0

    /// More tokens in pieces that were cut off are refused: two long texts have a piece for each pair of theirs.
    static let maximumOverflow = 1 << 24

    /// Cuts one or two texts to a length together.
    ///
    /// - Parameter keepsOverflow: whether what is cut off stays beside the parts.
    /// - Throws: `TokenizerError` where the text that shall be cut is too short or missing, or pieces cannot overlap
    ///   as the file says.
    func apply(
        to parts: inout [EncodingPart], addedCount: Int, keepsOverflow: Bool = false
    ) throws {
        let whole = keepsOverflow ? parts : []
        try cutToLength(&parts, addedCount)
        var combinations = 1
        for (index, whole) in whole.enumerated() where whole.ids.count > parts[index].ids.count {
            let ranges = try pieces(of: whole.ids.count, length: parts[index].ids.count)
            combinations *= ranges.count
            guard combinations * max(maximumLength, 1) <= Self.maximumOverflow else {
                throw TokenizerError.tooMuchOverflow
            }
            parts[index].overflow = ranges.dropFirst().map { whole[$0] }
        }
    }

    /// The ranges of a text of so many tokens that pieces of a length cover, the one that is kept first.
    private func pieces(of count: Int, length: Int) throws -> [Range<Int>] {
        guard length > 0 else { return [0..<0, 0..<count] }
        guard stride < length else {
            throw TokenizerError.badStride(stride, length: length)
        }
        let step = length - stride
        var ranges: [Range<Int>] = []
        var done = 0
        repeat {
            let end = min(done + length, count)
            ranges.append(direction == .right ? done..<end : count - end..<count - done)
            done = end < count ? done + step : count
        } while done < count
        return ranges
    }

    private func cutToLength(_ parts: inout [EncodingPart], _ addedCount: Int) throws {
        // As in the `tokenizers` library, a length that the added tokens alone exceed cuts nothing.
        guard maximumLength >= addedCount else { return }
        let limit = maximumLength - addedCount
        let counts = parts.map(\.ids.count)
        let total = counts.reduce(0, +)
        guard total > limit || limit == 0 else { return }
        guard limit > 0 else {
            for index in parts.indices { cut(&parts[index], to: 0) }
            return
        }
        let excess = total - limit
        switch strategy {
        case .longestFirst:
            guard parts.count > 1 else { return cut(&parts[0], to: limit) }
            let kept = Self.shares(counts[0], counts[1], limit)
            cut(&parts[0], to: kept.first)
            cut(&parts[1], to: kept.second)
        case .onlyFirst, .onlySecond:
            let index = strategy == .onlyFirst ? 0 : 1
            guard index < parts.count, counts[index] > excess else {
                throw TokenizerError.cannotTruncate(to: maximumLength)
            }
            cut(&parts[index], to: counts[index] - excess)
        }
    }

    /// How much is kept of two lengths: the shorter one stays whole if it is at most half.
    private static func shares(_ first: Int, _ second: Int, _ limit: Int) -> (
        first: Int, second: Int
    ) {
        var shorter = min(first, second)
        var longer = shorter > limit ? shorter : max(shorter, limit - shorter)
        if shorter + longer > limit {
            shorter = limit / 2
            longer = shorter + limit % 2
        }
        return first > second ? (longer, shorter) : (shorter, longer)
    }

    private func cut(_ part: inout EncodingPart, to count: Int) {
        guard part.ids.count > count else { return }
        part = part[direction == .right ? 0..<count : part.ids.count - count..<part.ids.count]
    }
}

extension Truncation: TokenizerComponent {
    init(json reader: JSONObjectReader) throws {
        maximumLength = try reader.int("max_length", in: 0...1 << 30)
        strategy = try reader.choice("strategy", default: .longestFirst)
        direction = try reader.choice("direction", default: .right)
        stride = try reader.int("stride", in: 0...1 << 30, default: 0)
    }

    var json: JSONValue {
        [
            "direction": .string(direction.rawValue), "max_length": .int(maximumLength),
            "strategy": .string(strategy.rawValue), "stride": .int(stride),
        ]
    }
}

/// How a tokenizer fills encodings up: the `padding` of a tokenizer.json.
struct Padding: Sendable, Equatable {
    /// The length, or nil for that of the longest encoding of a batch.
    var length: Int?
    var direction = Truncation.Direction.right
    var multiple: Int?
    var id: Int32 = 0
    var typeID: Int32 = 0
    var token = "[PAD]"

    /// Longer paddings are refused: a short file must not ask for much memory.
    private static let maximumLength = 1 << 20

    /// The length of encodings of which the longest has so many tokens.
    func targetLength(longest: Int) -> Int {
        let wanted = length ?? longest
        guard let multiple, multiple > 0, wanted % multiple > 0 else { return wanted }
        return wanted + multiple - wanted % multiple
    }

    /// Fills an encoding up.
    func apply(to encoding: inout Encoding, length: Int) {
        let count = length - encoding.count
        guard count > 0 else { return }
        let ids = [Int32](repeating: id, count: count)
        let types = [Int32](repeating: typeID, count: count)
        let nothing = [Range<Int>](repeating: 0..<0, count: count)
        let yes = [Bool](repeating: true, count: count)
        let no = [Bool](repeating: false, count: count)
        let none = [Int8](repeating: -1, count: count)
        let place = direction == .left ? 0 : encoding.count
        encoding.ids.insert(contentsOf: ids, at: place)
        encoding.typeIDs.insert(contentsOf: types, at: place)
        encoding.byteOffsets.insert(contentsOf: nothing, at: place)
        encoding.scalarOffsets.insert(contentsOf: nothing, at: place)
        encoding.specialMask.insert(contentsOf: yes, at: place)
        encoding.attentionMask.insert(contentsOf: no, at: place)
        encoding.sequences.insert(contentsOf: none, at: place)
    }
}

extension Padding: TokenizerComponent {
    init(json reader: JSONObjectReader) throws {
        let strategy = try reader.value("strategy")
        if let fixed = try? JSONObjectReader(
            strategy, file: reader.file, path: reader.path(of: "strategy"))
        {
            length = try fixed.int("Fixed", in: 0...Self.maximumLength)
        } else if strategy.stringValue != "BatchLongest" {
            throw reader.error("strategy", "must be \"BatchLongest\" or {\"Fixed\": n}")
        }
        direction = try reader.choice("direction", default: .right)
        multiple = try reader.optionalInt("pad_to_multiple_of", in: 0...Self.maximumLength)
        id = Int32(try reader.int("pad_id", in: 0...Vocabulary.maximumID - 1, default: 0))
        typeID = Int32(try reader.int("pad_type_id", in: 0...Vocabulary.maximumID, default: 0))
        token = try reader.string("pad_token", default: "[PAD]")
    }

    var json: JSONValue {
        [
            "strategy": length.map { ["Fixed": .int($0)] } ?? "BatchLongest",
            "direction": .string(direction.rawValue),
            "pad_to_multiple_of": multiple.map(JSONValue.int) ?? .null, "pad_id": .int(Int(id)),
            "pad_type_id": .int(Int(typeID)), "pad_token": .string(token),
        ]
    }
}
