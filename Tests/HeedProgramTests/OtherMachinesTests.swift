import Foundation
import HeedFormats
import HeedTestSupport
import Testing

@Suite("Other machines")
struct OtherMachinesTests {
    /// Runs the program behind limits that a shell sets.
    private func run(
        _ arguments: [String], under limits: String, environment: [String: String] = [:]
    ) throws -> ProgramResult {
        try Program.run(
            ["-c", "\(limits); exec \"$0\" \"$@\"", try Program.url().path] + arguments,
            environment: environment, program: URL(filePath: "/bin/sh"))
    }

    @Test(
        "a whole training, its resumption and a translation on plainer instruction sets",
        arguments: ["generic", "avx2"])
    func instructionSet(name: String) throws {
        let environment = ["HEED_ISA": name]
        let doctor = try Program.require(["doctor", "--json"], environment: environment)
        let report = try JSONParser().parse(doctor.output)
        guard report["instruction_set"]?.stringValue == name else { return }
        let run = try SmallRun.shared.get()
        let folder = try TemporaryFolder()
        let output = folder.path(of: "run")
        let limit = ["--max-updates", "20", "--precision", "float32"]
        let first = try Program.require(
            SmallRun.arguments(data: run.data, output: output, limit), environment: environment)
        #expect(first.output.hasPrefix("BLEU|") && !first.errors.contains("warning"))
        let second = try Program.require(
            ["train", "translation", "--output", output, "--resume", "--max-updates", "30"],
            environment: environment)
        #expect(second.errors.contains("going on after update 20"))
        // The same training in one piece with this machine's own instructions.
        let other = folder.path(of: "other")
        try Program.require(
            SmallRun.arguments(data: run.data, output: other, ["--precision", "float32"]))
        let losses = try [output, other].map { path in
            let last = try #require(TextFile.lines(path: "\(path)/metrics.jsonl").last)
            return try #require(JSONParser().parse(last)["valid_loss"]?.doubleValue)
        }
        #expect(abs(losses[0] - losses[1]) <= 1e-3, "\(losses)")
        let texts = ["a b c", "d e f g"]
        let translations = try [environment, [:]].map {
            try Program.require(
                ["translate", "--model", other, "--precision", "float32"] + texts, environment: $0
            ).output
        }
        #expect(translations[0] == translations[1])
    }

    @Test("too few file handles end with one line, and enough are few")
    func fileHandles() throws {
        let run = try SmallRun.shared.get()
        let folder = try TemporaryFolder()
        let input = try folder.file("input", "a b\nc d\n")
        for count in [3, 4, 5, 6, 7, 8, 10, 12, 16] {
            let output = folder.path(of: "output-\(count)")
            let commands = [
                ["translate", "--model", run.model, "--input", input, "--output", output],
                SmallRun.arguments(data: run.data, output: output, ["--max-updates", "2"]),
                ["data", "copy", "--count", "9", "--output", output],
                ["export", "--model", run.model, "--output", output],
            ]
            for command in commands {
                let result = try self.run(command, under: "ulimit -n \(count)")
                let name = "\(command[0]) with \(count): \(result)"
                // The loader itself needs handles to find the libraries, and says so with 127.
                if result.status == 127 {
                    #expect(result.errors.contains("error while loading shared libraries"))
                } else if result.status != 0 {
                    #expect([66, 73, 74].contains(result.status), "\(name)")
                    #expect(result.errorLines.last?.hasPrefix("heed: ") == true, "\(name)")
                    #expect(result.errors.contains("Too many open files"), "\(name)")
                }
                #expect(count < 16 || result.status == 0, "\(name)")
                try? FileManager.default.removeItem(atPath: output)
            }
        }
    }

