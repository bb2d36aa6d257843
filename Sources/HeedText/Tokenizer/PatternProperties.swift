import HeedPatterns

/// The properties of characters by which patterns cut: those of Unicode 16.0, whatever version the installed
/// pattern engine has.
enum PatternProperties {
    /// `\w` and `\d`, which cannot be defined anew, under names of their own.
    private static let wordName = "heedword"

    /// The engine has room for twenty: those that differ most from its own version's.
    private static let names: Set<String> = [
        wordName, "l", "lu", "ll", "lm", "lo", "m", "mn", "mc", "n", "nd", "no", "p", "po", "s",
        "so", "c", "han", "latin", "cyrillic",
    ]

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
            ("zs", CategoryData.categoryZs), ("zl", CategoryData.categoryZl),
            ("zp", CategoryData.categoryZp),
        ]
        var defined = categories.map { (name: $0.0, ranges: HexReader.ranges(of: $0.1)) }
        func union(_ name: String, _ holds: (String) -> Bool) {
            let ranges = defined.filter { holds($0.name) }.flatMap(\.ranges)
            defined.append((name, merged(ranges)))
        }
        for group in ["l", "m", "n", "p", "s"] {
            union(group) { $0.count == 2 && $0.hasPrefix(group) }
        }
        let scripts = [
            ("han", PatternScriptData.han), ("latin", PatternScriptData.latin),
            ("cyrillic", PatternScriptData.cyrillic),
        ]
        defined += scripts.map { (name: $0.0, ranges: HexReader.ranges(of: $0.1)) }
        // To the engine joiners are no parts of words, and the fractions and exponents of Latin-1 are.
        let words = HexReader.ranges(of: WordData.word).filter { $0 != 0x200C...0x200D }
        defined.append((wordName, merged(words + HexReader.ranges(of: "B2-B3 B9 BC-BE"))))
        defined.append(("c", others(than: merged(defined.flatMap(\.ranges)))))
        return defined.filter { names.contains($0.name) }
    }

    /// The scalars in none of some sorted ranges.
    private static func others(than ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var result: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { result.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        return next <= 0x10FFFF ? result + [next...0x10FFFF] : result
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

    /// The pattern with these properties in the place of the engine's.
    static func rewritten(_ pattern: String) -> String {
        var result = ""
        var rest = pattern.unicodeScalars[...]
        var brackets = 0
        while let scalar = rest.popFirst() {
            guard scalar == "\\", let escaped = rest.popFirst() else {
                if scalar == "[" { brackets += 1 }
                if scalar == "]" { brackets = max(0, brackets - 1) }
                result.unicodeScalars.append(scalar)
                continue
            }
            switch escaped {
            case "w": result += "\\p{\(wordName)}"
            case "W": result += "\\P{\(wordName)}"
            // In brackets it is a control character.
            case "b" where brackets == 0: result += wordBoundary
            case "B" where brackets == 0: result += "(?!\(wordBoundary))"
            case "d": result += "\\p{nd}"
            case "D": result += "\\P{nd}"
            case "p", "P":
                result += "\\" + String(escaped)
                guard rest.first == "{", let end = rest.firstIndex(of: "}") else { continue }
                result +=
                    "{" + property(String(rest[rest.index(after: rest.startIndex)..<end])) + "}"
                rest = rest[rest.index(after: end)...]
            default: result += "\\" + String(escaped)
            }
        }
        return result
    }

    /// The name under which a property is defined here, which the engine tells from its own by small letters; any
    /// other name stays as it is.
    private static func property(_ name: String) -> String {
        let isNegated = name.hasPrefix("^")
        let plain = String(
            String.UnicodeScalarView(
                name.unicodeScalars.filter { $0 != "^" && $0 != " " && $0 != "-" && $0 != "_" })
        ).lowercased()
        let short = longNames[plain] ?? plain
        guard short != wordName, names.contains(short) else { return name }
        return (isNegated ? "^" : "") + short
    }

    private static let wordBoundary =
        "(?:(?<=\\p{\(wordName)})(?!\\p{\(wordName)})|(?<!\\p{\(wordName)})(?=\\p{\(wordName)}))"

    private static let longNames = [
        "letter": "l", "uppercaseletter": "lu", "lowercaseletter": "ll", "modifierletter": "lm",
        "otherletter": "lo", "mark": "m", "combiningmark": "m", "nonspacingmark": "mn",
        "spacingmark": "mc", "number": "n", "decimalnumber": "nd", "othernumber": "no",
        "punctuation": "p", "otherpunctuation": "po", "symbol": "s", "othersymbol": "so",
        "other": "c",
    ]
}
