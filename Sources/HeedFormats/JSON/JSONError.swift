/// Why a text is not the JSON that this package reads, and where.
public struct JSONError: Error, Equatable, Sendable {
    /// What is wrong.
    public enum Problem: Equatable, Sendable {
        /// The bytes are not UTF-8.
        case invalidUTF8
        /// The text ends inside a value.
        case unexpectedEnd
        /// A byte that cannot stand here, and what could.
        case unexpectedByte(UInt8, expected: String)
        /// A control character inside a string, which must be escaped.
        case controlCharacter(UInt8)
        /// A backslash before something that is no escape.
        case invalidEscape
        /// An escaped surrogate without its other half; it names no character, so it is refused.
        case loneSurrogate
        /// A number against the grammar, such as `01`, `1.` or `+1`.
        case invalidNumber
        /// A number that no finite double holds, or of too many digits.
        case numberOutOfRange
        /// A name that stands twice in one object.
        case duplicateKey(String)
        /// Arrays and objects inside one another beyond the limit.
        case tooDeep(limit: Int)
        /// More bytes than the limit.
        case tooLarge(bytes: Int, limit: Int)
        /// More values than the limit.
        case tooManyValues(limit: Int)
        /// Something after the end of the value.
        case trailingData
    }

    /// What is wrong.
    public let problem: Problem
    /// The name of the file, or nil where the text comes from elsewhere.
    public var file: String?
    /// The offset of the first wrong byte.
    public let offset: Int
    /// The line of that byte, counted from 1.
    public let line: Int

    init(_ problem: Problem, offset: Int, in bytes: [UInt8], file: String? = nil) {
        self.problem = problem
        self.file = file
        self.offset = offset
        line = 1 + bytes.prefix(max(0, offset)).reduce(0) { $0 + ($1 == 0x0A ? 1 : 0) }
    }
}

extension JSONError: CustomStringConvertible {
    /// The whole message in one line.
    public var description: String {
        let words = "line \(line): \(problem) (byte \(offset + 1)"
        return file.map { "\(nameForMessage($0)): \(words) of the file)" } ?? words + ")"
    }
}

extension JSONError.Problem: CustomStringConvertible {
    /// What is wrong, in words.
    public var description: String {
        switch self {
        case .invalidUTF8: "not valid UTF-8"
        case .unexpectedEnd: "the JSON text ends inside a value"
        case .unexpectedByte(let byte, let expected):
            "found \(describeByte(byte)) where \(expected) is expected"
        case .controlCharacter(let byte): "unescaped control character \(describeByte(byte))"
        case .invalidEscape: "invalid escape in a string"
        case .loneSurrogate: "escaped surrogate without its other half"
        case .invalidNumber: "invalid number"
        case .numberOutOfRange: "number out of range"
        case .duplicateKey(let key): "the name \(quotedForMessage(key)) stands twice in one object"
        case .tooDeep(let limit): "nested deeper than \(limit) levels"
        case .tooLarge(let bytes, let limit): "\(bytes) bytes are more than the limit of \(limit)"
        case .tooManyValues(let limit): "more than \(limit) values"
        case .trailingData: "something follows the JSON value"
        }
    }
}
