/// Why a file is not a safetensors file that this package reads.
public struct SafetensorsError: Error, Equatable, Sendable {
    /// What is wrong.
    public enum Problem: Equatable, Sendable {
        /// Fewer than the eight bytes of the header's length.
        case headerTooSmall
        /// A header beyond 100,000,000 bytes.
        case headerTooLarge(UInt64)
        /// A header longer than the file.
        case invalidHeaderLength(Int)
        /// A file of another format, and what to do with it.
        case foreignFormat(String, advice: String)
        /// A header that is not UTF-8.
        case invalidUTF8(JSONError)
        /// A header that is not one object of JSON.
        case invalidJSON(JSONError)
        /// A name that stands twice.
        case duplicateKey(String)
        /// `__metadata__` that does not map strings to strings.
        case invalidMetadata(String)
        /// A description of a tensor that lacks something or holds the wrong kind of value.
        case invalidTensorInfo(String)
        /// An element type of another name.
        case unknownDtype(String)
        /// A shape of more than 32 sizes.
        case rankTooLarge
        /// A size, or the product of all, beyond `Int`.
        case shapeOverflow
        /// Elements smaller than a byte that do not fill whole bytes.
        case misaligned
        /// A range of bytes of another size than shape and type need.
        case sizeMismatch(needed: Int, found: Int)
        /// Ranges that run backwards, overlap or leave a hole.
        case invalidOffset(start: Int, end: Int, expectedStart: Int)
        /// A range beyond the end of the file.
        case dataOutOfFile(available: Int)
        /// Bytes after the last tensor.
        case trailingData(bytes: Int)
    }

    /// The path of the file.
    public let file: String
    /// The tensor, or nil where the file as a whole is wrong.
    public let tensor: String?
    /// What is wrong.
    public let problem: Problem
}

extension SafetensorsError: CustomStringConvertible {
    /// The whole message in one line.
    public var description: String {
        let place = tensor.map { ": tensor \(quotedForMessage($0))" } ?? ""
        return "\(nameForMessage(file))\(place): \(problem.message)"
    }
}

extension SafetensorsError.Problem {
    fileprivate var message: String {
        switch self {
        case .headerTooSmall: "shorter than the 8 bytes that a safetensors file starts with"
        case .headerTooLarge(let length):
            "no safetensors file: its header would have \(length) bytes"
        case .invalidHeaderLength(let length):
            "the header of \(length) bytes is longer than the file"
        case .foreignFormat(let format, let advice):
            "is \(format), not a safetensors file; \(advice)"
        case .invalidUTF8(let error), .invalidJSON(let error): "invalid header: \(error)"
        case .duplicateKey(let name): "the name \(quotedForMessage(name)) stands twice"
        case .invalidMetadata(let words): "__metadata__ \(words)"
        case .invalidTensorInfo(let words): words
        case .unknownDtype(let name): "unknown element type \(quotedForMessage(name))"
        case .rankTooLarge: "more than 32 dimensions"
        case .shapeOverflow: "the shape is too large"
        case .misaligned: "the elements do not fill whole bytes"
        case .sizeMismatch(let needed, let found):
            "shape and type need \(needed) bytes, but data_offsets span \(found)"
        case .invalidOffset(let start, let end, let expected):
            "data_offsets [\(start), \(end)] leave a hole, overlap or run backwards; "
                + "the data before ends at \(expected)"
        case .dataOutOfFile(let available):
            "data_offsets reach beyond the \(available) bytes of data in the file"
        case .trailingData(let bytes): "\(bytes) bytes follow the last tensor"
        }
    }
}