    @Test("every verb works with 512 MB of addresses")
    func littleMemory() throws {
        let run = try SmallRun.shared.get()
        let folder = try TemporaryFolder()
        let tiny = "\(Repository.models)/marian_tiny"
        let commands = [
            ["translate", "--model", run.model, "a b c"],
            ["translate", "--model", run.model, "--precision", "int8", "a b c"],
            SmallRun.arguments(data: run.data, output: folder.path(of: "run")),
            ["data", "copy", "--count", "20000", "--output", folder.path(of: "data")],
            ["export", "--model", run.model, "--output", folder.path(of: "export")],
            [
                "forward", "--model", tiny, "--input", "\(tiny)/inputs.safetensors", "--output",
                folder.path(of: "forward"),
            ],
            ["inspect", run.model], ["tokenize", "--model", run.model, "a"], ["doctor"],
        ]
        for command in commands {
            let result = try self.run(command, under: "ulimit -v 524288")
            #expect(result.status == 0, "\(command[0]): \(result)")
        }
    }

    @Test("memory that is not enough ends with 71 and one line, and leaves nothing")
    func tooLittleMemory() throws {
        let run = try SmallRun.shared.get()
        let folder = try TemporaryFolder()
        let input = try folder.file("input", "a b c\nd e f g\n")
        let output = folder.path(of: "output")
        var codes: Set<Int32> = []
        for megabytes in stride(from: 120, through: 400, by: 20) {
            let result = try self.run(
                [
                    "translate", "--model", run.model, "--threads", "2", "--input", input,
                    "--output", output,
                ], under: "ulimit -v \(megabytes * 1024)")
            codes.insert(result.status)
            let name = "\(megabytes) MB: \(result.status) \(result.errors.prefix(300))"
            switch result.status {
            case 0: #expect(try TextFile.lines(path: output).count == 2, "\(name)")
            case 127: #expect(result.errors.contains("error while loading shared libraries"))
            default:
                #expect(result.isFailure(71, naming: "out of memory"), "\(name)")
                #expect(try folder.names() == ["input"], "\(name)")
            }
            try? FileManager.default.removeItem(atPath: output)
        }
        #expect(codes.contains(0) && codes.contains(71), "\(codes)")
    }

    @Test(
        "a text or sizes that the memory cannot hold end with 71 and one line, whatever is allocated"
    )
    func largeText() throws {
        let folder = try TemporaryFolder()
        let output = folder.path(of: "output")
        let input = try folder.file("input", String(repeating: "ab ", count: 6_700_000) + "\n")
        let commands = [
            ["tokenize", "--json", "--input", input],
            ["translate", "--model", try SmallRun.shared.get().model, "--input", input]
                + ["--max-length", "4", "--output", output],
            ["train", "tokenizer", "--vocabulary", "400", "--input", input, "--output", output],
        ]
        for command in commands {
            let result = try run(command, under: "ulimit -v 300000")
            #expect(result.isFailure(71, naming: "out of memory"), "\(command[0]): \(result)")
            #expect(try folder.names() == ["input"])
        }
        let numbers = ["--heads", "--head-size", "--length"].flatMap { [$0, "16777216"] }
        let huge = try Program.run(["bench", "attention", "--batch", "1"] + numbers)
        #expect(huge.isFailure(71, naming: "out of memory"), "\(huge)")
        let sizes = ["--length", "1000000", "--batch", "1000000", "--heads", "1"]
        let result = try run(["bench", "attention"] + sizes, under: "ulimit -v 4000000")
        #expect(result.isFailure(71, naming: "out of memory"), "\(result)")
    }

    @Test("one core, and more threads than cores, give the same")
    func fewCores() throws {
        let run = try SmallRun.shared.get()
        let arguments = ["translate", "--model", run.model, "--scores", "a b c", "d e f g"]
        let expected = try Program.require(arguments).output
        for (limits, threads) in [("taskset -p 1 $$ >/dev/null", ""), (":", "16")] {
            let result = try self.run(
                arguments, under: limits, environment: ["HEED_THREADS": threads])
            #expect(result.status == 0 && result.output == expected, "\(limits): \(result)")
        }
    }
}
