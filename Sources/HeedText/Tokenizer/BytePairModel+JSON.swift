import HeedFormats

extension BytePairModel: TokenizerComponent {
    /// The type in files.
    static let type = "BPE"

    init(json reader: JSONObjectReader) throws {
        guard try reader.double("dropout", default: 0) == 0 else {
            throw reader.error("dropout", "is not supported: the same text must give the same ids")
        }
        let prefix = try reader.optionalString("continuing_subword_prefix")
        if let prefix { try checkLength(prefix, "continuing_subword_prefix", reader) }
        let vocabulary = try Vocabulary(json: reader.object("vocab"))
        let merges = try Self.merges(of: reader, vocabulary)
        let suffix = try reader.optionalString("end_of_word_suffix")
        if let suffix { try checkLength(suffix, "end_of_word_suffix", reader) }
        do {
            try self.init(
                vocabulary: vocabulary, merges: merges,
                unknownPiece: try reader.optionalString("unk_token"),
                fusesUnknown: try reader.bool("fuse_unk", default: false),
                wordSuffix: suffix == "" ? nil : suffix,
                hasByteFallback: try reader.bool("byte_fallback", default: false),
                continuingPrefix: prefix == "" ? nil : prefix,
                ignoresMerges: try reader.bool("ignore_merges", default: false))
        } catch let problem as BytePairModelProblem {
            let listed = try reader.array("merges")
            switch problem {
            case .unknownPieceMissing:
                throw reader.error("unk_token", "is not in the vocabulary")
            case .mergeOfMissingPiece(let rank):
                throw reader.elementError(
                    "merges", rank, listed[rank], "joins a piece without an id")
            case .mergeWithoutResult(let rank):
                throw reader.elementError(
                    "merges", rank, listed[rank], "gives a piece that is not in the vocabulary")
            }
        }
    }

    private static func merges(
        of reader: JSONObjectReader, _ vocabulary: Vocabulary
    ) throws -> [Merge] {
        var pieces: [UInt8] = []
        return try reader.array("merges").enumerated().map { rank, value in
            guard let count = append(value, to: &pieces) else {
                throw reader.elementError("merges", rank, value, "must be two pieces")
            }
            guard let left = vocabulary.id(of: pieces, 0..<count.left),
                let right = vocabulary.id(of: pieces, count.left..<count.left + count.right)
            else {
                throw reader.elementError("merges", rank, value, "joins a piece without an id")
            }
            return Merge(left: left, right: right)
        }
    }

    /// Puts the bytes of a merge's pieces into an array, one behind the other, and says how many each has.
    ///
    /// A merge is an array of two pieces, or in older files both with one space between.
    private static func append(
        _ value: JSONValue, to pieces: inout [UInt8]
    ) -> (left: Int, right: Int)? {
        pieces.removeAll(keepingCapacity: true)
        if let array = value.arrayValue {
            guard array.count == 2, let left = array[0].stringValue,
                let right = array[1].stringValue
            else { return nil }
            pieces.append(contentsOf: left.utf8)
            pieces.append(contentsOf: right.utf8)
            return (left.utf8.count, right.utf8.count)
        }
        guard let text = value.stringValue else { return nil }
        pieces.append(contentsOf: text.utf8)
        guard let space = pieces.firstIndex(of: 0x20) else { return nil }
        pieces.remove(at: space)
        guard space > 0, space < pieces.count, !pieces[space...].contains(0x20) else { return nil }
        return (space, pieces.count - space)
    }

    var json: JSONValue {
        let pairs = merges.map { merge in
            JSONValue.array(
                [merge.left, merge.right].map { .string(vocabulary.piece(of: $0) ?? "") })
        }
        return [
            "type": .string(Self.type), "dropout": nil,
            "unk_token": unknownPiece.map(JSONValue.string) ?? .null,
            "continuing_subword_prefix": continuingPrefix.map(JSONValue.string) ?? .null,
            "end_of_word_suffix": wordSuffix.map(JSONValue.string) ?? .null,
            "fuse_unk": .bool(fusesUnknown), "byte_fallback": .bool(hasByteFallback),
            "ignore_merges": .bool(ignoresMerges), "vocab": vocabulary.json,
            "merges": .array(pairs),
        ]
    }
}
