/// The text of an SVG picture in the making: elements, with everything escaped that XML does not allow.
package struct SVGText {
    /// What has been written.
    package private(set) var text = ""

    package init() {}

    /// An element without content.
    package mutating func element(_ name: String, _ attributes: KeyValuePairs<String, String>) {
        text += "<\(name)\(Self.written(attributes))/>\n"
    }

    /// An element with text in it, and a title that is shown by a pointer over it.
    package mutating func element(
        _ name: String, _ attributes: KeyValuePairs<String, String>, _ content: String,
        title: String? = nil
    ) {
        let hint = title.map { "<title>\(Self.escaped($0))</title>" } ?? ""
        text += "<\(name)\(Self.written(attributes))>\(hint)\(Self.escaped(content))</\(name)>\n"
    }

    /// An element with others in it.
    package mutating func group(
        _ name: String = "g", _ attributes: KeyValuePairs<String, String>,
        _ body: (inout SVGText) -> Void
    ) {
        text += "<\(name)\(Self.written(attributes))>\n"
        body(&self)
        text += "</\(name)>\n"
    }

    /// Text at a point.
    package mutating func label(
        _ content: String, x: Double, y: Double, _ style: LabelStyle = .plain,
        anchor: LabelAnchor = .start, degrees: Double = 0
    ) {
        let place: KeyValuePairs =
            degrees == 0
            ? ["x": Self.number(x), "y": Self.number(y)]
            : [
                "transform":
                    "translate(\(Self.number(x)) \(Self.number(y))) rotate(\(Self.number(degrees)))"
            ]
        text += "<text\(Self.written(place)) class=\"\(style.rawValue)\""
        if anchor != .start { text += " text-anchor=\"\(anchor.rawValue)\"" }
        text += ">\(Self.escaped(content))</text>\n"
    }

    /// A style sheet, which has no character that would have to be escaped.
    ///
    /// - Parameter nonce: the mark without which the page around the picture lets no style count; nil for none.
    mutating func appendStyle(_ sheet: String, nonce: String?) {
        let mark = nonce.map { " nonce=\"\($0)\"" } ?? ""
        text += "<style\(mark)>\n\(sheet)\n</style>\n"
    }

    /// Another picture's text, such as a part of this one.
    package mutating func append(_ other: SVGText) { text += other.text }

    /// A coordinate with at most two decimals.
    package static func number(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "0" }
        let hundredths = Int((value * 100).rounded())
        let whole = abs(hundredths) / 100
        let rest = abs(hundredths) % 100
        let sign = hundredths < 0 ? "-" : ""
        if rest == 0 { return "\(sign)\(whole)" }
        return "\(sign)\(whole).\(rest < 10 ? "0" : "")\(rest % 10 == 0 ? rest / 10 : rest)"
    }

    /// A text as XML may hold it: markup becomes references, and characters that XML has not become `U+FFFD`.
    package static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result.append(contentsOf: "&amp;".unicodeScalars)
            case "<": result.append(contentsOf: "&lt;".unicodeScalars)
            case ">": result.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
            case "\t", "\n", "\r": result.append(" ")
            default:
                let isAllowed =
                    scalar.value >= 0x20 && scalar.value != 0x7F
                    && scalar.value & 0xFFFE != 0xFFFE && !(0x80...0x9F).contains(scalar.value)
                result.append(isAllowed ? scalar : "\u{FFFD}")
            }
        }
        return String(result)
    }

    private static func written(_ attributes: KeyValuePairs<String, String>) -> String {
        attributes.reduce("") { $0 + " \($1.key)=\"\(escaped($1.value))\"" }
    }
}

/// How a text looks; the names are those of the style sheet's classes.
package enum LabelStyle: String {
    case plain = "t"
    case muted = "m"
    case heading = "h"
    case panel = "p"
    case number = "v"
    case inverse = "i"

    /// The height of its letters in pixels, as the style sheet has it.
    var size: Double {
        switch self {
        case .heading: 17
        case .panel: 13
        case .plain: 12
        case .muted, .number, .inverse: 11
        }
    }

    fileprivate var isBold: Bool { self == .heading || self == .panel }
}

/// Which end of a text stands at its point.
package enum LabelAnchor: String {
    case start, middle, end
}

/// How wide texts are, without a font to ask: too wide rather than too narrow.
package enum TextWidth {
    /// The width of a text in pixels.
    package static func of(_ text: String, size: Double) -> Double {
        text.unicodeScalars.reduce(0) { $0 + width(of: $1) } * size
    }

    /// The width of a text of a style in pixels; bold letters are wider.
    package static func of(_ text: String, _ style: LabelStyle) -> Double {
        of(text, size: style.size) * (style.isBold ? 1.15 : 1)
    }

    private static func width(of scalar: Unicode.Scalar) -> Double {
        if scalar.properties.generalCategory == .nonspacingMark { return 0 }
        if scalar.value >= 0x2E80 { return 1.05 }
        if "mMW%@".unicodeScalars.contains(scalar) { return 0.95 }
        return "iljI.,:;'|!()[] ".unicodeScalars.contains(scalar)
            ? 0.36
            : scalar.properties.isUppercase || scalar == "w" ? 0.78 : 0.62
    }

    /// The text, with its end cut off where it is too wide.
    package static func fitted(_ text: String, size: Double, width: Double) -> String {
        guard of(text, size: size) > width else { return text }
        var (short, taken) = ("", of("…", size: size))
        for character in text {
            taken += of(String(character), size: size)
            if taken > width { break }
            short.append(character)
        }
        return short + "…"
    }

    /// The text as lines, each as wide as `width` at most, broken at spaces, and inside of words that are wider.
    package static func wrapped(_ text: String, _ style: LabelStyle, width: Double) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, of("\(last) \(word)", style) <= width {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines += parts(of: word, style, width: width)
            }
        }
        return lines
    }

    /// A word in parts, each as wide as `width` at most, or one character.
    private static func parts(of word: Substring, _ style: LabelStyle, width: Double) -> [String] {
        var parts = [""]
        var taken = 0.0
        for character in word {
            let needed = of(String(character), style)
            if taken > 0, taken + needed > width {
                parts.append("")
                taken = 0
            }
            parts[parts.count - 1].append(character)
            taken += needed
        }
        return parts
    }
}
