import Foundation
import HeedFormats
import HeedTestSupport
import Testing

@Suite("Two trainings into one folder")
struct TwoTrainingsTests {
    @Test(
        "the second is refused, whether it begins anew or goes on, and the first is not disturbed")
    func second() throws {
        let data = try SmallRun.shared.get().data
        let folder = try TemporaryFolder()
        let output = folder.path(of: "run")
        let first = try RunningProgram(
            SmallRun.arguments(
                data: data, output: output,
                ["--max-updates", "100000", "--max-epochs", "100000", "--patience", "100000"]))
        #expect(first.waitForLine("epoch 2:"))
        let resume = ["train", "translation", "--output", output, "--resume"]
        #expect(
            try Program.run(resume).isFailure(73, naming: output, "is in use by another process"))
        #expect(
            try Program.run(SmallRun.arguments(data: data, output: output))
                .isFailure(73, naming: "is not empty"))
        first.send(SIGINT)
        let result = try first.finish()
        #expect(result.status == 130, "\(result)")
        #expect(!result.errors.contains("warning"), "\(result)")
        // The lock went with the process.
        #expect(try Program.run(resume + ["--max-updates", "1"]).status == 0)
    }

    @Test("of several that begin at once, one trains, and its model is that of a lone training")
    func atOnce() throws {
        let run = try SmallRun.shared.get()
        let folder = try TemporaryFolder()
        let output = folder.path(of: "run")
        let programs = try (0..<3).map { _ in
            try RunningProgram(SmallRun.arguments(data: run.data, output: output))
        }
        let results = try programs.map { try $0.finish() }
        #expect(results.count { $0.status == 0 } == 1, "\(results)")
        for result in results where result.status != 0 {
            let last = try #require(result.errorLines.last)
            #expect([73, 65].contains(result.status) && last.hasPrefix("heed: "), "\(result)")
        }
        let name = "model.safetensors"
        #expect(
            try InputFile.bytes(path: "\(output)/\(name)", limit: 1 << 30)
                == InputFile.bytes(path: "\(run.model)/\(name)", limit: 1 << 30))
    }

    @Test("a killed training leaves no lock behind")
    func killed() throws {
        let data = try SmallRun.shared.get().data
        let folder = try TemporaryFolder()
        let output = folder.path(of: "run")
        let first = try RunningProgram(SmallRun.arguments(data: data, output: output))
        #expect(first.waitForLine("epoch 1:"))
        first.send(SIGKILL)
        _ = try first.finish()
        let resumed = try Program.run(["train", "translation", "--output", output, "--resume"])
        #expect(resumed.status == 0, "\(resumed.errors)")
    }
}
