/// Reads JSON texts (RFC 8259) strictly and under limits.
///
/// Refused: a byte-order mark, bytes that are not UTF-8, names that stand twice in an object,
/// surrogates without their other half, numbers that no finite double holds, nesting and sizes beyond
/// the limits, `NaN`, comments, trailing commas, and anything after the value but white space.
public struct JSONParser: Sendable {
    /// How deeply arrays and objects may stand inside one another; at most 512.
    public var maximumDepth: Int
    /// How many bytes a text may have.
    public var maximumBytes: Int
    /// How many values a text may hold: in memory even the shortest takes some dozen times the bytes that it has in the text.
    public var maximumValues: Int

    /// Makes a parser with limits.
    public init(
        maximumDepth: Int = 64, maximumBytes: Int = 128 << 20, maximumValues: Int = 8 << 20
    ) {
        self.maximumDepth = min(max(maximumDepth, 0), 512)
        self.maximumBytes = maximumBytes
        self.maximumValues = maximumValues
    }

    /// Reads one value from bytes; throws `JSONError`.
    public func parse(_ bytes: [UInt8]) throws -> JSONValue {
        guard bytes.count <= maximumBytes else {
            throw JSONError(
                .tooLarge(bytes: bytes.count, limit: maximumBytes), offset: 0, in: [])
        }
        var scanner = try JSONScanner(
            bytes, maximumDepth: maximumDepth, maximumValues: maximumValues)
        let value = try scanner.value()
        try scanner.finish()
        return value
    }

    /// Reads one value from bytes of a file whose name errors tell; throws `JSONError`.
    public func parse(_ bytes: [UInt8], file: String) throws -> JSONValue {
        do {
            return try parse(bytes)
        } catch var error as JSONError {
            error.file = file
            throw error
        }
    }

    /// Reads one value from a string; throws `JSONError`.
    public func parse(_ text: String) throws -> JSONValue {
        try parse(Array(text.utf8))
    }
}

extension JSONParser {
    /// Reads one value from a regular file; throws `JSONError` or `FileError`.
    public func parse(path: String) throws -> JSONValue {
        try parse(InputFile.bytes(path: path, limit: maximumBytes), file: path)
    }
}

extension JSONObjectReader {
    /// Reads from a file; throws `JSONError`, `FileError`, or `JSONFieldError` where it is no object.
    public init(path: String, parser: JSONParser = JSONParser()) throws {
        try self.init(parser.parse(path: path), file: path)
    }
}
