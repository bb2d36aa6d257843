import Glibc
import HeedFormats
import HeedTestSupport
import Testing

@Suite("Folders that appear whole or not at all")
struct AtomicFolderTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func save(_ name: String) throws {
        let target = try AtomicFolder(path: folder.path(of: name))
        try target.write([1, 2, 3], to: "a")
        try target.write("état", to: "b.txt")
        try Folder.create(target.path(of: "sub"))
        try target.write([UInt8](repeating: 5, count: 40), to: "sub/c")
        try target.write([], to: "empty")
        try target.commit()
    }

    @Test("a folder appears with its manifest and verifies")
    func commit() throws {
        try save("new/step-1")
        #expect(try Folder.names(in: folder.path(of: "new")) == ["step-1"])
        let manifest = try FolderManifest.verify(folder: folder.path(of: "new/step-1"))
        #expect(manifest.files.names == ["a", "b.txt", "empty", "sub/c"])
        #expect(manifest.files["sub/c"]?.size == 40)
        #expect(throws: FileError.self) { try save("new/step-1") }
    }

    @Test("without a commit nothing appears and nothing stays")
    func discard() throws {
        do {
            let target = try AtomicFolder(path: folder.path(of: "step-1"))
            try target.write([1], to: "a")
            #expect(try Folder.names(in: folder.path).count == 1)
        }
        #expect(try Folder.names(in: folder.path) == [])
    }

    @Test("any flipped bit in any file is noticed")
    func flippedBits() throws {
        try save("s")
        for name in try Folder.files(in: folder.path(of: "s")) {
            let bytes = try folder.bytes("s/" + name)
            for bit in 0..<bytes.count * 8 {
                var changed = bytes
                changed[bit / 8] ^= 1 << UInt8(bit % 8)
                try folder.file("s/" + name, bytes: changed)
                #expect(throws: (any Error).self, "bit \(bit) of \(name)") {
                    try FolderManifest.verify(folder: folder.path(of: "s"))
                }
            }
            try folder.file("s/" + name, bytes: bytes)
        }
        try FolderManifest.verify(folder: folder.path(of: "s"))
    }

    @Test("missing, cut and lengthened files are all listed")
    func damage() throws {
        try save("s")
        try folder.resize("s/a", to: 2)
        try folder.resize("s/b.txt", to: 100)
        try Folder.remove(folder.path(of: "s/empty"))
        let damage = try #require(throws: FolderDamage.self) {
            try FolderManifest.verify(folder: folder.path(of: "s"))
        }
        #expect(damage.problems.count == 3)
        try Folder.remove(folder.path(of: "s/" + FolderManifest.fileName))
        #expect(throws: FileError.self) { try FolderManifest.verify(folder: folder.path(of: "s")) }
    }

    @Test("every prefix of a manifest is refused, and so are names that lead outside")
    func wrongManifests() throws {
        try save("s")
        let text = try folder.bytes("s/" + FolderManifest.fileName)
        for count in 0..<text.count {
            try folder.file("s/" + FolderManifest.fileName, bytes: Array(text.prefix(count)))
            #expect(throws: (any Error).self) { try FolderManifest(folder: folder.path(of: "s")) }
        }
        let outside = #"{"version":1,"files":{"../a":{"size":0,"crc32c":"00000000"}}}"#
        try folder.file("s/" + FolderManifest.fileName, bytes: Array(outside.utf8))
        #expect(throws: JSONFieldError.self) { try FolderManifest(folder: folder.path(of: "s")) }
    }

    @Test("when any call fails, the folder is absent or whole, and nothing else stays")
    func everyFault() throws {
        let log = SystemFaults(failing: nil, code: 0)
        try SystemFaults.$current.withValue(log) { try save("count") }
        try Folder.remove(folder.path(of: "count"))
        for failing in 0..<log.log.count {
            let faults = SystemFaults(failing: failing, code: ENOSPC)
            #expect(throws: FileError.self, "call \(failing): \(log.log[failing])") {
                try SystemFaults.$current.withValue(faults) { try save("s") }
            }
            let names = try Folder.names(in: folder.path)
            #expect(names == [] || names == ["s"])
            if names == ["s"] {
                try FolderManifest.verify(folder: folder.path(of: "s"))
                try Folder.remove(folder.path(of: "s"))
            }
        }
    }

    @Test("folders are created, listed, renamed and removed")
    func folders() throws {
        try Folder.create(folder.path(of: "x/y/z"))
        try Folder.create(folder.path(of: "x/y/z"))
        try folder.file("x/f", bytes: [1])
        try folder.link("x/y/link", to: "/etc")
        #expect(try Folder.kind(of: folder.path(of: "x")) == .folder)
        #expect(try Folder.kind(of: folder.path(of: "x/f")) == .file)
        #expect(throws: FileError.self) { try Folder.create(folder.path(of: "x/f/g")) }
        #expect(throws: FileError.self) { try Folder.files(in: folder.path(of: "x")) }
        try Folder.create(folder.path(of: "q"))
        #expect(throws: FileError.self) {
            try Folder.rename(folder.path(of: "x"), to: folder.path(of: "q"))
        }
        try Folder.rename(folder.path(of: "x"), to: folder.path(of: "w"))
        #expect(try Folder.names(in: folder.path(of: "w")) == ["f", "y"])
        try Folder.remove(folder.path(of: "w"))
        #expect(try Folder.kind(of: folder.path(of: "w")) == nil)
        #expect(try Folder.kind(of: "/etc") == .folder)
        #expect(throws: FileError.self) { try Folder.names(in: folder.path(of: "w")) }
    }

    @Test("temporary names are told from others")
    func temporaryNames() throws {
        let target = try AtomicFolder(path: folder.path(of: "step-1"))
        #expect(RelativePath.isTemporaryName(RelativePath.lastName(of: target.temporaryPath)))
        for name in [
            "a.tmp-", "a.tmp-b", "a.tmp-b-", "a.tmp-b-c-d", "a.tmp-B-c", "a", "a.tmp-b-c.d",
        ] {
            #expect(!RelativePath.isTemporaryName(name), "\(name)")
        }
    }

    @Test("paths are taken apart")
    func paths() {
        #expect(RelativePath.parent(of: "a/b/") == "a")
        #expect(RelativePath.parent(of: "a") == ".")
        #expect(RelativePath.parent(of: "/a") == "/")
        #expect(RelativePath.lastName(of: "a/b//") == "b")
        #expect(RelativePath.lastName(of: "/") == "/")
        #expect(RelativePath.join("a/", "b") == "a/b")
        #expect(RelativePath.join("a", "/b") == "/b")
    }

    @Test("names lead out of a folder whatever mark stands on their slash")
    func marks() {
        for name in [
            "..", "../b", "..\u{2F}\u{301}b", "a/..\u{2F}\u{20DD}", "/\u{301}", "a//\u{301}b",
        ] {
            #expect(!RelativePath.isContained(name), "\(name)")
        }
        #expect(RelativePath.isContained("e\u{301}/b") && RelativePath.isContained("..a/b.."))
        #expect(RelativePath.lastName(of: "a/\u{301}b") == "\u{301}b")
        #expect(RelativePath.parent(of: "a/\u{301}b") == "a")
    }

    @Test("a file whose name is as long as names may be is written")
    func longNames() throws {
        let folder = try TemporaryFolder()
        for name in [String(repeating: "日", count: 85), String(repeating: "a", count: 255)] {
            try AtomicFile.write("x", to: folder.path(of: name))
        }
        #expect(try folder.names().count == 2)
    }

    @Test("a file of another size than its manifest says is not read")
    func largeFile() throws {
        let folder = try TemporaryFolder()
        let target = try AtomicFolder(path: folder.path(of: "run"))
        try AtomicFile.write("x", to: target.path(of: "weights"))
        try target.commit()
        let path = folder.path(of: "run")
        #expect(unsafe truncate("\(path)/weights", 1 << 40) == 0)
        #expect(throws: FolderDamage.self) { try FolderManifest.verify(folder: path) }
    }
}
