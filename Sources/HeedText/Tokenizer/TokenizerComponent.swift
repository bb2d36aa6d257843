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

/// Refuses a text that is compared at each character or word and longer than any that is needed.
func checkLength(_ text: String, _ name: String, _ reader: JSONObjectReader) throws {
    guard text.utf8.count <= maximumPatternBytes else {
        throw reader.error(name, "must have at most \(maximumPatternBytes) bytes")
    }
}

private let maximumPatternBytes = 256

/// The steps of a `Sequence`: few, since each of them walks through every text.
func steps(_ reader: JSONObjectReader, _ name: String) throws -> [JSONObjectReader] {
    let steps = try reader.objects(name)
    guard steps.count <= maximumSteps else {
        throw reader.error(name, "must have at most \(maximumSteps) steps")
    }
    guard reader.path.utf8.count(where: { $0 == UInt8(ascii: "[") }) < 2 else {
        throw reader.error(name, "stands inside of too many other sequences")
    }
    return steps
}

private let maximumSteps = 64
