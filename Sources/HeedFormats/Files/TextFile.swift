internal import Glibc

/// Text files as lines of strict UTF-8.
///
/// A line ends with a line feed, with or without a carriage return before it, or with the file; no other
/// character ends a line. A byte-order mark at the start is dropped. An empty line is an empty string.
public enum TextFile {
    /// All lines of a regular file; throws `FileError` or `TextError`.
    public static func lines(path: String, limit: Int = 8 << 30) throws -> [String] {
        let file = try InputFile(path: path)
        guard file.count <= limit else {
            throw FileError(path: path, .tooLarge(bytes: file.count, limit: limit))
        }
        var reader = TextLines(file)
        var lines: [String] = []
        while let line = try reader.next() { lines.append(line) }
        return lines
    }

    /// The whole text of a regular file, exactly as it is; throws `FileError` or `TextError`.
    public static func string(path: String, limit: Int = 8 << 30) throws -> String {
        try string(InputFile.bytes(path: path, limit: limit), file: path)
    }

    /// The whole text of a file that was read, exactly as it is; throws `TextError`.
    package static func string(_ bytes: [UInt8], file: String) throws -> String {
        if let offset = firstInvalidUTF8(in: bytes) {
            let before = bytes[..<offset]
            let lineStart = (before.lastIndex(of: 0x0A) ?? -1) + 1
            throw TextError(
                file: file, line: 1 + before.count { $0 == 0x0A }, offset: offset,
                problem: .invalidUTF8(byte: bytes[offset], offsetInLine: offset - lineStart))
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Reads lines one after the other from a file, a pipe or standard input.
public struct TextLines {
    /// The file, or `standard input`.
    public let name: String
    /// How many bytes a line may have.
    public let maximumLineBytes: Int
    /// The number of lines read so far.
    public private(set) var lineNumber = 0

    private let input: TextInput
    private var buffer: [UInt8] = []
    private var start = 0
    private var offset = 0
    private var isAtEnd = false

    /// Reads from an open regular file.
    public init(_ file: InputFile, maximumLineBytes: Int = 256 << 20) {
        self.init(.file(file), name: file.path, maximumLineBytes: maximumLineBytes)
    }

    /// Reads from a path, which may be a pipe: opening one waits for its writer. Folders are refused.
    public init(path: String, maximumLineBytes: Int = 256 << 20) throws {
        let status = try System.status(at: path)
        if status?.isFolder == true {
            throw FileError(path: path, .notARegularFile(kind: "a folder"))
        }
        let descriptor = try System.open(path, O_RDONLY)
        self.init(
            .stream(Descriptor(descriptor)), name: path, maximumLineBytes: maximumLineBytes)
    }

    /// Reads from standard input.
    public static func standardInput(maximumLineBytes: Int = 256 << 20) -> TextLines {
        TextLines(.standardInput, name: "standard input", maximumLineBytes: maximumLineBytes)
    }

    private init(_ input: TextInput, name: String, maximumLineBytes: Int) {
        self.input = input
        self.name = name
        self.maximumLineBytes = maximumLineBytes
    }

    /// The next line without its end, or nil after the last; throws `FileError` or `TextError`.
    public mutating func next() throws -> String? {
        guard let range = try nextRange() else { return nil }
        lineNumber += 1
        let lineOffset = offset - (start - range.lowerBound)
        var line = range
        if lineNumber == 1, buffer[line].starts(with: [0xEF, 0xBB, 0xBF]) {
            line = line.lowerBound + 3..<line.upperBound
        }
        if buffer[line].last == 0x0A {
            line = line.lowerBound..<line.upperBound - 1
            if buffer[line].last == 0x0D { line = line.lowerBound..<line.upperBound - 1 }
        }
        if let invalid = firstInvalidUTF8(in: buffer.span.extracting(line)) {
            throw TextError(
                file: name, line: lineNumber,
                offset: lineOffset + line.lowerBound - range.lowerBound + invalid,
                problem: .invalidUTF8(
                    byte: buffer[line.lowerBound + invalid],
                    offsetInLine: line.lowerBound - range.lowerBound + invalid))
        }
        return String(decoding: buffer[line], as: UTF8.self)
    }

    /// Whether the next line can be had without reading, and so without waiting for whoever writes it.
    public var hasLineInMemory: Bool { firstLineFeed(from: start) != nil }

    /// Where the next line stands in the buffer, its end included; consumes it.
    private mutating func nextRange() throws -> Range<Int>? {
        var searched = start
        while true {
            if let end = firstLineFeed(from: searched) { return consume(upTo: end + 1) }
            searched = buffer.count
            if isAtEnd { return start == buffer.count ? nil : consume(upTo: buffer.count) }
            if buffer.count - start > maximumLineBytes {
                throw TextError(
                    file: name, line: lineNumber + 1, offset: offset,
                    problem: .lineTooLong(limit: maximumLineBytes))
            }
            searched -= start
            try fill()
        }
    }

    private mutating func consume(upTo end: Int) -> Range<Int> {
        let range = start..<end
        offset += range.count
        start = end
        return range
    }

    private func firstLineFeed(from index: Int) -> Int? {
        var index = index
        let bytes = buffer.span
        while index < bytes.count {
            if bytes[index] == 0x0A { return index }
            index += 1
        }
        return nil
    }

    /// Drops consumed bytes and reads more.
    private mutating func fill() throws {
        buffer.removeFirst(start)
        start = 0
        let old = buffer.count
        // Growing with the line keeps the work linear in its length.
        let size = max(1 << 16, old)
        buffer.append(contentsOf: repeatElement(0, count: size))
        var got = 0
        defer { buffer.removeLast(size - got) }
        let (input, name, position) = (input, name, offset + old)
        got = try unsafe buffer.withUnsafeMutableBytes { bytes in
            try unsafe input.read(
                into: UnsafeMutableRawBufferPointer(rebasing: bytes[old...]), at: position,
                name: name)
        }
        isAtEnd = got == 0
    }
}

/// Where lines come from.
private enum TextInput {
    case file(InputFile)
    case stream(Descriptor)
    case standardInput

    func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int, name: String
    ) throws -> Int {
        switch self {
        case .file(let file):
            // What is appended while reading is not part of the file as it was opened.
            let count = min(buffer.count, max(0, file.count - offset))
            try unsafe file.read(
                into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: offset)
            return count
        case .stream(let descriptor):
            return try unsafe Self.read(descriptor.number, into: buffer, name: name)
        case .standardInput:
            return try unsafe Self.read(STDIN_FILENO, into: buffer, name: name)
        }
    }

    private static func read(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, name: String
    ) throws -> Int {
        while true {
            do {
                return try unsafe System.read(descriptor, into: buffer, at: nil, path: name)
            } catch let error as FileError {
                // Whoever shares the pipe may have made it non-blocking.
                guard case .system(_, EAGAIN) = error.problem else { throw error }
                var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                _ = unsafe poll(&waiting, 1, -1)
            }
        }
    }
}

/// A descriptor that is closed with its last owner.
private final class Descriptor: Sendable {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    deinit { _ = close(number) }
}
