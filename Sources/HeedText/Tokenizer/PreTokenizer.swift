import HeedFormats

/// A rule that cuts the normalized text into words: the `pre_tokenizer` of a tokenizer.json.
indirect enum PreTokenizer: Sendable, Equatable {
    /// Replaces spaces by a visible character, and starts a word at each of these.
    case metaspace(replacement: Unicode.Scalar)
    /// Makes each punctuation mark a word.
    case punctuation
    /// Makes each digit, or each run of digits, a word.
    case digits(individual: Bool)
    /// Cuts at white space, which is removed.
    case whitespaceSplit
    /// Several rules in turn.
    case sequence([PreTokenizer])

    /// The rules without nesting.
    var flattened: [PreTokenizer] {
        if case .sequence(let rules) = self { rules.flatMap(\.flattened) } else { [self] }
    }
}

extension PreTokenizer: TokenizerComponent {
    init(json reader: JSONObjectReader) throws {
        switch try reader.string("type") {
        case "Metaspace": self = try .metaspace(replacement: Self.metaspace(reader))
        case "Punctuation":
            guard try reader.string("behavior", default: "Isolated") == "Isolated" else {
                throw reader.error("behavior", "is not supported; supported is Isolated")
            }
            self = .punctuation
        case "Digits": self = .digits(individual: try reader.bool("individual_digits"))
        case "WhitespaceSplit": self = .whitespaceSplit
        case "Sequence":
            self = .sequence(try steps(reader, "pretokenizers").map(PreTokenizer.init(json:)))
            // The first rule alone may rewrite the text; all others only cut it.
            for rule in flattened.dropFirst() {
                if case .metaspace = rule {
                    throw reader.error("pretokenizers", "supports Metaspace only at the beginning")
                }
            }
        default:
            throw unsupported(
                reader, "pre-tokenizer", "Metaspace, Punctuation, Digits, WhitespaceSplit, Sequence"
            )
        }
    }

    private static func metaspace(_ reader: JSONObjectReader) throws -> Unicode.Scalar {
        guard try reader.string("prepend_scheme", default: "always") == "never" else {
            throw reader.error("prepend_scheme", "is not supported; supported is never")
        }
        guard try reader.bool("split", default: true) else {
            throw reader.error("split", "is not supported; supported is true")
        }
        let scalars = try reader.string("replacement").unicodeScalars
        guard let scalar = scalars.first, scalars.count == 1 else {
            throw reader.error("replacement", "must be one character")
        }
        return scalar
    }

    var json: JSONValue {
        switch self {
        case .metaspace(let replacement):
            [
                "type": "Metaspace", "replacement": .string(String(replacement)),
                "prepend_scheme": "never", "split": true,
            ]
        case .punctuation: ["type": "Punctuation", "behavior": "Isolated"]
        case .digits(let individual): ["type": "Digits", "individual_digits": .bool(individual)]
        case .whitespaceSplit: ["type": "WhitespaceSplit"]
        case .sequence(let rules):
            ["type": "Sequence", "pretokenizers": .array(rules.map(\.json))]
        }
    }
}
