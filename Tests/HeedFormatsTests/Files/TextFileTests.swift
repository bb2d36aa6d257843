import Foundation
import HeedFormats
import HeedTestSupport
import Testing

@Suite("Lines of text")
struct TextFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func lines(_ text: String) throws -> [String] {
        try lines(Array(text.utf8))
    }

    private func lines(_ bytes: [UInt8]) throws -> [String] {
        try TextFile.lines(path: folder.file("f", bytes: bytes))
    }

    @Test(
        "lines end at line feeds and nowhere else",
        arguments: [
            ("", []), ("\n", [""]), ("a", ["a"]), ("a\n", ["a"]), ("a\nb", ["a", "b"]),
            ("\n\na\n\n", ["", "", "a", ""]), ("a\r\nb\r\n", ["a", "b"]), ("a\rb\n", ["a\rb"]),
            ("\u{2028}\u{85}\u{B}\u{C}\n", ["\u{2028}\u{85}\u{B}\u{C}"]),
            ("a\u{0}b\n", ["a\u{0}b"]),
            ("\u{FEFF}a\n\u{FEFF}b", ["a", "\u{FEFF}b"]), ("a\r", ["a\r"]), ("\r\n", [""]),
            ("é🦢\n", ["é🦢"]),
        ])
    func ends(text: String, expected: [String]) throws {
        let found = try lines(text)
        #expect(found.map { Array($0.utf8) } == expected.map { Array($0.utf8) })
    }

    @Test("bytes that are not UTF-8 are refused with line and byte")
    func invalid() throws {
        let bytes = Array("ab\nc".utf8) + [0xFF] + Array("\n".utf8)
        let error = try #require(throws: TextError.self) { try lines(bytes) }
        #expect(error.line == 2)
        #expect(error.offset == 4)
        #expect(error.problem == .invalidUTF8(byte: 0xFF, offsetInLine: 1))
        #expect(
            "\(error)" == folder.path(of: "f")
                + ": line 2: not valid UTF-8: byte 0xFF at byte 2 of the line (byte 5 of the file)")
        let whole = try #require(throws: TextError.self) {
            try TextFile.string(path: folder.path(of: "f"))
        }
        #expect(whole == error)
        let second = try #require(throws: TextError.self) {
            try lines([0xEF, 0xBB, 0xBF, 0x61, 0x80])
        }
        #expect(second.offset == 4)
        #expect(throws: TextError.self) { try lines([0xC3, 0x0A, 0xA9]) }
    }

    @Test("long lines and characters across the buffer's end are whole")
    func longLines() throws {
        for length in [65_533, 65_534, 65_535, 65_536, 65_537, 131_072, 1_000_000] {
            let first = String(repeating: "x", count: length)
            let expected = [first, "é🦢", first + "é", ""]
            #expect(try lines(expected.joined(separator: "\n") + "\n") == expected)
        }
        let many = (0..<100_000).map { "line \($0)" }
        #expect(try lines(many.joined(separator: "\n")) == many)
    }

    @Test("a line beyond the limit is refused")
    func limit() throws {
        let path = try folder.file("f", bytes: [UInt8](repeating: 0x61, count: 300_000))
        var reader = TextLines(try InputFile(path: path), maximumLineBytes: 100_000)
        #expect(throws: TextError.self) { try reader.next() }
        #expect(throws: FileError.self) { try TextFile.lines(path: path, limit: 10) }
    }

    @Test("a pipe is read line by line as it is written")
    func pipe() throws {
        let path = try folder.makePipe("p")
        // A thread of its own: opening waits for the other side, and tasks may have no other thread than this one.
        Thread.detachNewThread {
            let descriptor = unsafe open(path, O_WRONLY)
            for piece in ["a\nb", "c\n\nd", "\u{E9}"] {
                let bytes = Array(piece.utf8)
                _ = unsafe bytes.withUnsafeBytes {
                    unsafe write(descriptor, $0.baseAddress, $0.count)
                }
                usleep(2000)
            }
            close(descriptor)
        }
        var reader = try TextLines(path: path)
        var found: [String] = []
        while let line = try reader.next() { found.append(line) }
        #expect(found == ["a", "bc", "", "d\u{E9}"])
        #expect(reader.lineNumber == 4)
    }

    @Test("folders, pipes and missing files are refused where a file is needed")
    func specialFiles() throws {
        let pipe = try folder.makePipe("p")
        #expect(throws: FileError.self) { try TextFile.lines(path: pipe) }
        #expect(throws: FileError.self) { try TextFile.lines(path: folder.path) }
        #expect(throws: FileError.self) { try TextLines(path: folder.path) }
        let missing = #expect(throws: FileError.self) {
            try TextLines(path: folder.path(of: "absent"))
        }
        #expect(missing?.isMissing == true)
        #expect(
            missing.map { "\($0)" } == folder.path(of: "absent")
                + ": cannot open: No such file or directory")
    }
}
