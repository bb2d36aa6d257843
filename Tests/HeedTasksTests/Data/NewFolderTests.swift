import HeedFormats
import HeedTasks
import HeedTestSupport
import Testing

@Suite("Folders that are filled")
struct NewFolderTests {
    private struct Stopped: Error {}

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("what fails leaves neither the folder nor those that were made for it")
    func failure() throws {
        try Folder.create(folder.path(of: "kept"))
        for path in ["a", "a/b/c", "kept/d/e"] {
            let target = try NewFolder(path: folder.path(of: path))
            #expect(throws: Stopped.self) {
                try target.fill {
                    try AtomicFile.write("half", to: folder.path(of: "\(path)/file"))
                    throw Stopped()
                }
            }
            #expect(try folder.names() == ["kept"], "\(path)")
            #expect(try Folder.names(in: folder.path(of: "kept")) == [], "\(path)")
        }
        // What another process put there in the meantime stays.
        let target = try NewFolder(path: folder.path(of: "x/y"))
        #expect(throws: Stopped.self) {
            try target.fill {
                try AtomicFile.write("", to: folder.path(of: "x/other"))
                throw Stopped()
            }
        }
        #expect(try Folder.files(in: folder.path(of: "x")) == ["other"])
    }

    @Test("what goes well stays, with the folders above")
    func success() throws {
        let path = folder.path(of: "a/b")
        try NewFolder(path: path).fill { try AtomicFile.write("", to: "\(path)/file") }
        #expect(try Folder.files(in: folder.path) == ["a/b/file"])
    }
}
