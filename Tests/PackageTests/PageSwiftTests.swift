import Foundation
import HeedTestSupport
import Testing

/// Swift on pages is compiled against the modules that were built beside these tests, as whoever copies it would.
@Suite("Swift on pages")
struct PageSwiftTests {
    private static let pages = ["README.md", "docs/coming-from-pytorch.md", "docs/lecture.md"]

    /// The folder of what was built: that of the program that runs these tests.
    private static func build() throws -> URL {
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        for path in [program, CommandLine.arguments[0]] {
            let folder = URL(filePath: path).deletingLastPathComponent()
            let modules = folder.appending(path: "Modules").path
            if FileManager.default.fileExists(atPath: modules) { return folder }
        }
        throw CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: program])
    }

    /// The maps of modules in C: those that the build wrote, and those of libraries of the system.
    private static func moduleMaps(_ build: URL) throws -> [String] {
        let manager = FileManager.default
        return try [build, SourceTree.root.appending(path: "Sources")].flatMap { folder in
            try manager.contentsOfDirectory(atPath: folder.path).sorted()
                .map { folder.appending(path: "\($0)/module.modulemap").path }
                .filter { manager.fileExists(atPath: $0) }
        }
    }

    @Test("every block of Swift that imports a library of Heed compiles", arguments: pages)
    func compiles(path: String) throws {
        guard FileManager.default.fileExists(atPath: SourceTree.root.appending(path: path).path)
        else { return }
        let blocks = try Page(path).blocks(of: "swift").filter { $0.contains("import Heed") }
        #expect(path == "docs/lecture.md" || !blocks.isEmpty)
        for block in blocks {
            let complaints = try Self.complaints(about: block)
            #expect(complaints == "", "\(path)")
        }
    }

    @Test("a name that does not exist is noticed")
    func planted() throws {
        #expect(try Self.complaints(about: "import HeedTasks\nprint(NoSuchName())\n") != "")
    }

    /// What the compiler says about a program.
    private static func complaints(about program: String) throws -> String {
        let folder = try TemporaryFolder()
        let file = try folder.file("main.swift", program)
        let output = URL(filePath: try folder.file("output", ""))
        let build = try build()
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            ["swiftc", "-typecheck", "-swift-version", "6", file]
            + ["-I", build.appending(path: "Modules").path]
            + (try moduleMaps(build)).flatMap { ["-Xcc", "-fmodule-map-file=\($0)"] }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: output)
        try process.run()
        process.waitUntilExit()
        let text = try String(contentsOf: output, encoding: .utf8)
        return process.terminationStatus == 0 ? text : "failed: " + text
    }
}
