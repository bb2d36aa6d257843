import HeedFormats

/// Puts special tokens around a sequence: the `TemplateProcessing` of a tokenizer.json.
struct TemplateProcessor: Sendable, Equatable {
    /// A part of the template.
    enum Part: Sendable, Equatable {
        /// The first sequence (`A`) or the second one (`B`).
        case sequence(String, typeID: Int)
        /// A special token, by name.
        case special(String, typeID: Int)
    }

    /// What a name of the template stands for.
    struct Special: Sendable, Equatable {
        let name: String
        let ids: [Int32]
        let tokens: [String]
    }

    let single: [Part]
    let pair: [Part]
    let specials: [Special]

    /// Ids that a template adds at most: each sequence gets them all.
    static let maximumAddedIDs = 1024

    private func special(_ name: String) -> Special? {
        specials.first { $0.name.hasSameBytes(as: name) }
    }

    /// How many ids are added to one text or to a pair.
    func addedCount(isPair: Bool) -> Int {
        (isPair ? pair : single).reduce(0) { count, part in
            if case .special(let name, _) = part {
                count + (special(name)?.ids.count ?? 0)
            } else {
                count
            }
        }
    }

    /// The parts of the template in their order.
    func process(_ parts: [EncodingPart], addingSpecialTokens: Bool) -> [EncodingPart] {
        (parts.count > 1 ? pair : single).compactMap { part in
            switch part {
            case .sequence(let name, let typeID):
                let number = name == "A" ? 0 : 1
                guard number < parts.count else { return nil }
                var sequence = parts[number]
                sequence.setType(Int32(truncatingIfNeeded: typeID))
                return sequence
            case .special(let name, let typeID):
                guard addingSpecialTokens, let special = special(name) else { return nil }
                return EncodingPart(special: special.ids, typeID: Int32(truncatingIfNeeded: typeID))
            }
        }
    }

    /// The ids before and after a single sequence.
    var surroundingIDs: (before: [Int32], after: [Int32]) {
        var before: [Int32] = []
        var after: [Int32] = []
        var hasSequence = false
        for part in single {
            switch part {
            case .sequence: hasSequence = true
            case .special(let name, _):
                let ids = special(name)?.ids ?? []
                if hasSequence { after += ids } else { before += ids }
            }
        }
        return (before, after)
    }
}

extension TemplateProcessor: TokenizerComponent {
    init(json reader: JSONObjectReader) throws {
        let defined = try reader.object("special_tokens")
        specials = try defined.object.names.map { name in
            let token = try defined.object(name)
            let ids = try token.ints("ids", in: 0...Vocabulary.maximumID)
            let tokens = try token.strings("tokens")
            guard ids.count == tokens.count else {
                throw token.error("ids", "must have as many elements as tokens")
            }
            return Special(name: name, ids: ids.map(Int32.init), tokens: tokens)
        }
        let names = Set(specials.map { Array($0.name.utf8) })
        single = try Self.parts(reader, "single", defined: names)
        pair = try Self.parts(reader, "pair", defined: names)
        guard Self.sequences(in: single) == ["A"] else {
            throw reader.error("single", "must have the sequence A once, and no other")
        }
        guard Self.sequences(in: pair).sorted() == ["A", "B"] else {
            throw reader.error("pair", "must have the sequences A and B once each")
        }
        var counts = NameDictionary<Int>()
        for special in specials { counts[special.name] = special.ids.count }
        for (name, parts) in [("single", single), ("pair", pair)] {
            var added = 0
            for case .special(let special, _) in parts where added <= Self.maximumAddedIDs {
                // A special token may stand for no id at all.
                added += max(1, counts[special] ?? 0)
            }
            guard added <= Self.maximumAddedIDs else {
                throw reader.error(name, "adds more than \(Self.maximumAddedIDs) tokens")
            }
        }
    }

    private static func sequences(in parts: [Part]) -> [String] {
        parts.compactMap { if case .sequence(let id, _) = $0 { id } else { nil } }
    }

    private static func parts(
        _ reader: JSONObjectReader, _ name: String, defined: Set<[UInt8]>
    ) throws -> [Part] {
        try reader.objects(name).map { part in
            if let sequence = try part.optionalObject("Sequence") {
                return .sequence(
                    try sequence.string("id"),
                    typeID: try sequence.int("type_id", in: 0...Int(Int32.max)))
            }
            let special = try part.object("SpecialToken")
            let id = try special.string("id")
            guard defined.contains(Array(id.utf8)) else {
                throw special.error("id", "is not among special_tokens")
            }
            return .special(id, typeID: try special.int("type_id", in: 0...Int(Int32.max)))
        }
    }

    var json: JSONValue {
        var defined = JSONObject()
        for special in specials {
            defined.insert(
                [
                    "id": .string(special.name), "ids": .array(special.ids.map { .int(Int($0)) }),
                    "tokens": .array(special.tokens.map(JSONValue.string)),
                ], forName: special.name)
        }
        return [
            "type": "TemplateProcessing", "single": .array(single.map(\.json)),
            "pair": .array(pair.map(\.json)), "special_tokens": .object(defined),
        ]
    }
}

extension TemplateProcessor.Part {
    var json: JSONValue {
        switch self {
        case .sequence(let id, let type):
            ["Sequence": ["id": .string(id), "type_id": .int(type)]]
        case .special(let id, let type):
            ["SpecialToken": ["id": .string(id), "type_id": .int(type)]]
        }
    }
}
