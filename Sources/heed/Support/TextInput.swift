import HeedFormats

/// Texts that a verb reads, one a line.
enum TextInput {
    /// The lines of a file or pipe, or of standard input for `-`.
    static func lines(of file: String) throws -> [String] {
        var reader = file == "-" ? TextLines.standardInput() : try TextLines(path: file)
        var lines: [String] = []
        while let line = try reader.next() { lines.append(line) }
        return lines
    }

    /// The name of a file for messages.
    static func name(of file: String) -> String {
        file == "-" ? "standard input" : nameForMessage(file)
    }
}
