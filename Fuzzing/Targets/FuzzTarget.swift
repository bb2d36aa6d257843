import Glibc
import HeedFormats

/// A reader of bytes from outside, and what must be true of whatever it accepts.
struct FuzzTarget: Sendable {
    let name: String
    /// Inputs to begin with.
    let seeds: @Sendable () throws -> [[UInt8]]
    /// Reads an input. Errors are thrown on; what must not be ends the program.
    let body: @Sendable ([UInt8]) throws -> Void

    static let all = formats + models + texts + trainings
}

/// Ends the program where something that must be true is not.
func require(_ condition: Bool, _ words: @autoclosure () -> String) {
    if !condition { fatalError(words()) }
}

/// The value of what must not fail, since it was made from something that was accepted.
func require<Result>(_ words: String, _ body: () throws -> Result) -> Result {
    do {
        return try body()
    } catch {
        fatalError("\(words): \(error)")
    }
}

extension String {
    var bytes: [UInt8] { Array(utf8) }
}

/// A folder in memory whose files are replaced by each input.
struct ScratchFolder {
    let path: String

    init(_ name: String) {
        path = "/dev/shm/heed-fuzz-\(name)-\(getpid())"
        require("a folder in memory is needed") { try Folder.create(path) }
    }

    func path(_ name: String) -> String { RelativePath.join(path, name) }

    /// Writes a file without flushing it, which `AtomicFile` would.
    func write(_ bytes: [UInt8], _ name: String) {
        let descriptor = unsafe open(path(name), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        let count = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
        }
        require(count == bytes.count && close(descriptor) == 0, "\(path(name)) cannot be written")
    }

    /// Writes the parts of an input into these files; a file whose part is missing goes. Parts end at the byte 0xFF,
    /// which no text in UTF-8 holds.
    func write(parts bytes: [UInt8], _ names: [String]) {
        let parts = bytes.split(separator: 0xFF, omittingEmptySubsequences: false)
        for (number, name) in names.enumerated() {
            if number < parts.count, !parts[number].isEmpty {
                write(Array(parts[number]), name)
            } else {
                _ = unsafe unlink(path(name))
            }
        }
    }
}
