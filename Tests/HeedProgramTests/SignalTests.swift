import Foundation
import HeedFormats
import HeedTestSupport
import Testing

@Suite("The program and signals")
struct SignalTests {
    @Test(
        "at whatever moment one comes, an output is whole or not there",
        arguments: [SIGINT, SIGTERM, SIGHUP])
    func anyMoment(signal: Int32) throws {
        let run = try SmallRun.shared.get()
        let inputs = try TemporaryFolder()
        let pairs = try inputs.file("pairs", (0..<3000).map { "a\($0)\tb\($0)\n" }.joined())
        let model = "\(Repository.models)/marian_tiny"
        let letters = try SmallLanguageRun.shared.get().model
        // A command, and the name of what it writes.
        let commands = [
            (["data", "copy", "--count", "9000"], "output"),
            (["split", "--input", pairs, "--valid", "5", "--test", "5"], "output"),
            (["export", "--model", run.model], "output"),
            (["forward", "--model", model, "--input", "\(model)/inputs.safetensors"], "output"),
            (["translate", "--model", run.model, "--max-length", "4", "--input", pairs], "output"),
            (["generate", "--model", letters, "--max-length", "4", "--prompt", "17"], "output"),
            (["attend", "--model", run.model, "--source", "a b"], "output.html"),
            (["explain", "masks"], "output.svg"),
            (["plot", run.model], "output.svg"),
            (["train", "tokenizer", "--vocabulary", "400", "--input", pairs], "output.json"),
        ]
        for (command, name) in commands {
            let whole = try TemporaryFolder()
            let start = ContinuousClock.now
            try Program.require(command + ["--output", whole.path(of: name)])
            let duration = ContinuousClock.now - start
            let expected = try Contents(whole.path)
            for moment in [0.05, 0.3, 0.5, 0.7, 0.85, 0.95] {
                let folder = try TemporaryFolder()
                let program = try RunningProgram(
                    command + ["--output", folder.path(of: name)])
                usleep(UInt32(duration / .microseconds(1) * moment))
                program.send(signal)
                let result = try program.finish()
                let found = try Contents(folder.path)
                // Before the program has begun, a signal does what it does to every process.
                #expect(
                    [0, 130, 128 + signal].contains(result.status), "\(command[0]): \(result)")
                // One that comes between the output's name and the end of the process finds it whole.
                let isRight = found == expected || result.status != 0 && found == Contents()
                #expect(
                    isRight, "\(command[0]) at \(moment): \(result), \(found.files.keys.sorted())")
                if result.status == 130, !result.errors.isEmpty {
                    #expect(result.errors == "heed: interrupted\n")
                }
            }
        }
    }

    @Test("one that comes while nothing is written yet ends a verb with 130 and one line")
    func waiting() throws {
        let folder = try TemporaryFolder()
        for options in [["--output", folder.path(of: "output")], []] {
            let program = try RunningProgram(
                ["translate", "--model", SmallRun.shared.get().model] + options)
            try program.waitUntilItWatches()
            if !options.isEmpty { try folder.waitForNames() }
            program.send(SIGTERM)
            // The end of its input would let it finish first.
            let result = try program.end()
            #expect(result.status == 130 && result.errors == "heed: interrupted\n", "\(result)")
            #expect(try folder.names() == [])
        }
    }

    @Test("one that tells of lost memory ends a program as by itself when another process sends it")
    func lostMemory() throws {
        let folder = try TemporaryFolder()
        let program = try RunningProgram([
            "translate", "--model", SmallRun.shared.get().model, "--output",
            folder.path(of: "output"),
        ])
        // It makes its output long after it has said what happens then.
        try folder.waitForNames()
        program.send(SIGBUS)
        let result = try program.finish()
        #expect(result.status == 128 + SIGBUS && result.errors.isEmpty, "\(result)")
    }

    @Test("those that were ignored from the start stay ignored, as under nohup and in scripts")
    func ignored() throws {
        let run = try SmallRun.shared.get()
        let folder = try TemporaryFolder()
        let output = folder.path(of: "output")
        let program = try RunningProgram(
            ["translate", "--model", run.model, "--output", output], prefix: "trap '' INT HUP;")
        try folder.waitForNames()
        for signal in [SIGINT, SIGHUP, SIGINT] { program.send(signal) }
        try program.write("a b\n")
        let result = try program.finish()
        #expect(result.status == 0 && result.errors.isEmpty, "\(result)")
        #expect(try TextFile.lines(path: output).count == 1)

        let training = try RunningProgram(
            SmallRun.arguments(data: run.data, output: folder.path(of: "run")),
            prefix: "trap '' INT TERM;")
        #expect(training.waitForLine("epoch 1:"))
        for signal in [SIGINT, SIGTERM, SIGINT] { training.send(signal) }
        let trained = try training.finish()
        #expect(trained.status == 0, "\(trained)")
        for name in ["model.safetensors", "metrics.jsonl"] {
            #expect(FileManager.default.fileExists(atPath: "\(folder.path(of: "run"))/\(name)"))
        }
    }

    @Test("one before training has begun leaves nothing, and a second one ends a training at once")
    func training() throws {
        let run = try SmallRun.shared.get()
        let folder = try TemporaryFolder()
        // Learning a tokenizer from so much text takes a while.
        let data = folder.path(of: "data")
        try Program.require(["data", "copy", "--count", "100000", "--output", data])
        let output = folder.path(of: "run")
        let early = try RunningProgram(SmallRun.arguments(data: data, output: output))
        try early.waitUntilItWatches()
        early.send(SIGINT)
        let result = try early.finish()
        #expect(result.status == 130 && result.errors == "heed: interrupted\n", "\(result)")
        #expect(!FileManager.default.fileExists(atPath: output))

        let long = SmallRun.arguments(
            data: run.data, output: output, ["--max-updates", "100000", "--max-epochs", "100000"])
        let late = try RunningProgram(long)
        #expect(late.waitForLine("epoch 1:"))
        late.send(SIGTERM)
        late.send(SIGINT)
        let ended = try late.finish()
        // Whether the first was answered before the second came is a matter of luck.
        #expect(ended.status == 130, "\(ended)")
        #expect(try #require(ended.errorLines.last).hasPrefix("heed: interrupted"))
        let resumed = try Program.run([
            "train", "translation", "--output", output, "--resume", "--max-updates", "1",
        ])
        #expect(resumed.status == 0, "\(resumed.errors)")
    }
}

/// The files below a folder.
struct Contents: Equatable {
    var files: [String: [UInt8]] = [:]

    init() {}

    init(_ folder: String) throws {
        for name in try Folder.files(in: folder) {
            files[name] = try InputFile.bytes(path: "\(folder)/\(name)", limit: 1 << 30)
        }
    }
}
