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
            // What is too long is refused before it is rewritten.
            let isShort = regex.utf8.count <= SearchPattern.maximumBytes
            kind = .search(try SearchPattern(isShort ? PatternProperties.rewritten(regex) : regex))
        }
    }

    /// The scanner of a pattern that is scanned by hand.
    var scanner: SplitScanner? { if case .scanner(let scanner) = kind { scanner } else { nil } }

    /// How long a match is at least, for bounds of growth.
    var minimumBytes: Int { if case .text(let text) = kind { max(1, text.count) } else { 1 } }

    /// Appends all matches in a range, from left to right and without overlap.
    func appendMatches(
        in bytes: [UInt8], _ range: Range<Int>, to matches: inout [Range<Int>],
        within budget: inout SearchBudget
    ) throws {
        switch kind {
        case .text(let text): bytes.appendOccurrences(of: text, in: range, to: &matches)
        case .search(let pattern):
            try pattern.appendMatches(in: bytes, range, to: &matches, within: &budget)
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
    /// What is wrong, without the pattern.
    var words: String {
        switch problem {
        case .invalid(let words): words
        case .tooManySteps: "takes too many steps"
        }
    }
}
