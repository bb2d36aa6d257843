import HeedFormats
import Yams

/// A file of settings: a YAML mapping from names to plain values.
enum SettingsFile {
    private static let limit = 1 << 16

    /// What the file asks for, in its order.
    static func assignments(path: String) throws -> [SettingAssignment] {
        let text = try TextFile.string(path: path, limit: limit)
        let name = nameForMessage(path)
        guard !mayHoldAlias(text) else {
            throw Failure(.badData, "\(name): an alias (*name) is refused")
        }
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            // The parser repeats the text after its words; a line of it may be long.
            let words = "\(error)".prefix { !$0.isNewline }.prefix(200)
            throw Failure(.badData, "\(name): is not YAML: \(words)")
        }
        guard let node else { return [] }
        guard let mapping = node.mapping else {
            throw Failure(.badData, "\(name): must hold 'name: value' a line")
        }
        return try mapping.map { key, value in
            let place = key.mark.map { "\(name): line \($0.line)" } ?? name
            guard let key = key.scalar?.string else {
                throw Failure(.badData, "\(place): a name of a setting must be a plain word")
            }
            guard let value = value.scalar?.string else {
                throw Failure(.badData, "\(place): \(key): must be a plain value")
            }
            return SettingAssignment(name: key, value: value, place: place)
        }
    }

    /// Whether an alias could stand in the text: a few lines of them unfold into more than any memory holds, and no
    /// setting needs one. Comments may hold anything, where it is certain that they are comments.
    private static func mayHoldAlias(_ text: String) -> Bool {
        let isPlain = !text.utf8.contains { "\"'|>".utf8.contains($0) }
        return text.split(whereSeparator: \.isNewline).contains { line in
            var previous = UInt8(ascii: " ")
            for byte in line.utf8 {
                let isSeparated = " \t".utf8.contains(previous)
                if byte == UInt8(ascii: "#"), isSeparated, isPlain { return false }
                if byte == UInt8(ascii: "*"), isSeparated || "[]{},:?-".utf8.contains(previous) {
                    return true
                }
                previous = byte
            }
            return false
        }
    }
}
