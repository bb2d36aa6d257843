import HeedFormats

/// What puts encoded texts together and special tokens around them: the `post_processor` of a tokenizer.json.
indirect enum PostProcessor: Sendable, Equatable {
    case template(TemplateProcessor)
    case bert(SeparatorProcessor)
    case roberta(SeparatorProcessor, trimsOffsets: Bool, addsSpace: Bool)
    case byteLevel(trimsOffsets: Bool, addsSpace: Bool, splits: Bool)
    case sequence([PostProcessor])

    /// How many tokens are added to one text or to a pair.
    func addedCount(isPair: Bool) -> Int {
        switch self {
        case .template(let template): template.addedCount(isPair: isPair)
        case .bert: isPair ? 3 : 2
        case .roberta: isPair ? 4 : 2
        case .byteLevel: 0
        case .sequence(let steps): steps.reduce(0) { $0 + $1.addedCount(isPair: isPair) }
        }
    }

    /// Whether some step takes white space off offsets.
    var trimsOffsets: Bool {
        switch self {
        case .template, .bert: false
        case .roberta(_, let trims, _), .byteLevel(let trims, _, _): trims
        case .sequence(let steps): steps.contains(where: \.trimsOffsets)
        }
    }

    /// The ids before and after a single text.
    var surroundingIDs: (before: [Int32], after: [Int32]) {
        switch self {
        case .template(let template): return template.surroundingIDs
        case .bert(let marks), .roberta(let marks, _, _):
            return ([marks.beginning.id], [marks.separator.id])
        case .byteLevel: return ([], [])
        case .sequence(let steps):
            return steps.reduce(into: (before: [], after: [])) { all, step in
                let own = step.surroundingIDs
                all = (own.before + all.before, all.after + own.after)
            }
        }
    }

    /// Every id that may be added, with where the file says so.
    var addedIDs: [(field: String, id: Int32)] {
        switch self {
        case .template(let template):
            template.specials.flatMap { special in
                special.ids.map { ("special_tokens.\(special.name)", $0) }
            }
        case .bert(let marks), .roberta(let marks, _, _):
            [("cls", marks.beginning.id), ("sep", marks.separator.id)]
        case .byteLevel: []
        case .sequence(let steps): steps.flatMap(\.addedIDs)
        }
    }

    /// Applies the steps to the texts' encodings, of which there may be more then.
    func process(_ parts: inout [EncodingPart], addingSpecialTokens: Bool) {
        switch self {
        case .template(let template):
            parts = template.process(parts, addingSpecialTokens: addingSpecialTokens)
        case .bert(let marks):
            guard addingSpecialTokens else { return }
            for number in parts.indices {
                parts[number].surround(
                    by: number == 0 ? marks.beginning.id : nil, and: marks.separator.id,
                    typeID: number == 0 ? 0 : 1)
            }
        case .roberta(let marks, let trims, let addsSpace):
            for number in parts.indices {
                if trims { parts[number].trim(addsSpace: addsSpace) }
                parts[number].setType(0)
                guard addingSpecialTokens else { continue }
                if number > 0 {
                    for index in parts[number].overflow.indices {
                        parts[number].overflow[index].setType(0)
                    }
                }
                parts[number].surround(
                    by: number == 0 ? marks.beginning.id : marks.separator.id,
                    and: marks.separator.id, typeID: 0)
            }
        case .byteLevel(let trims, let addsSpace, _):
            guard trims else { return }
            for number in parts.indices { parts[number].trim(addsSpace: addsSpace) }
        case .sequence(let steps):
            for step in steps { step.process(&parts, addingSpecialTokens: addingSpecialTokens) }
        }
    }
}

/// The two tokens that BERT's and RoBERTa's post-processors add.
struct SeparatorProcessor: Sendable, Equatable {
    struct Token: Sendable, Equatable {
        let name: String
        let id: Int32
    }

    let beginning: Token
    let separator: Token

    fileprivate init(json reader: JSONObjectReader) throws {
        beginning = try Self.token(reader, "cls")
        separator = try Self.token(reader, "sep")
    }

    init(beginning: Token, separator: Token) {
        self.beginning = beginning
        self.separator = separator
    }

    private static func token(_ reader: JSONObjectReader, _ name: String) throws -> Token {
        let pair = try reader.array(name)
        guard pair.count == 2, let text = pair[0].stringValue, let id = pair[1].intValue,
            (0..<Vocabulary.maximumID).contains(id)
        else { throw reader.error(name, "must be a token and its id") }
        return Token(name: text, id: Int32(id))
    }

    fileprivate var fields: [(String, JSONValue)] {
        [
            ("sep", [.string(separator.name), .int(Int(separator.id))]),
            ("cls", [.string(beginning.name), .int(Int(beginning.id))]),
        ]
    }
}

extension PostProcessor: TokenizerComponent {
    init(json reader: JSONObjectReader) throws {
        switch try reader.string("type") {
        case "TemplateProcessing": self = .template(try TemplateProcessor(json: reader))
        case "BertProcessing": self = .bert(try SeparatorProcessor(json: reader))
        case "RobertaProcessing":
            self = .roberta(
                try SeparatorProcessor(json: reader),
                trimsOffsets: try reader.bool("trim_offsets", default: true),
                addsSpace: try reader.bool("add_prefix_space", default: true))
        case "ByteLevel":
            self = .byteLevel(
                trimsOffsets: try reader.bool("trim_offsets", default: true),
                addsSpace: try reader.bool("add_prefix_space", default: true),
                splits: try reader.bool("use_regex", default: true))
        case "Sequence":
            self = .sequence(try steps(reader, "processors").map(PostProcessor.init(json:)))
            guard addedCount(isPair: true) <= TemplateProcessor.maximumAddedIDs else {
                throw reader.error(
                    "processors", "add more than \(TemplateProcessor.maximumAddedIDs) tokens")
            }
            guard flattened.count(where: \.isTemplate) <= 1 else {
                throw reader.error("processors", "must hold one template at most")
            }
        default:
            throw unsupported(
                reader, "post-processor",
                "TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel, Sequence")
        }
    }

    private var flattened: [PostProcessor] {
        if case .sequence(let steps) = self { steps.flatMap(\.flattened) } else { [self] }
    }

    private var isTemplate: Bool { if case .template = self { true } else { false } }

    var json: JSONValue {
        switch self {
        case .template(let template): return template.json
        case .bert(let marks):
            return object("BertProcessing", marks.fields)
        case .roberta(let marks, let trims, let addsSpace):
            return object(
                "RobertaProcessing",
                marks.fields + [
                    ("trim_offsets", .bool(trims)), ("add_prefix_space", .bool(addsSpace)),
                ])
        case .byteLevel(let trims, let addsSpace, let splits):
            return [
                "type": "ByteLevel", "add_prefix_space": .bool(addsSpace),
                "trim_offsets": .bool(trims), "use_regex": .bool(splits),
            ]
        case .sequence(let steps):
            return ["type": "Sequence", "processors": .array(steps.map(\.json))]
        }
    }

    private func object(_ type: String, _ fields: [(String, JSONValue)]) -> JSONValue {
        var object = JSONObject()
        object.insert(.string(type), forName: "type")
        for (name, value) in fields { object.insert(value, forName: name) }
        return .object(object)
    }
}
