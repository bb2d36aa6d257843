import HeedFormats

extension PreTokenizer: TokenizerComponent {
    init(json reader: JSONObjectReader) throws {
        switch try reader.string("type") {
        case "Metaspace": self = .metaspace(try Metaspace(json: reader))
        case "Punctuation":
            self = .punctuation(try reader.choice("behavior", default: .isolated))
        case "Digits":
            self = .digits(individual: try reader.bool("individual_digits", default: false))
        case "WhitespaceSplit": self = .whitespaceSplit
        case "Whitespace": self = .whitespace
        case "BertPreTokenizer": self = .bert
        case "Split":
            self = .split(
                pattern: try TextPattern(json: reader), behavior: try reader.choice("behavior"),
                inverted: try reader.bool("invert", default: false))
        case "UnicodeScripts": self = .unicodeScripts
        case "CharDelimiterSplit": self = .delimiter(try scalar(reader, "delimiter"))
        case "FixedLength":
            self = .fixedLength(try reader.int("length", in: 1...1_000_000, default: 5))
        case "ByteLevel":
            self = .byteLevel(
                addsSpace: try reader.bool("add_prefix_space", default: true),
                splits: try reader.bool("use_regex", default: true),
                trimsOffsets: try reader.bool("trim_offsets", default: true))
        case "Sequence":
            self = .sequence(try steps(reader, "pretokenizers").map(PreTokenizer.init(json:)))
            guard growth <= 256 else { throw reader.error("pretokenizers", "make texts too long") }
        default:
            throw unsupported(
                reader, "pre-tokenizer",
                """
                BertPreTokenizer, ByteLevel, CharDelimiterSplit, Digits, FixedLength, Metaspace, \
                Punctuation, Sequence, Split, UnicodeScripts, Whitespace, WhitespaceSplit
                """
            )
        }
    }

    /// A bound on how many times longer a text becomes.
    private var growth: Double {
        switch self {
        case .metaspace: 8
        case .byteLevel: 4
        case .sequence(let rules): rules.reduce(1) { $0 * $1.growth }
        default: 1
        }
    }

    var json: JSONValue {
        switch self {
        case .metaspace(let rule): rule.json
        case .punctuation(let behavior):
            ["type": "Punctuation", "behavior": .string(behavior.rawValue)]
        case .digits(let individual): ["type": "Digits", "individual_digits": .bool(individual)]
        case .whitespaceSplit: ["type": "WhitespaceSplit"]
        case .whitespace: ["type": "Whitespace"]
        case .bert: ["type": "BertPreTokenizer"]
        case .split(let pattern, let behavior, let inverted):
            [
                "type": "Split", "pattern": pattern.json, "behavior": .string(behavior.rawValue),
                "invert": .bool(inverted),
            ]
        case .unicodeScripts: ["type": "UnicodeScripts"]
        case .delimiter(let scalar):
            ["type": "CharDelimiterSplit", "delimiter": .string(String(scalar))]
        case .fixedLength(let length): ["type": "FixedLength", "length": .int(length)]
        case .byteLevel(let addsSpace, let splits, let trimsOffsets):
            [
                "type": "ByteLevel", "add_prefix_space": .bool(addsSpace),
                "trim_offsets": .bool(trimsOffsets), "use_regex": .bool(splits),
            ]
        case .sequence(let rules):
            ["type": "Sequence", "pretokenizers": .array(rules.map(\.json))]
        }
    }
}

extension Metaspace: TokenizerComponent {
    init(json reader: JSONObjectReader) throws {
        replacement = try scalar(reader, "replacement")
        prependScheme = try reader.choice("prepend_scheme", default: .always)
        if try reader.bool("add_prefix_space", default: true) == false {
            guard prependScheme == .never || !reader.contains("prepend_scheme") else {
                throw reader.error("add_prefix_space", "does not agree with prepend_scheme")
            }
            prependScheme = .never
        }
        splits = try reader.bool("split", default: true)
    }

    var json: JSONValue {
        [
            "type": "Metaspace", "replacement": .string(String(replacement)),
            "prepend_scheme": .string(prependScheme.rawValue), "split": .bool(splits),
        ]
    }
}

/// A field that holds one character.
func scalar(_ reader: JSONObjectReader, _ name: String) throws -> Unicode.Scalar {
    let scalars = try reader.string(name).unicodeScalars
    guard let scalar = scalars.first, scalars.count == 1 else {
        throw reader.error(name, "must be one character")
    }
    return scalar
}
