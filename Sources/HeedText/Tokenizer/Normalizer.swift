import HeedFormats
import HeedPatterns

/// A step that rewrites the whole text before it is split: the `normalizer` of a tokenizer.json.
indirect enum Normalizer: Sendable, Equatable {
    /// One of Unicode's forms; see `CanonicalTables` for the version.
    case form(NormalizationForm)
    /// Makes small letters.
    case lowercase
    /// Removes white space at the ends.
    case strip(left: Bool, right: Bool)
    /// Removes combining marks.
    case stripAccents
    /// Removes controls and makes spaces of what looks like one, as NMT models want it.
    case nmt
    /// Replaces every occurrence of a text or of a regular expression.
    case replace(pattern: TextPattern, content: String)
    /// Puts a text before a text that is not empty.
    case prepend(String)
    /// BERT's steps.
    case bert(BertNormalizer)
    /// sentencepiece's table of replacements.
    case precompiled(PrecompiledCharacters)
    /// Makes a visible character of each byte.
    case byteLevel
    /// All that sentencepiece itself does to a text.
    case sentencePiece(SentencePieceNormalizer)
    /// Several steps in turn.
    case sequence([Normalizer])

    /// Form C.
    static let nfc = Normalizer.form(.nfc)

    /// A step that replaces every occurrence of a text.
    static func replace(text: String, content: String) -> Normalizer {
        .replace(pattern: TextPattern(text: text), content: content)
    }

    /// Applies the step.
    ///
    /// - Parameter budget: what the patterns' searches of the whole text may still take.
    /// - Throws: `PatternError` where a pattern takes too many steps.
    func apply(to text: inout NormalizedText, within budget: inout SearchBudget) throws {
        switch self {
        case .form(let form): CanonicalComposition.normalize(&text, form)
        case .lowercase: text.lowercase()
        case .strip(let left, let right): text.strip(left: left, right: right)
        case .stripAccents: text.remove(RemovalClass.combining)
        case .nmt: text.applyNmt()
        case .replace(let pattern, let content):
            var matches: [Range<Int>] = []
            try pattern.appendMatches(
                in: text.bytes, text.bytes.indices, to: &matches, within: &budget)
            text.replace(matches, with: Array(content.utf8))
        case .prepend(let prefix): text.prepend(Array(prefix.utf8))
        case .bert(let normalizer): normalizer.apply(to: &text)
        case .precompiled(let table): table.apply(to: &text)
        case .byteLevel: text.makeBytesVisible()
        case .sentencePiece(let normalizer): normalizer.apply(to: &text)
        case .sequence(let steps): for step in steps { try step.apply(to: &text, within: &budget) }
        }
    }
}

extension Normalizer: TokenizerComponent {
    init(json reader: JSONObjectReader) throws {
        let type = try reader.string("type")
        if let form = NormalizationForm(rawValue: type) {
            self = .form(form)
            return
        }
        switch type {
        case "Lowercase": self = .lowercase
        case "Strip":
            self = .strip(
                left: try reader.bool("strip_left"), right: try reader.bool("strip_right"))
        case "StripAccents": self = .stripAccents
        case "Nmt": self = .nmt
        case "Replace":
            self = .replace(
                pattern: try TextPattern(json: reader), content: try reader.string("content"))
        case "Prepend": self = .prepend(try reader.string("prepend"))
        case "BertNormalizer": self = .bert(try BertNormalizer(json: reader))
        case "Precompiled": self = .precompiled(try PrecompiledCharacters(json: reader))
        case "ByteLevel": self = .byteLevel
        case SentencePieceNormalizer.type:
            self = .sentencePiece(try SentencePieceNormalizer(json: reader))
        case "Sequence":
            self = .sequence(try steps(reader, "normalizers").map(Normalizer.init(json:)))
            guard !flattened.dropFirst().contains(where: \.isSentencePiece) else {
                throw reader.error(
                    "normalizers", "must not hold \(SentencePieceNormalizer.type) behind others")
            }
        default:
            throw unsupported(
                reader, "normalizer",
                """
                NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents, Nmt, Replace, Prepend, \
                BertNormalizer, Precompiled, ByteLevel, Sequence
                """)
        }
    }

    var json: JSONValue {
        switch self {
        case .form(let form): ["type": .string(form.rawValue)]
        case .lowercase: ["type": "Lowercase"]
        case .strip(let left, let right):
            ["type": "Strip", "strip_left": .bool(left), "strip_right": .bool(right)]
        case .stripAccents: ["type": "StripAccents"]
        case .nmt: ["type": "Nmt"]
        case .replace(let pattern, let content):
            ["type": "Replace", "pattern": pattern.json, "content": .string(content)]
        case .prepend(let prefix): ["type": "Prepend", "prepend": .string(prefix)]
        case .bert(let normalizer): normalizer.json
        case .precompiled(let table): table.json
        case .byteLevel: ["type": "ByteLevel"]
        case .sentencePiece(let normalizer): normalizer.json
        case .sequence(let steps):
            ["type": "Sequence", "normalizers": .array(steps.map(\.json))]
        }
    }
}

extension Normalizer {
    /// A bound on how many times longer a text becomes.
    var growth: Double {
        switch self {
        case .form(let form): form.isCompatible ? 12 : 3
        case .lowercase: 1.5
        case .strip, .stripAccents, .nmt: 1
        case .replace(let pattern, let content):
            // A pattern may be found between any two characters, too.
            pattern.isRegex
                ? 1 + Double(content.utf8.count)
                : max(1, Double(content.utf8.count) / Double(pattern.minimumBytes))
        case .prepend(let prefix): 1 + Double(prefix.utf8.count) / 16
        case .bert: 5
        case .precompiled(let table): table.growth
        case .byteLevel: 2
        case .sentencePiece(let normalizer): normalizer.growth
        case .sequence: Self.growth(of: flattened)
        }
    }

    /// Steps that rewrite characters make a text longer once, however often they come, until something else is put in.
    private static func growth(of steps: [Normalizer]) -> Double {
        var growth = 1.0
        var (form, letters) = (1.0, 1.0)
        for step in steps {
            switch step {
            case .form: form = max(form, step.growth)
            case .lowercase: letters = max(letters, step.growth)
            case .strip, .stripAccents, .nmt: break
            case .bert:
                // Accents apart, small letters, and spaces around ideographs.
                (form, letters) = (max(form, 3), 1.5)
                growth *= 5.0 / 3
            default:
                growth *= form * letters * step.growth
                (form, letters) = (1, 1)
            }
        }
        return growth * form * letters
    }

    private var isSentencePiece: Bool { if case .sentencePiece = self { true } else { false } }

    /// The steps without nesting.
    private var flattened: [Normalizer] {
        if case .sequence(let steps) = self { steps.flatMap(\.flattened) } else { [self] }
    }
}
