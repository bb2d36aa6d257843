import Foundation
import Testing

@Suite("The program as a whole")
struct ProgramFrameTests {
    @Test("the version goes to standard output")
    func version() throws {
        let result = try Program.run(["--version"])
        #expect(result.status == 0 && result.errors.isEmpty)
        #expect(result.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
    }

    @Test("help lists every verb, and every verb has help with examples")
    func help() throws {
        let help = try Program.run(["--help"])
        #expect(help.status == 0 && help.errors.isEmpty)
        #expect(try Program.run([]).output == help.output)
        for verb in [
            "train", "translate", "score", "forward", "tokenize", "inspect", "data", "split",
            "export", "bench", "doctor",
        ] {
            #expect(help.output.contains("\n  \(verb) "))
            for arguments in [[verb, "--help"], ["help", verb]] {
                let result = try Program.run(arguments)
                #expect(result.status == 0 && result.errors.isEmpty)
                #expect(result.output.contains("EXAMPLES"))
                #expect(result.output.contains("heed \(verb) "))
            }
        }
    }

    @Test("examples and settings stand in help as they are written, without a line that was broken")
    func helpLines() throws {
        for verb in [
            [], ["train", "translation"], ["translate"], ["score"], ["forward"], ["tokenize"],
            ["inspect"], ["data"], ["split"], ["export"], ["doctor"],
        ] {
            let lines = try Program.run(verb + ["--help"]).output.split(
                separator: "\n", omittingEmptySubsequences: false)
            let start = try #require(lines.firstIndex(of: "EXAMPLES"))
            for line in lines[start...].dropFirst().prefix(while: { !$0.isEmpty }) {
                #expect(line.hasPrefix("  "), "heed \(verb): \(line)")
            }
        }
        let training = try Program.run(["train", "translation", "--help"]).output
        #expect(training.contains("\n  width=128\n      The width D. (a whole number from 1 to"))
    }

    @Test("completion scripts are written for each shell", arguments: ["bash", "zsh", "fish"])
    func completion(shell: String) throws {
        let result = try Program.run(["--generate-completion-script", shell])
        #expect(result.status == 0)
        #expect(result.output.contains("heed"))
    }

    @Test(
        "a command line that makes no sense ends with 64 and one line",
        arguments: [
            ["nonsense"], ["--nonsense"], ["help", "nonsense"], ["help", "train", "nonsense"],
            ["--generate-completion-script", "tcsh"], ["data"], ["data", "songs", "--output", "x"],
            ["data", "dates"], ["data", "dates", "--output"],
            ["data", "dates", "--output", "x", "--count", "many"],
            ["data", "dates", "--output", "x", "--count", "2"],
            ["data", "dates", "--output", "x", "--seed", "-1"],
        ])
    func usage(arguments: [String]) throws {
        let result = try Program.run(arguments)
        #expect(result.status == 64)
        #expect(result.output.isEmpty)
        #expect(result.errorLines.count == 1)
        #expect(result.errors.hasPrefix("heed: ") && !result.errors.contains("  "))
    }

    @Test("a reader that goes away ends the program quietly")
    func closedPipe() throws {
        let process = Process()
        process.executableURL = try Program.url()
        process.arguments = ["--help"]
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try output.fileHandleForReading.close()
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == 0)
        try errors.fileHandleForWriting.close()
        #expect(try errors.fileHandleForReading.readToEnd() ?? Data() == Data())
    }

    @Test("a full device ends with 74 and one line")
    func fullDevice() throws {
        let process = Process()
        process.executableURL = try Program.url()
        process.arguments = ["--help"]
        let errors = Pipe()
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: "/dev/full"))
        process.standardError = errors
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 74)
        let text = String(decoding: errors.fileHandleForReading.availableData, as: UTF8.self)
        #expect(text.hasPrefix("heed: standard output: "))
        #expect(text.split(separator: "\n").count == 1)
    }
}
