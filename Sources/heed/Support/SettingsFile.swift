import HeedFormats
import Yams

/// A file of settings: a YAML mapping from names to plain values.
enum SettingsFile {
    private static let limit = 1 << 16

    /// What the file asks for, in its order.
    static func assignments(path: String) throws -> [SettingAssignment] {
        let text = try TextFile.string(path: path, limit: limit)
        let name = nameForMessage(path)
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
            guard let key = key.scalar?.string else {
                throw Failure(.badData, "\(name): a name of a setting must be a plain word")
            }
            guard let value = value.scalar?.string else {
                throw Failure(.badData, "\(name): \(key): must be a plain value")
            }
            return SettingAssignment(name: key, value: value)
        }
    }
}
