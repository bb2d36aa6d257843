/// Swift source without its comments and the contents of its string literals.
///
/// Line breaks stay, so that line numbers stay. What an interpolation computes goes with its
/// literal; the rules that read this look at declarations, keywords and marks.
struct CodeOnly {
    private let source: [Character]
    private var position = 0
    private var code = ""

    static func lines(of text: String) -> [Substring] {
        var reader = CodeOnly(text)
        reader.read()
        return reader.code.split(separator: "\n", omittingEmptySubsequences: false)
    }

    private init(_ text: String) {
        source = Array(text)
    }

    private mutating func read() {
        while position < source.count {
            if starts(with: "//") {
                skipLine()
            } else if starts(with: "/*") {
                skipBlockComment()
            } else if let hashes = literalStart() {
                skipLiteral(hashes: hashes)
            } else {
                code.append(source[position])
                position += 1
            }
        }
    }

    private func starts(with text: String) -> Bool {
        source[position...].starts(with: text)
    }

    /// The number of `#` before the quote when a string literal starts here.
    private func literalStart() -> Int? {
        let hashes = source[position...].prefix { $0 == "#" }.count
        let quote = position + hashes
        return quote < source.count && source[quote] == "\"" ? hashes : nil
    }

    private mutating func skipLine() {
        while position < source.count, !source[position].isNewline { position += 1 }
    }

    private mutating func skipBlockComment() {
        var depth = 0
        repeat {
            if starts(with: "/*") {
                depth += 1
                position += 2
            } else if starts(with: "*/") {
                depth -= 1
                position += 2
            } else {
                keepNewline()
                position += 1
            }
        } while depth > 0 && position < source.count
    }

    private mutating func skipLiteral(hashes: Int) {
        position += hashes
        let quotes = starts(with: "\"\"\"") ? "\"\"\"" : "\""
        let marks = String(repeating: "#", count: hashes)
        position += quotes.count
        code.append("\"")
        while position < source.count {
            if starts(with: "\\" + marks) {
                position += 1 + hashes
                keepNewline()
                position += 1
            } else if starts(with: quotes + marks) {
                position += quotes.count + hashes
                break
            } else {
                if quotes.count == 1, source[position].isNewline { break }
                keepNewline()
                position += 1
            }
        }
        code.append("\"")
    }

    private mutating func keepNewline() {
        if position < source.count, source[position].isNewline { code.append("\n") }
    }
}
