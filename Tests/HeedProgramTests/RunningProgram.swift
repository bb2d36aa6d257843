import Foundation
import HeedTestSupport
import Synchronization

/// The program while it runs, with its standard error as it comes.
final class RunningProgram {
    private let process = Process()
    private let input = Pipe()
    private let errors = Pipe()
    private var text = ""

    /// Starts the program, behind a shell's `prefix` such as `trap '' INT;` where there is one.
    init(_ arguments: [String], prefix: String = "", output: FileHandle = .nullDevice) throws {
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments =
            ["-c", "\(prefix) exec \"$0\" \"$@\"", try Program.url().path] + arguments
        process.standardInput = input
        process.standardOutput = output
        process.standardError = errors
        try process.run()
    }

    /// Waits for a line on standard error that begins so; false when the program ended without one.
    func waitForLine(_ beginning: String) -> Bool {
        while !text.split(separator: "\n").contains(where: { $0.hasPrefix(beginning) }) {
            let data = errors.fileHandleForReading.availableData
            if data.isEmpty { return false }
            text += String(decoding: data, as: UTF8.self)
        }
        return true
    }

    /// Waits until the program, and no longer the shell before it, watches for signals: it keeps them from its threads.
    func waitUntilItWatches() throws {
        let path = "/proc/\(process.processIdentifier)/status"
        let deadline = Date(timeIntervalSinceNow: 60)
        while Date() < deadline {
            let status = try String(contentsOfFile: path, encoding: .utf8)
            let blocked = status.firstMatch(of: /SigBlk:\s*(\w+)/).flatMap {
                UInt64($0.1, radix: 16)
            }
            if let blocked, blocked & (1 << UInt64(SIGTERM - 1)) != 0 { return }
            usleep(1000)
        }
    }

    /// Sends a signal.
    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Sends text to standard input.
    func write(_ text: String) throws {
        try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
    }

    /// Closes standard input and waits for the end.
    func finish() throws -> ProgramResult {
        try input.fileHandleForWriting.close()
        return try end()
    }

    /// Waits for the end of a program that does not wait for more of its standard input, which stays open.
    func end() throws -> ProgramResult {
        text += String(
            decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return ProgramResult(
            status: process.terminationReason == .exit
                ? process.terminationStatus : 128 + process.terminationStatus,
            output: "", errors: text)
    }
}

extension TemporaryFolder {
    /// Waits until something is in it, such as what a program begins to write, for a minute at most.
    func waitForNames() throws {
        let deadline = Date(timeIntervalSinceNow: 60)
        while try names().isEmpty, Date() < deadline { usleep(500) }
    }
}
