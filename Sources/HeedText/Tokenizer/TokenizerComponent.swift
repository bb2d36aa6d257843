import HeedFormats

/// A part of a tokenizer.json: read from the object with its `type`, and written as that object.
protocol TokenizerComponent {
    /// Reads the component; throws `JSONFieldError` for a type or setting that is not supported.
    init(json reader: JSONObjectReader) throws

    /// The component as tokenizer.json has it.
    var json: JSONValue { get }
}

/// The error for a component that this package does not know.
func unsupported(_ reader: JSONObjectReader, _ kind: String, _ known: String) -> JSONFieldError {
    reader.error("type", "is a \(kind) that is not supported; supported are \(known)")
}

/// The text that a `Replace` component looks for: never empty, never a regular expression.
func replacedText(_ reader: JSONObjectReader) throws -> String {
    let pattern = try reader.object("pattern")
    guard let text = try pattern.optionalString("String") else {
        throw reader.error("pattern", "must be a text to find: {\"String\": …}")
    }
    guard !text.isEmpty else { throw pattern.error("String", "must not be empty") }
    return text
}
