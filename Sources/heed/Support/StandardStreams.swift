import Foundation
import HeedFormats

/// The reader of standard output has gone; the program ends quietly.
struct ClosedPipe: Error {}

/// Standard output and standard error.
enum StandardStreams {
    /// Makes a write to a closed pipe, or of more than a file may have, an error instead of a signal, so that files in
    /// the making are cleared away; and keeps files that are opened from taking the place of a closed stream.
    static func prepare() {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        StandardDescriptors.reserve()
    }

    /// Writes a line to standard output.
    ///
    /// - Throws: `ClosedPipe` when nobody reads any more, a `Failure` when the write fails.
    static func print(_ line: String) throws {
        try write(line + "\n")
    }

    /// Writes text to standard output.
    static func write(_ text: String) throws {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
        } catch {
            let code = posixCode(of: error)
            if code == .EPIPE { throw ClosedPipe() }
            throw Failure(
                .inputOutput,
                code.map {
                    "\(FileError(path: name, .system(operation: "write", code: $0.rawValue)))"
                } ?? "\(name): cannot write: \(error)")
        }
    }

    /// Writes a line to standard error, as well as that is possible.
    static func printError(_ line: String) { writeError(line + "\n") }

    /// Whether somebody sees what is written to standard error.
    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Writes text to standard error, as well as that is possible.
    static func writeError(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    private static let name = "standard output"

    private static func posixCode(of error: any Error) -> POSIXErrorCode? {
        let error = error as NSError
        if error.domain == NSPOSIXErrorDomain { return POSIXErrorCode(rawValue: Int32(error.code)) }
        return (error.userInfo[NSUnderlyingErrorKey] as? any Error).flatMap(posixCode)
    }
}
