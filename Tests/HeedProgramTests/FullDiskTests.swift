import Foundation
import HeedFormats
import HeedTestSupport
import Testing

/// A file system of some kilobytes, in a namespace of the test's own.
private enum SmallDisk {
    /// What runs a command with one mounted on a folder, whose size in KB and path come first.
    static let prefix = [
        "unshare", "--mount", "--map-root-user", "sh", "-c",
        """
        mount -t tmpfs -o size=$1k,mode=777 heed "$2" || exit 99; shift 2; "$@"; code=$?
        echo; echo "names: $(ls -A "$0" | tr '\\n' ' ')"; exit $code
        """,
    ]

    static func run(_ arguments: [String], size: Int, on folder: String) throws -> ProgramResult {
        try Program.run(
            ["-c", "exec \"$@\"", "sh"] + prefix + [folder, "\(size)", folder]
                + [Program.url().path] + arguments, program: URL(filePath: "/bin/sh"))
    }

    /// Whether this system lets the tests mount one.
    static let isPossible: Bool =
        (try? {
            let folder = try TemporaryFolder()
            return try run(["--version"], size: 64, on: folder.path).status == 0
        }()) ?? false
}

@Suite("A disk that is full", .enabled(if: SmallDisk.isPossible))
struct FullDiskTests {
    // A disk has whole pages of memory, and outputs must be longer.
    @Test(
        "ends every verb that writes with 74 and one line, and no part of an output is there",
        .enabled(if: sysconf(Int32(_SC_PAGESIZE)) == 4096))
    func verbs() throws {
        let run = try SmallRun.shared.get()
        let inputs = try TemporaryFolder()
        let disk = try TemporaryFolder()
        let pairs = try inputs.file("pairs", (0..<3000).map { "a\($0)\tb\($0)\n" }.joined())
        let numbers = try inputs.file("numbers", (0..<500).map { "\($0)\n" }.joined())
        let letters = try SmallLanguageRun.shared.get().model
        // A command, and the name of what it writes: more than a page of memory.
        let commands = [
            (["data", "copy", "--count", "9000"], "output"),
            (["split", "--input", pairs, "--valid", "5", "--test", "5"], "output"),
            (["export", "--model", run.model], "output"),
            (
                [
                    "translate", "--model", run.model, "--max-length", "3", "--json", "--input",
                    pairs,
                ],
                "output"
            ),
            (
                [
                    "generate", "--model", letters, "--max-length", "3", "--json", "--input",
                    numbers,
                ],
                "output"
            ),
            (["attend", "--model", run.model, "--source", "a b"], "output.html"),
            (["explain", "masks"], "output.svg"),
            (["plot", run.model], "output.svg"),
            (["train", "tokenizer", "--vocabulary", "400", "--input", pairs], "output.json"),
        ]
        for (command, name) in commands {
            let result = try SmallDisk.run(
                command + ["--output", disk.path(of: name)], size: 4, on: disk.path)
            #expect(result.status == 74, "\(command[0]): \(result)")
            #expect(result.errorLines.count == 1, "\(command[0]): \(result)")
            #expect(result.errors.contains("No space left on device"), "\(command[0]): \(result)")
            #expect(result.output.hasSuffix("names: \n"), "\(command[0]): \(result.output)")
        }
    }

    @Test("ends a training with 74 and one line, and the run is kept as it was saved last")
    func training() throws {
        let run = try SmallRun.shared.get()
        for size in [16, 200, 600, 1000] {
            let disk = try TemporaryFolder()
            let result = try SmallDisk.run(
                SmallRun.arguments(data: run.data, output: disk.path(of: "run")), size: size,
                on: disk.path)
            #expect(result.status == 74, "\(size): \(result)")
            let last = try #require(result.errorLines.last)
            #expect(
                last.hasPrefix("heed: ") && last.contains("No space left on device"), "\(result)")
        }
    }
}
