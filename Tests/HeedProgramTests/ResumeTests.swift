import Foundation
import HeedFormats
import HeedTestSupport
import Testing

@Suite("heed train --resume")
struct ResumeTests {
    @Test("a training that was interrupted, and continued elsewhere, ends with the same bits")
    func interrupted() throws {
        let folder = try TemporaryFolder()
        let data = try SmallRun.shared.get().data
        let long = ["--max-updates", "400", "--max-epochs", "60", "--checkpoint-every", "37"]
        let whole = folder.path(of: "whole")
        try Program.require(SmallRun.arguments(data: data, output: whole, long))

        let parts = folder.path(of: "parts")
        let first = try interrupt(
            SmallRun.arguments(data: data, output: parts, long), afterLine: "epoch 2:",
            signal: SIGINT)
        #expect(first.status == 130)
        #expect(first.errorLines.last == "heed: interrupted; \(parts) is saved")
        let second = try interrupt(
            ["train", "translation", "--output", parts, "--resume", "--threads", "1"],
            afterLine: "epoch", signal: SIGTERM)
        #expect(second.status == 130, "\(second.errors)")
        let third = try Program.require(
            ["train", "translation", "--output", parts, "--resume", "--threads", "3"])
        #expect(third.errors.contains("going on after update "))
        let (expected, found) = (try RunOutcome.files(whole), try RunOutcome.files(parts))
        #expect(Set(expected.keys) == Set(found.keys))
        for (name, bytes) in expected { #expect(found[name] == bytes, "\(name)") }
    }

    @Test("a damaged checkpoint is set aside with a warning, and the one before is used")
    func damaged() throws {
        let folder = try TemporaryFolder()
        let run = try SmallRun.shared.get()
        let copy = folder.path(of: "run")
        try FileManager.default.copyItem(atPath: run.model, toPath: copy)
        let file = "\(copy)/checkpoints/step-30/model.safetensors"
        var bytes = try InputFile.bytes(path: file, limit: 1 << 30)
        bytes[bytes.count / 2] ^= 1
        try AtomicFile.write(bytes, to: file)
        let result = try Program.require(["train", "translation", "--output", copy, "--resume"])
        #expect(result.errors.contains("step-30 was skipped"))
        let (expected, found) = (try RunOutcome.files(run.model), try RunOutcome.files(copy))
        for (name, bytes) in expected { #expect(found[name] == bytes, "\(name)") }
    }

    @Test(
        "changed settings are refused by name; limits and threads may change",
        arguments: [
            (["--learning-rate", "0.1"], "learning-rate"), (["--seed", "2"], "seed"),
            (["--set", "width=64"], "width"), (["--preset", "base"], "preset"),
            (["--merges", "61"], "merges"), (["--train-source", "/elsewhere"], "train-source"),
            (["--tokenizer", "/elsewhere"], "tokenizer"), (["--average", "3"], "average"),
        ])
    func changed(options: [String], name: String) throws {
        let run = try SmallRun.shared.get()
        let arguments = ["train", "translation", "--output", run.model, "--resume"]
        let result = try Program.run(arguments + options)
        #expect(result.isFailure(64, naming: "another \(name)"), "\(result.errors)")
    }

    @Test("other data, and a folder without a run, are refused")
    func otherData() throws {
        let folder = try TemporaryFolder()
        let run = try SmallRun.shared.get()
        let (data, output) = (folder.path(of: "data"), folder.path(of: "run"))
        try FileManager.default.copyItem(atPath: run.data, toPath: data)
        try Program.require(
            SmallRun.arguments(data: data, output: output, ["--max-updates", "3"]))
        let source = try TextFile.lines(path: "\(data)/valid.source")
        _ = try folder.file(
            "data/valid.source",
            ([String(source[0].reversed())] + source.dropFirst()).joined(separator: "\n") + "\n")
        let resume = ["train", "translation", "--output", output, "--resume"]
        let changed = try Program.run(resume + ["--max-updates", "4"])
        #expect(changed.status == 65)
        #expect(changed.errors.contains("validation data"))
        let last = try #require(changed.errorLines.last)
        #expect(last.hasPrefix("heed: ") && last.count < 400, "\(last)")
        let recipe = try TextFile.string(path: "\(output)/training.json")
        #expect(recipe.contains("\"max-updates\": 3"), "a refused resumption changes nothing")

        let empty = try Program.run(["train", "translation", "--output", data, "--resume"])
        #expect(empty.isFailure(66, naming: "training.json"))
        for path in [folder.path(of: "none"), ""] {
            let missing = try Program.run(["train", "translation", "--output", path, "--resume"])
            #expect(missing.isFailure(66), "\(missing.errors)")
        }
    }

    /// Runs the program, and sends it a signal once a line begins so on standard error.
    private func interrupt(
        _ arguments: [String], afterLine beginning: String, signal: Int32
    ) throws -> ProgramResult {
        let process = Process()
        process.executableURL = try Program.url()
        process.arguments = arguments
        let errors = Pipe()
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        try process.run()
        var text = ""
        var isSent = false
        while true {
            let data = errors.fileHandleForReading.availableData
            if data.isEmpty { break }
            text += String(decoding: data, as: UTF8.self)
            if !isSent, text.split(separator: "\n").contains(where: { $0.hasPrefix(beginning) }) {
                isSent = true
                kill(process.processIdentifier, signal)
            }
        }
        process.waitUntilExit()
        return ProgramResult(
            status: process.terminationReason == .exit
                ? process.terminationStatus : 128 + process.terminationStatus,
            output: "", errors: text)
    }

    @Test("a run in which a link or a pipe stands in place of what it writes is refused")
    func links() throws {
        let run = try SmallRun.shared.get()
        for name in ["config.json", "metrics.jsonl", "checkpoints", "events", "model.safetensors"] {
            for isPipe in [false, true] {
                let folder = try TemporaryFolder()
                let copy = folder.path(of: "run")
                try FileManager.default.copyItem(atPath: run.model, toPath: copy)
                let kept = folder.path(of: "kept")
                try FileManager.default.moveItem(atPath: "\(copy)/\(name)", toPath: kept)
                let before = try Contents(folder.path)
                if isPipe {
                    #expect(unsafe mkfifo("\(copy)/\(name)", 0o600) == 0)
                } else {
                    try FileManager.default.createSymbolicLink(
                        atPath: "\(copy)/\(name)", withDestinationPath: kept)
                }
                let result = try Program.run([
                    "train", "translation", "--output", copy, "--resume", "--max-updates", "70",
                ])
                #expect(
                    result.status == 66 && result.errorLines.last?.contains(name) == true,
                    "\(name): \(result)")
                try FileManager.default.removeItem(atPath: "\(copy)/\(name)")
                #expect(try Contents(folder.path) == before, "\(name)")
            }
        }
    }
}
