/// A field of a configuration file that is missing or holds a value that cannot be used.
public struct JSONFieldError: Error, Equatable, Sendable {
    /// The file, or what else the object comes from.
    public let file: String
    /// The path of the field inside the file, such as `encoder.layers[3].size`.
    public let field: String
    /// The value found, as compact JSON, or nil where the field is missing.
    public let value: String?
    /// What is wrong, in words.
    public let problem: String

    /// Makes an error; long values are cut.
    public init(file: String, field: String, value: JSONValue?, problem: String) {
        self.file = file
        self.field = field
        self.value = value.map(Self.excerpt)
        self.problem = problem
    }

    private static func excerpt(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): return quotedForMessage(text)
        case .array(let elements) where elements.count > 16:
            return "an array of \(elements.count)"
        case .object(let object): return "an object of \(object.count)"
        default:
            let text = JSONWriter(.spaced).string(value)
            return text.utf8.count <= 200 ? text : String(text.prefix(200)) + "…"
        }
    }
}

extension JSONFieldError: CustomStringConvertible {
    /// The whole message in one line.
    public var description: String {
        // The names of fields come from files, too.
        "\(nameForMessage(file)): \(nameForMessage(field))\(value.map { " = \($0)" } ?? ""): \(problem)"
    }
}
