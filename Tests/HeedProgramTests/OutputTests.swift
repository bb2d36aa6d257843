import Foundation
import HeedFormats
import HeedTestSupport
import Testing

@Suite("What the program writes")
struct OutputTests {
    /// The command lines that write, each without the value of its last option, --output.
    private func commands(_ folder: TemporaryFolder) throws -> [[String]] {
        let run = try SmallRun.shared.get()
        let pairs = try folder.file(
            "pairs", (0..<50).map { "a\($0)\tb\($0)\n" }.joined())
        let training = SmallRun.arguments(data: run.data, output: "").filter { $0 != "" }
        let index = try #require(training.firstIndex(of: "--output"))
        let model = "\(Repository.models)/marian_tiny"
        let language = try SmallLanguageRun.shared.get()
        let text = try folder.file("text", "a b\nc d\n")
        return [
            ["data", "copy", "--count", "9", "--output"],
            ["split", "--input", pairs, "--valid", "2", "--test", "2", "--output"],
            ["export", "--model", run.model, "--output"],
            ["forward", "--model", model, "--input", "\(model)/inputs.safetensors", "--output"],
            ["translate", "--model", run.model, "a b", "--output"],
            [
                "generate", "--model", language.model, "--prompt", "17", "--max-length", "2",
                "--output",
            ],
            ["attend", "--model", run.model, "--source", "a b", "--output"],
            ["explain", "masks", "--output"],
            ["plot", run.model, "--output"],
            ["train", "tokenizer", "--vocabulary", "300", "--input", text, "--output"],
            Array(training[..<index] + training[(index + 1)...]) + ["--output"],
        ]
    }

    @Test("where nothing can be written, every verb ends with 73 and one line")
    func cannotCreate() throws {
        let folder = try TemporaryFolder()
        let commands = try commands(folder)
        let file = try folder.file("file", "kept")
        let before = try folder.names()
        for command in commands {
            let ending = ending(command)
            for output in [file + "/below\(ending)"] + (ending.isEmpty ? [""] : []) {
                let result = try Program.run(command + [output])
                #expect(result.isFailure(73), "\(command[0]) \(output): \(result)")
            }
            // A file can be replaced by one, yet is no folder; a folder is no file.
            let other = folder.path(of: "folder\(ending)")
            try Folder.create(other)
            let result = try Program.run(command + [writesFile(command) ? other : file])
            #expect(result.isFailure(73), "\(command[0]): \(result)")
            #expect(try Folder.names(in: other).isEmpty)
            try Folder.remove(other)
        }
        #expect(try folder.names() == before)
        #expect(try TextFile.string(path: file) == "kept")
    }

    @Test(
        "a folder that nobody may write into ends every verb with 73",
        .enabled(if: Unprivileged.isPossible))
    func readOnly() throws {
        let folder = try TemporaryFolder()
        let commands = try commands(folder)
        let closed = folder.path(of: "closed")
        try Folder.create(closed)
        try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: closed)
        for command in commands {
            for output in [closed + "/new" + ending(command)]
                + (writesFile(command) ? [] : [closed])
            {
                let result = try Program.run(
                    ["-c", "exec \"$@\"", "sh"] + Unprivileged.prefix + [Program.url().path]
                        + command + [output], program: URL(filePath: "/bin/sh"))
                #expect(
                    result.isFailure(73, naming: "closed", "Permission denied"),
                    "\(command[0]) \(output): \(result)")
            }
        }
        #expect(try Folder.names(in: closed).isEmpty)
    }

    private func writesFile(_ command: [String]) -> Bool {
        !["data", "split", "export", "train"].contains(command[0]) || command[1] == "tokenizer"
    }

    /// How the name of an output must end.
    private func ending(_ command: [String]) -> String {
        ["attend": ".html", "explain": ".svg", "plot": ".svg"][command[0]] ?? ""
    }

    @Test("a write that fails midway ends with 74, and what was written before is gone")
    func failsMidway() throws {
        let folder = try TemporaryFolder()
        for command in try commands(folder) where command[0] != "train" || writesFile(command) {
            let input = try large(command, folder)
            let before = try folder.names()
            let output = folder.path(of: "output\(ending(command))")
            // Files may have 512 bytes; going beyond is an error instead of a signal.
            let limited = try Program.run(
                [
                    "-c", "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"", try Program.url().path,
                ] + input + [output], program: URL(filePath: "/bin/sh"))
            #expect(limited.status == 74 && limited.errorLines.count == 1, "\(limited)")
            #expect(limited.errors.contains("cannot write"), "\(limited.errors)")
            #expect(try folder.names() == before, "\(command[0])")
        }
    }

    /// The same command with more to write than 512 bytes.
    private func large(_ command: [String], _ folder: TemporaryFolder) throws -> [String] {
        let lines = String(repeating: "a b c\n", count: 400)
        switch command[0] {
        case "data": return ["data", "copy", "--count", "900", "--output"]
        case "split":
            let pairs = (0..<500).map { "a\($0)\tb\($0)\n" }.joined()
            return try ["split", "--input", folder.file("large", pairs)] + command[3...]
        case "translate":
            return try Array(command[..<3]) + [
                "--max-length", "3", "--json", "--input", folder.file("large", lines), "--output",
            ]
        case "generate":
            return try Array(command[..<3]) + [
                "--max-length", "2", "--json", "--input", folder.file("large", lines), "--output",
            ]
        default: return command
        }
    }

    @Test("a full device ends with 74 and says so")
    func fullDevice() throws {
        let model = try SmallRun.shared.get().model
        let result = try Program.run(
            ["translate", "--model", model, "a b", "--output", "/dev/full"])
        #expect(result.isFailure(74, naming: "/dev/full: cannot write: No space left"))
        let shell = try Program.run(
            ["-c", "exec \"$0\" --version > /dev/full", try Program.url().path],
            program: URL(filePath: "/bin/sh"))
        #expect(
            shell.isFailure(74, naming: "standard output: cannot write: No space left on device"),
            "\(shell.errors)")
    }

    @Test("a training whose model no memory holds is refused before it begins")
    func tooLarge() throws {
        let folder = try TemporaryFolder()
        let output = folder.path(of: "run")
        let result = try Program.run(
            SmallRun.arguments(
                data: SmallRun.shared.get().data, output: output,
                ["--set", "width=65536", "--set", "inner=262144", "--set", "layers=1024"]))
        #expect(result.isFailure(64, naming: "parameters, which need", "GB"), "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: output))
    }

    @Test("a length that no memory has room for is cut down to what a translation may need")
    func hugeLength() throws {
        let model = try SmallRun.shared.get().model
        let text = ["a b c", "d e f g"]
        let plain = try Program.require(["translate", "--model", model] + text).output
        // 8 GB of addresses, of which caches for so many positions would need more.
        let result = try Program.run(
            [
                "-c", "ulimit -v 8000000; exec \"$0\" \"$@\"", try Program.url().path, "translate",
                "--model", model, "--max-length", "1000000", "--beam", "32",
            ] + text, program: URL(filePath: "/bin/sh"))
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors.prefix(300))")
        #expect(result.output.split(separator: "\n").count == plain.split(separator: "\n").count)
    }
}
