import Foundation
import HeedTestSupport
import Testing

/// Swift on pages is compiled against the modules that were built beside these tests, as whoever copies it would.
@Suite("Swift on pages")
struct PageSwiftTests {
    private static let pages =
        ["README.md", "docs/attention.md", "docs/coming-from-pytorch.md"] + catalogs

    /// Pages of libraries that show how they are used.
    private static let catalogs = [
        "Sources/HeedPatterns/Documentation.docc/HeedPatterns.md",
        "Sources/HeedTasks/Documentation.docc/HeedTasks.md",
        "Sources/HeedTasks/Documentation.docc/Lecture.md",
        "Sources/HeedTensor/Documentation.docc/HeedTensor.md",
        "Tests/HeedTestSupport/Documentation.docc/HeedTestSupport.md",
    ]

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
        let blocks = try Page(path).blocks(of: "swift").filter { $0.contains("import Heed") }
        #expect(!blocks.isEmpty)
        for block in blocks {
            let complaints = try Self.complaints(about: block)
            #expect(complaints == "", "\(path)")
        }
    }

    @Test(
        "the files of the model that a page adds compile as a part of its layer, and their tests with it"
    )
    func addedModel() throws {
        let files = try Page("docs/adding-a-model.md").files
        #expect(files.count == 4)
        let folder = try TemporaryFolder()
        var paths = try files.map { file in
            try folder.file(URL(filePath: file.path).lastPathComponent, file.text)
        }
        let tests = paths.removeLast()
        let layer = try SourceTree.files(under: "Sources").filter {
            $0.target == "HeedModels" && $0.path.hasSuffix(".swift")
        }.map { SourceTree.root.appending(path: $0.path).path }
        let module = [
            "-emit-module", "-module-name", "HeedModels", "-emit-module-path",
            folder.path(of: "HeedModels.swiftmodule"),
        ]
        #expect(try Self.complaints(Self.layerArguments + module + layer + paths) == "")
        let user = ["-typecheck", "-module-name", "HeedModelsTests", "-I", folder.path, tests]
        #expect(try Self.complaints(Self.layerArguments + user) == "")
    }

    @Test("a name that does not exist is noticed")
    func planted() throws {
        #expect(try Self.complaints(about: "import HeedTasks\nprint(NoSuchName())\n") != "")
    }

    /// What the compiler says about a program.
    private static func complaints(about program: String) throws -> String {
        let folder = try TemporaryFolder()
        return try complaints(["-typecheck", folder.file("main.swift", program)])
    }

    /// What the compiler is told of files of the package: the package's name, which is that of its folder, and the features
    /// of `Package.swift`.
    private static var layerArguments: [String] {
        let name = SourceTree.root.lastPathComponent.lowercased()
        let word = String(name.map { $0.isLetter || $0.isNumber ? $0 : "_" })
        return ["-package-name", word, "-parse-as-library"]
            + ["ExistentialAny", "MemberImportVisibility", "InternalImportsByDefault"].flatMap {
                ["-enable-upcoming-feature", $0]
            }
    }

    /// What the compiler says when it is called with these arguments, and knows the modules that were built.
    private static func complaints(_ arguments: [String]) throws -> String {
        let folder = try TemporaryFolder()
        let output = URL(filePath: try folder.file("output", ""))
        let build = try build()
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            ["swiftc", "-swift-version", "6"] + arguments
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
