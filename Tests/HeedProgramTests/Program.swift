import Foundation
import HeedTestSupport

/// What a run of the program left behind.
struct ProgramResult: Sendable {
    var status: Int32
    var output: String
    var errors: String

    /// The lines of standard error.
    var errorLines: [Substring] { errors.split(separator: "\n") }
}

/// The program that was built beside these tests.
enum Program {
    struct NotBuilt: Error, CustomStringConvertible {
        var folders: [String]
        var description: String { "no program 'heed' in \(folders.joined(separator: ", "))" }
    }

    static func url() throws -> URL {
        var folders: [String] = []
        let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        for path in [link, CommandLine.arguments.first].compactMap(\.self) {
            let folder = URL(filePath: path).deletingLastPathComponent()
            let program = folder.appending(path: "heed")
            if FileManager.default.isExecutableFile(atPath: program.path) { return program }
            folders.append(folder.path)
        }
        throw NotBuilt(folders: folders)
    }

    /// Runs the program with no shell in between and waits for its end.
    ///
    /// - Parameters:
    ///   - input: What standard input holds; nothing by default.
    ///   - environment: Added to this process's own.
    ///   - program: Another copy of the program.
    ///   - directory: The working directory.
    @discardableResult
    static func run(
        _ arguments: [String], input: String = "", environment: [String: String] = [:],
        program: URL? = nil, directory: URL? = nil
    ) throws -> ProgramResult {
        let folder = try TemporaryFolder()
        let files = try ["in", "out", "err"].map { name in
            let url = folder.url.appending(path: name)
            try Data(name == "in" ? Array(input.utf8) : []).write(to: url)
            return url
        }
        let process = Process()
        process.executableURL = try program ?? url()
        process.arguments = arguments
        if let directory { process.currentDirectoryURL = directory }
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        // Files instead of pipes: none can fill up while another is being read.
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        try process.run()
        process.waitUntilExit()
        return ProgramResult(
            status: process.terminationReason == .exit
                ? process.terminationStatus : 128 + process.terminationStatus,
            output: try String(contentsOf: files[1], encoding: .utf8),
            errors: try String(contentsOf: files[2], encoding: .utf8))
    }
}
