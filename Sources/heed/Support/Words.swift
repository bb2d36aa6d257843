/// A number with its noun, such as `1 line` and `2 lines`.
func counted(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
}

/// A text in which a model put ends of lines, kept on one.
func oneLine(_ text: String) -> String {
    text.contains(where: \.isNewline)
        ? text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .joined(separator: " ") : text
}

/// A text in lines of at most 79 columns, each after some spaces.
func wrapped(_ text: String, indent: Int) -> String {
    var lines: [String] = []
    for word in text.split(separator: " ") {
        if let last = lines.last, last.count + 1 + word.count <= 79 {
            lines[lines.count - 1] = "\(last) \(word)"
        } else {
            lines.append(String(repeating: " ", count: indent) + word)
        }
    }
    return lines.joined(separator: "\n")
}
