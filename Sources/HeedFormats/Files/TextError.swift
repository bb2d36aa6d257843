/// A text that cannot be read, with its place.
public struct TextError: Error, Equatable, Sendable {
    /// What is wrong.
    public enum Problem: Equatable, Sendable {
        /// Bytes that are not UTF-8, at an offset inside the line.
        case invalidUTF8(byte: UInt8, offsetInLine: Int)
        /// A line of more bytes than the limit.
        case lineTooLong(limit: Int)
    }

    /// The file, or `standard input`.
    public let file: String
    /// The line, counted from 1.
    public let line: Int
    /// The offset of the first wrong byte in the file.
    public let offset: Int
    /// What is wrong.
    public let problem: Problem
}

extension TextError: CustomStringConvertible {
    /// The whole message in one line.
    public var description: String {
        let words =
            switch problem {
            case .invalidUTF8(let byte, let offsetInLine):
                "not valid UTF-8: \(describeByte(byte)) at byte \(offsetInLine + 1) of the line"
            case .lineTooLong(let limit): "the line is longer than \(limit) bytes"
            }
        return "\(nameForMessage(file)): line \(line): \(words) (byte \(offset + 1) of the file)"
    }
}
