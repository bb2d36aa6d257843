import Foundation
import HeedFormats
import HeedTestSupport
import Testing

@Suite("Standard output and error")
struct StandardStreamTests {
    /// Command lines of every verb that prints, each with what it writes besides.
    private func commands(_ folder: TemporaryFolder) throws -> [[String]] {
        let run = try SmallRun.shared.get()
        let language = try SmallLanguageRun.shared.get()
        let pairs = try folder.file("pairs", (0..<50).map { "a\($0)\tb\($0)\n" }.joined())
        let text = try folder.file("text", "a b\nc d\n")
        return [
            ["--help"], ["--version"], ["help", "train"], ["--generate-completion-script", "bash"],
            ["data", "copy", "--count", "9", "--output", folder.path(of: "data")],
            [
                "split", "--input", pairs, "--valid", "2", "--test", "2", "--output",
                folder.path(of: "split"),
            ],
            ["score", "--hypothesis", text, "--reference", text],
            ["tokenize", "--model", run.model, "a b"], ["inspect", run.model],
            ["translate", "--model", run.model, "a b"],
            [
                "bench", "matmul", "--m", "4", "--n", "4", "--k", "4", "--precision", "float32",
                "--repeat", "1",
            ],
            SmallRun.arguments(
                data: run.data, output: folder.path(of: "run"), ["--max-updates", "2"]),
            ["generate", "--model", language.model, "--prompt", "17", "--max-length", "2"],
            SmallLanguageRun.arguments(
                data: language.folder.path, output: folder.path(of: "letters"),
                ["--max-updates", "2"]),
            [
                "train", "tokenizer", "--vocabulary", "300", "--input", text, "--output",
                folder.path(of: "tokenizer.json"),
            ],
            ["inspect", run.model, "--json"], ["explain"],
            ["bench", "tokenize", "--input", text, "--repeat", "1"], ["doctor"],
        ]
    }

    /// Runs the program with streams that a shell changes.
    private func run(_ arguments: [String], _ redirection: String) throws -> ProgramResult {
        try Program.run(
            ["-c", "\"$0\" \"$@\" \(redirection)", try Program.url().path] + arguments,
            program: URL(filePath: "/bin/sh"))
    }

    @Test("a reader that has gone ends every verb with 0 and no word of it")
    func closedPipe() throws {
        let folder = try TemporaryFolder()
        for command in try commands(folder) {
            let process = Process()
            process.executableURL = try Program.url()
            process.arguments = command
            let output = Pipe()
            process.standardOutput = output
            process.standardError = FileHandle(forWritingAtPath: try folder.file("errors", ""))
            try output.fileHandleForReading.close()
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationReason == .exit && process.terminationStatus == 0)
            let errors = try TextFile.string(path: folder.path(of: "errors"))
            #expect(!errors.contains("heed: "), "\(command): \(errors)")
        }
    }

    @Test("a full device ends every verb with 74 and one line")
    func fullDevice() throws {
        let folder = try TemporaryFolder()
        for command in try commands(folder) {
            let result = try run(command, "> /dev/full")
            #expect(result.status == 74, "\(command): \(result)")
            #expect(
                result.errorLines.last
                    == "heed: standard output: cannot write: No space left on device",
                "\(command): \(result)")
        }
    }

    @Test("streams that are closed are no files that a verb opens")
    func closedStreams() throws {
        let folder = try TemporaryFolder()
        let model = try SmallRun.shared.get().model
        let output = folder.path(of: "output")
        let translate = ["translate", "--model", model]
        let expected = try Program.require(translate + ["a b"]).output
        for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
            let result = try run(translate + ["--output", output, "a b"], closed)
            #expect(result.status == 0 && result.output.isEmpty, "\(closed): \(result)")
            #expect(try TextFile.string(path: output) == expected, "\(closed)")
        }
        let result = try run(translate + ["a b"], ">&-")
        #expect(result.isFailure(74, naming: "standard output: cannot write: Bad file descriptor"))
        let input = try run(translate, "<&-")
        #expect(input.isFailure(74, naming: "standard input: cannot read: Bad file descriptor"))
        #expect(try run(["nonsense"], "2>&-").status == 64)
    }
}
