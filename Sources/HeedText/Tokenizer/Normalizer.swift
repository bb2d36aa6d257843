import HeedFormats

/// A step that rewrites the whole text before it is split: the `normalizer` of a tokenizer.json.
indirect enum Normalizer: Sendable, Equatable {
    /// Unicode's form C; see `CanonicalTables` for the version.
    case nfc
    /// Replaces every occurrence of a text.
    case replace(pattern: String, content: String)
    /// Puts a text before a text that is not empty.
    case prepend(String)
    /// Several steps in turn.
    case sequence([Normalizer])

    /// Applies the step.
    func apply(to text: inout NormalizedText) {
        switch self {
        case .nfc: CanonicalComposition.normalize(&text)
        case .replace(let pattern, let content):
            text.replace(Array(pattern.utf8), with: Array(content.utf8))
        case .prepend(let prefix): text.prepend(Array(prefix.utf8))
        case .sequence(let steps): for step in steps { step.apply(to: &text) }
        }
    }
}

extension Normalizer: TokenizerComponent {
    init(json reader: JSONObjectReader) throws {
        switch try reader.string("type") {
        case "NFC": self = .nfc
        case "Replace":
            self = .replace(
                pattern: try replacedText(reader), content: try reader.string("content"))
        case "Prepend": self = .prepend(try reader.string("prepend"))
        case "Sequence":
            self = .sequence(try steps(reader, "normalizers").map(Normalizer.init(json:)))
        default:
            throw unsupported(reader, "normalizer", "NFC, Replace, Prepend, Sequence")
        }
    }

    var json: JSONValue {
        switch self {
        case .nfc: ["type": "NFC"]
        case .replace(let pattern, let content):
            [
                "type": "Replace", "pattern": ["String": .string(pattern)],
                "content": .string(content),
            ]
        case .prepend(let prefix): ["type": "Prepend", "prepend": .string(prefix)]
        case .sequence(let steps):
            ["type": "Sequence", "normalizers": .array(steps.map(\.json))]
        }
    }
}

extension Normalizer {
    /// A bound on how many times longer a text becomes.
    var growth: Double {
        switch self {
        case .nfc: 3
        case .replace(let pattern, let content):
            max(1, Double(content.utf8.count) / Double(pattern.utf8.count))
        case .prepend(let prefix): 1 + Double(prefix.utf8.count) / 16
        case .sequence(let steps): steps.reduce(1) { $0 * $1.growth }
        }
    }
}
