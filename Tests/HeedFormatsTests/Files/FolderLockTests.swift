import Foundation
import HeedFormats
import HeedTestSupport
import Testing

@Suite("The lock of a folder")
struct FolderLockTests {
    @Test("lets nobody else in until it is released")
    func exclusion() throws {
        let folder = try TemporaryFolder()
        let lock = try FolderLock(path: folder.path)
        let error = #expect(throws: FileError.self) { try FolderLock(path: folder.path) }
        #expect(error?.problem == .inUse)
        withExtendedLifetime(lock) {}
    }

    @Test(
        "is released although somebody holds a copy of its descriptor, as a process that is being started does"
    )
    func copiedDescriptor() throws {
        let folder = try TemporaryFolder()
        var lock: FolderLock? = try FolderLock(path: folder.path)
        let copy = dup(try #require(try descriptor(of: folder.path)))
        #expect(lock != nil && copy >= 0)
        lock = nil
        _ = try FolderLock(path: folder.path)
        close(copy)
    }

    /// The number under which this process has a folder open.
    private func descriptor(of path: String) throws -> Int32? {
        let files = FileManager.default
        let wanted = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        return try files.contentsOfDirectory(atPath: "/proc/self/fd").first { name in
            (try? files.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")) == wanted
        }.flatMap { Int32($0) }
    }
}
