/// The word rules of `mteval-v13a`, the scoring script of the WMT campaigns, as sacreBLEU applies
/// them: each rule runs over the whole line, left to right, before the next begins.
enum MTEvalTokenizer {
    private typealias Scalars = [Unicode.Scalar]

    /// The line with spaces put between its words; white space is not squeezed.
    static func tokenized(_ line: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var text = removing("<skipped>", from: line)
        text = removing("-\n", from: text)
        text = text.map { $0 == "\n" ? " " : $0 }
        if text.contains("&") {
            text = replacing("&quot;", with: "\"", in: text)
            text = replacing("&amp;", with: "&", in: text)
            text = replacing("&lt;", with: "<", in: text)
            text = replacing("&gt;", with: ">", in: text)
        }
        text = [" "] + text + [" "]
        text = separatingSymbols(text)
        text = rewritingPairs(text) {
            !isDigit($0) && isStop($1)
        } as: {
            [$0, " ", $1, " "]
        }
        text = rewritingPairs(text) {
            isStop($0) && !isDigit($1)
        } as: {
            [" ", $0, " ", $1]
        }
        return rewritingPairs(text) {
            isDigit($0) && $1 == "-"
        } as: {
            [$0, " ", $1, " "]
        }
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { "0"..."9" ~= scalar }

    private static func isStop(_ scalar: Unicode.Scalar) -> Bool { scalar == "." || scalar == "," }

    /// ASCII symbols that stand alone wherever they are: all but `'`, `,`, `-` and `.`.
    private static func isSymbol(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "{"..."~", "["..."`", " "..."&", "("..."+", ":"..."@", "/": true
        default: false
        }
    }

    private static func separatingSymbols(_ text: Scalars) -> Scalars {
        var result: Scalars = []
        result.reserveCapacity(text.count * 2)
        for scalar in text {
            if isSymbol(scalar) {
                result.append(contentsOf: [" ", scalar, " "])
            } else {
                result.append(scalar)
            }
        }
        return result
    }

    /// Rewrites neighbours that match; a rewritten pair takes no part in the next one.
    private static func rewritingPairs(
        _ text: Scalars,
        where matches: (Unicode.Scalar, Unicode.Scalar) -> Bool,
        as replacement: (Unicode.Scalar, Unicode.Scalar) -> Scalars
    ) -> Scalars {
        var result: Scalars = []
        result.reserveCapacity(text.count + text.count / 4)
        var position = 0
        while position < text.count {
            if position + 1 < text.count, matches(text[position], text[position + 1]) {
                result.append(contentsOf: replacement(text[position], text[position + 1]))
                position += 2
            } else {
                result.append(text[position])
                position += 1
            }
        }
        return result
    }

    private static func removing(_ pattern: String, from text: Scalars) -> Scalars {
        replacing(pattern, with: nil, in: text)
    }

    private static func replacing(
        _ pattern: String, with replacement: Unicode.Scalar?, in text: Scalars
    ) -> Scalars {
        let pattern = Scalars(pattern.unicodeScalars)
        var result: Scalars = []
        result.reserveCapacity(text.count)
        var position = 0
        while position < text.count {
            if text[position...].starts(with: pattern) {
                if let replacement { result.append(replacement) }
                position += pattern.count
            } else {
                result.append(text[position])
                position += 1
            }
        }
        return result
    }
}
