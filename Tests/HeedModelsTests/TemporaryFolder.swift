import Glibc
import HeedFormats

/// Calls `body` with the path of an empty folder, which is removed afterwards.
func withTemporaryFolder(_ body: (String) throws -> Void) throws {
    let path = "/tmp/heed-models-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    try Folder.create(path)
    defer { try? Folder.remove(path) }
    try body(path)
}
