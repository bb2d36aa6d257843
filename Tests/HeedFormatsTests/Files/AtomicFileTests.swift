import Glibc
import HeedFormats
import HeedTestSupport
import Testing

@Suite("Files that appear whole or not at all")
struct AtomicFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("what is written is there after the commit and not before")
    func commit() throws {
        let path = folder.path(of: "f")
        let file = try AtomicFile(path: path)
        let long = [UInt8](repeating: 7, count: 200_000)
        try file.write("é")
        try file.write(long)
        try file.write([1, 2])
        #expect(try Folder.kind(of: path) == nil)
        try file.commit()
        #expect(try folder.bytes("f") == [0xC3, 0xA9] + long + [1, 2])
        #expect(try Folder.names(in: folder.path) == ["f"])
        #expect(throws: FileError.self) { try file.write([1]) }
        #expect(throws: FileError.self) { try file.commit() }
    }

    @Test("without a commit the old file stays and nothing else does")
    func discard() throws {
        try folder.file("f", bytes: [1])
        do {
            let file = try AtomicFile(path: folder.path(of: "f"))
            try file.write([2])
        }
        #expect(try folder.bytes("f") == [1])
        #expect(try Folder.names(in: folder.path) == ["f"])
    }

    @Test("when any call fails, the file is old or new, whole, and nothing else stays")
    func everyFault() throws {
        let new = [UInt8](repeating: 2, count: 150_000)
        let count = try calls { try AtomicFile.write(new, to: folder.path(of: "f")) }
        #expect(count.contains(.flush) && count.contains(.rename) && count.contains(.write))
        for failing in 0..<count.count {
            for code in [EIO, ENOSPC] {
                try folder.file("f", bytes: [1])
                let faults = SystemFaults(failing: failing, code: code)
                #expect(throws: FileError.self) {
                    try SystemFaults.$current.withValue(faults) {
                        try AtomicFile.write(new, to: folder.path(of: "f"))
                    }
                }
                let found = try folder.bytes("f")
                #expect(found == [1] || found == new)
                #expect(try Folder.names(in: folder.path) == ["f"])
            }
        }
    }

    private func calls(_ body: () throws -> Void) throws -> [SystemFaults.Call] {
        let faults = SystemFaults(failing: nil, code: 0)
        try SystemFaults.$current.withValue(faults, operation: body)
        return faults.log
    }

    @Test("permissions stay, a link keeps pointing, and its target is replaced")
    func permissionsAndLinks() throws {
        try folder.file("f", bytes: [1])
        #expect(unsafe chmod(folder.path(of: "f"), 0o600) == 0)
        try folder.link("link", to: "f")
        try AtomicFile.write([2], to: folder.path(of: "link"))
        #expect(try folder.bytes("f") == [2])
        #expect(try Folder.names(in: folder.path) == ["f", "link"])
        var info = stat()
        #expect(unsafe lstat(folder.path(of: "f"), &info) == 0)
        #expect(info.st_mode & 0o777 == 0o600)
        #expect(unsafe lstat(folder.path(of: "link"), &info) == 0)
        #expect(info.st_mode & S_IFMT == S_IFLNK)
    }

    @Test("a device is written, not replaced; a full one is an error; a folder is refused")
    func specialFiles() throws {
        try AtomicFile.write([1], to: "/dev/null")
        #expect(try Folder.kind(of: "/dev/null") == .other)
        let full = #expect(throws: FileError.self) { try AtomicFile.write([1], to: "/dev/full") }
        #expect(full?.problem == .system(operation: "write", code: ENOSPC))
        #expect(throws: FileError.self) { try AtomicFile.write([1], to: folder.path) }
        #expect(throws: FileError.self) { try AtomicFile.write([1], to: folder.path(of: "no/f")) }
        #expect(throws: FileError.self) { try AtomicFile.write([1], to: "a\u{0}b") }
    }
}
