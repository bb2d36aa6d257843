/// A reader of XML that accepts less than XML allows: what is accepted is well-formed.
///
/// Elements, attributes in double quotes, text, and the five references that need no declaration.
public struct WellFormedXML {
    /// An element that was found.
    public struct Element: Sendable {
        /// Its name.
        public let name: String
        /// Its attributes.
        public let attributes: [String: String]
        /// The text directly in it.
        public internal(set) var text = ""
    }

    /// Why a text is no XML, and where.
    public struct Problem: Error, CustomStringConvertible {
        /// What is wrong.
        public let description: String
    }

    /// The elements in the order in which they begin.
    public private(set) var elements: [Element] = []
    private var rest: Substring
    private let whole: String

    /// Reads a text; throws `Problem`.
    public init(_ text: String) throws {
        whole = text
        rest = text[...]
        for scalar in text.unicodeScalars
        where scalar.value < 0x20 && scalar != "\n" || scalar.value & 0xFFFE == 0xFFFE {
            throw Problem(description: "a character that XML has not: \(scalar.value)")
        }
        var open: [Int] = []
        repeat {
            if rest.hasPrefix("</") {
                rest = rest.dropFirst(2)
                let name = takeName()
                guard let last = open.popLast(), elements[last].name == name, take(">") else {
                    throw problem("an end of \(name)")
                }
            } else if take("<") {
                try readStart(&open)
            } else {
                let text = rest.prefix { $0 != "<" }
                rest = rest.dropFirst(text.count)
                guard let last = open.last else {
                    if text.allSatisfy(\.isWhitespace) { continue }
                    throw problem("text outside of the root")
                }
                elements[last].text += try unescaped(text)
            }
        } while !open.isEmpty || rest.contains { !$0.isWhitespace }
        if elements.isEmpty { throw problem("no element") }
    }

    private mutating func readStart(_ open: inout [Int]) throws {
        let name = takeName()
        if name.isEmpty { throw problem("a start without a name") }
        if open.isEmpty, !elements.isEmpty { throw problem("a second root") }
        var attributes: [String: String] = [:]
        while take(" ") {
            let key = takeName()
            guard !key.isEmpty, attributes[key] == nil, take("=\""),
                let end = rest.firstIndex(of: "\"")
            else { throw problem("an attribute of \(name)") }
            attributes[key] = try unescaped(rest[..<end])
            if rest[..<end].contains("<") { throw problem("markup in an attribute") }
            rest = rest[rest.index(after: end)...]
        }
        elements.append(Element(name: name, attributes: attributes))
        if take("/>") { return }
        guard take(">") else { throw problem("a start of \(name)") }
        open.append(elements.count - 1)
    }

    private mutating func take(_ text: String) -> Bool {
        guard rest.hasPrefix(text) else { return false }
        rest = rest.dropFirst(text.count)
        return true
    }

    private mutating func takeName() -> String {
        let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "-" || $0 == ":" }
        rest = rest.dropFirst(name.count)
        return String(name)
    }

    private func unescaped(_ text: Substring) throws -> String {
        let references = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'"]
        var parts = text.split(separator: "&", omittingEmptySubsequences: false).map(String.init)
        var result = parts.removeFirst()
        for part in parts {
            guard let end = part.firstIndex(of: ";"),
                let character = references[String(part[..<end])]
            else { throw problem("a lone &") }
            result += character + part[part.index(after: end)...]
        }
        return result
    }

    private func problem(_ words: String) -> Problem {
        Problem(description: "\(words) at character \(whole.count - rest.count)")
    }
}
