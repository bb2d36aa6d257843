import HeedFormats
import HeedPatterns

/// What `Split` and `Replace` look for: a text, or a regular expression.
struct TextPattern: Sendable {
    /// The text or the expression.
    let source: String
    private let kind: Kind

    private enum Kind: Sendable {
        case text([UInt8])
        case scanner(SplitScanner)
        case search(SearchPattern)
    }

    /// Whether it is a regular expression.
    var isRegex: Bool { if case .text = kind { false } else { true } }

    /// A text, which must not be empty.
    init(text: String) {
        source = text
        kind = .text(Array(text.utf8))
    }

    /// A regular expression: those that tokenizers share are scanned by hand.
    ///
    /// - Throws: `PatternError` where it is none.
    init(regex: String, scanning: Bool = true) throws {
        source = regex
        if scanning, let scanner = SplitScanner(pattern: regex) {
            kind = .scanner(scanner)
        } else {
            _ = PatternProperties.areDefined
            kind = .search(try SearchPattern(PatternProperties.rewritten(regex)))
        }
    }

    /// The scanner of a pattern that is scanned by hand.
    var scanner: SplitScanner? { if case .scanner(let scanner) = kind { scanner } else { nil } }

    /// How long a match is at least, for bounds of growth.
    var minimumBytes: Int { if case .text(let text) = kind { max(1, text.count) } else { 1 } }

    /// Appends all matches in a range, from left to right and without overlap.
    func appendMatches(
        in bytes: [UInt8], _ range: Range<Int>, to matches: inout [Range<Int>]
    ) throws {
        switch kind {
        case .text(let text): bytes.appendOccurrences(of: text, in: range, to: &matches)
        case .search(let pattern): try pattern.appendMatches(in: bytes, range, to: &matches)
        case .scanner(let scanner): scanner.appendWords(in: bytes, range, to: &matches)
        }
    }
}

extension TextPattern: Equatable {
    static func == (a: TextPattern, b: TextPattern) -> Bool {
        a.isRegex == b.isRegex && a.source.hasSameBytes(as: b.source)
    }
}

extension TextPattern: TokenizerComponent {
    /// Reads the field `pattern` of a component.
    init(json reader: JSONObjectReader) throws {
        let pattern = try reader.object("pattern")
        if let regex = try pattern.optionalString("Regex") {
            guard !regex.isEmpty else { throw pattern.error("Regex", "must not be empty") }
            do {
                try self.init(regex: regex)
            } catch let error as PatternError {
                throw pattern.error("Regex", error.words)
            }
            return
        }
        guard let text = try pattern.optionalString("String") else {
            throw reader.error("pattern", "must be {\"String\": …} or {\"Regex\": …}")
        }
        guard !text.isEmpty else { throw pattern.error("String", "must not be empty") }
        // Where it almost stands everywhere, a pattern costs its length at each byte of a text.
        try checkLength(text, "String", pattern)
        self.init(text: text)
    }

    var json: JSONValue { [isRegex ? "Regex" : "String": .string(source)] }
}

extension PatternError {
    fileprivate var words: String {
        switch problem {
        case .invalid(let words): words
        case .tooManySteps: "takes too many steps"
        }
    }
}

/// The properties of characters by which patterns cut: those of Unicode 16.0, whatever version the installed
/// pattern engine has.
private enum PatternProperties {
    /// `\w` and `\d`, which cannot be defined anew, under names of their own.
    private static let wordName = "heedword"

    static let areDefined: Bool = SearchPattern.define(properties())

    private static func properties() -> [(name: String, ranges: [ClosedRange<UInt32>])] {
        let categories: [(String, String)] = [
            ("lu", CategoryData.categoryLu), ("ll", CategoryData.categoryLl),
            ("lt", CategoryData.categoryLt), ("lm", CategoryData.categoryLm),
            ("lo", CategoryData.categoryLo), ("mn", CategoryData.categoryMn),
            ("mc", CategoryData.categoryMc), ("me", CategoryData.categoryMe),
            ("nd", CategoryData.categoryNd), ("nl", CategoryData.categoryNl),
            ("no", CategoryData.categoryNo), ("pc", CategoryData.categoryPc),
            ("pd", CategoryData.categoryPd), ("ps", CategoryData.categoryPs),
            ("pe", CategoryData.categoryPe), ("pi", CategoryData.categoryPi),
            ("pf", CategoryData.categoryPf), ("po", CategoryData.categoryPo),
            ("sm", CategoryData.categorySm), ("sc", CategoryData.categorySc),
            ("sk", CategoryData.categorySk), ("so", CategoryData.categorySo),
        ]
        var defined = categories.map { (name: $0.0, ranges: HexReader.ranges(of: $0.1)) }
        func union(_ name: String, _ holds: (String) -> Bool) {
            let ranges = defined.filter { holds($0.name) }.flatMap(\.ranges)
            defined.append((name, merged(ranges)))
        }
        for group in ["l", "m", "n", "p", "s"] {
            union(group) { $0.count == 2 && $0.hasPrefix(group) }
        }
        // To the engine joiners are no parts of words, and the fractions and exponents of Latin-1 are.
        let words = HexReader.ranges(of: WordData.word).filter { $0 != 0x200C...0x200D }
        defined.append((wordName, merged(words + HexReader.ranges(of: "B2-B3 B9 BC-BE"))))
        // The engine has room for twenty: the others of its own version are rarely asked for.
        let names = [
            wordName, "l", "lu", "ll", "lt", "lm", "lo", "m", "mn", "mc", "n", "nd", "nl", "no",
            "p",
            "pc", "po", "s", "sm", "so",
        ]
        defined.removeAll { !names.contains($0.name) }
        return defined
    }

    private static func merged(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var result: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = result.last, range.lowerBound <= last.upperBound + 1 {
                result[result.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                result.append(range)
            }
        }
        return result
    }

    /// The pattern with `\w`, `\d` and their opposites as properties.
    static func rewritten(_ pattern: String) -> String {
        var result = ""
        var isEscaped = false
        for scalar in pattern.unicodeScalars {
            if isEscaped {
                switch scalar {
                case "w": result += "\\p{\(wordName)}"
                case "W": result += "\\P{\(wordName)}"
                case "d": result += "\\p{nd}"
                case "D": result += "\\P{nd}"
                default: result += "\\" + String(scalar)
                }
                isEscaped = false
            } else if scalar == "\\" {
                isEscaped = true
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return isEscaped ? result + "\\" : result
    }
}
