import Foundation
import HeedFormats
import HeedTestSupport
import Testing

@Suite("heed translate")
struct TranslateCommandTests {
    private func sources() throws -> [String] {
        try TextFile.lines(path: SmallRun.shared.get().data + "/valid.source")
    }

    private func translate(_ options: [String], input: String = "") throws -> ProgramResult {
        try Program.run(
            ["translate", "--model", SmallRun.shared.get().model] + options, input: input)
    }

    @Test("arguments, a file and standard input give the same lines in their order")
    func inputs() throws {
        let folder = try TemporaryFolder()
        let sentences = try Array(sources().prefix(6))
        let text = sentences.joined(separator: "\n") + "\n"
        let file = try folder.file("input", text)
        let arguments = try translate(sentences)
        #expect(arguments.status == 0 && arguments.errors.isEmpty, "\(arguments.errors)")
        #expect(arguments.output.split(separator: "\n").count == 6)
        #expect(try translate(["--input", file]).output == arguments.output)
        #expect(try translate([], input: text).output == arguments.output)
        #expect(try translate(["--input", "-"], input: text).output == arguments.output)
        #expect(try translate(["--threads", "1"], input: text).output == arguments.output)
        let output = folder.path(of: "output")
        let written = try translate(["--input", file, "--output", output])
        #expect(written.status == 0 && written.output.isEmpty)
        #expect(try String(contentsOfFile: output, encoding: .utf8) == arguments.output)
    }

    @Test("an argument is cut into lines where a file is, and nowhere else")
    func lines() throws {
        for text in ["a b\u{2028}c d", "a b\u{B}c\u{85}d"] {
            let argument = try translate(["--json", text])
            #expect(argument.output.split(separator: "\n").count == 1)
            #expect(try JSONParser().parse(argument.output)["source"]?.stringValue == text)
            #expect(try translate(["--json"], input: text + "\n").output == argument.output)
        }
        #expect(try translate(["a b\r\nc d\ne"]).output.split(separator: "\n").count == 3)
    }

    @Test("a length penalty may be negative")
    func negativePenalty() throws {
        let scores = try ["1", "-1"].map { penalty in
            let result = try translate(["--scores", "--length-penalty", penalty, "a b"])
            #expect(result.status == 0, "\(result.errors)")
            return try #require(result.output.split(separator: "\t").first.flatMap { Double($0) })
        }
        #expect(scores[1] < scores[0])
    }

    @Test("an empty line gives an empty line, and no input gives no output")
    func emptyLines() throws {
        let sentence = try sources()[0]
        let result = try translate([], input: "\n\(sentence)\n\n  \n\(sentence)")
        let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 6 && lines[0].isEmpty && lines[2].isEmpty && lines[3].isEmpty)
        #expect(lines[1] == lines[4] && !lines[1].isEmpty && lines[5].isEmpty)
        #expect(try translate([], input: "").output.isEmpty)
    }

    @Test("a model whose scores are no numbers names the first line for which it is asked")
    func notNumbers() throws {
        let folder = try TemporaryFolder()
        let model = folder.path(of: "model")
        try FileManager.default.copyItem(atPath: SmallRun.shared.get().model, toPath: model)
        let weights = URL(fileURLWithPath: model + "/model.safetensors")
        var bytes = try Data(contentsOf: weights)
        let headerSize = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = try JSONParser().parse(
            String(decoding: bytes[8..<8 + headerSize], as: UTF8.self))
        let start = try #require(
            header["final_logits_bias"]?["data_offsets"]?.arrayValue?.first?.intValue)
        let token = 8 + headerSize + start + 4 * 7
        bytes.replaceSubrange(token..<token + 4, with: [0, 0, 0xc0, 0x7f])
        try bytes.write(to: weights)
        let result = try Program.run(
            ["translate", "--model", model], input: "\n\na b c\nd\n")
        #expect(
            result.isFailure(65, naming: "line 3, token 0: ", "column 7 is"), "\(result.errors)")
    }

    @Test("scores, several hypotheses and objects have their forms")
    func forms() throws {
        let sentences = try Array(sources().prefix(3))
        let best = try translate(sentences).output.split(separator: "\n")
        let scored = try translate(["--scores"] + sentences).output.split(separator: "\n")
        for (line, text) in zip(scored, best) {
            let fields = line.split(separator: "\t")
            #expect(fields.count == 2 && fields[1] == text)
            #expect(try #require(Double(fields[0])) < 0)
        }
        let listed = try translate(["--n-best", "3"] + sentences).output.split(separator: "\n")
        #expect(listed.count == 9)
        var last = 0.0
        for (index, line) in listed.enumerated() {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            #expect(fields.count == 4)
            #expect(fields[0] == "\(index / 3 + 1)" && fields[1] == "\(index % 3 + 1)")
            let score = try #require(Double(fields[2]))
            #expect(index % 3 == 0 ? fields[3] == best[index / 3] : score <= last)
            last = score
        }
        let objects = try translate(["--json", "--n-best", "2"] + sentences)
        for (line, source) in zip(objects.output.split(separator: "\n"), sentences) {
            let object = try JSONParser().parse(String(line))
            #expect(object["source"]?.stringValue == source)
            let hypotheses = try #require(object["hypotheses"]?.arrayValue)
            #expect(hypotheses.count == 2)
            #expect(
                hypotheses[0]["text"]?.stringValue
                    == String(best[sentences.firstIndex(of: source) ?? 0]))
            #expect(hypotheses[0]["score"]?.doubleValue != nil)
        }
    }

    @Test("a picture of the attention has a row for each word")
    func drawing() throws {
        let sentence = try sources()[0]
        let result = try translate(["--draw-attention", sentence])
        #expect(result.status == 0)
        let lines = result.output.split(separator: "\n")
        // The picture's first line has the source's words, with its end; a row each follows for what was written.
        let words = lines[0].split(separator: " ").map(String.init)
        let rows = lines.dropFirst(2).compactMap { $0.split(separator: " ").first.map(String.init) }
        #expect(rows.filter { $0 != "∎" } == words)
        #expect(lines[1].contains("∎"))
        #expect(result.output.contains { "░▒▓█".contains($0) })
    }

    @Test("a longer sentence than any of training is translated with a warning")
    func warning() throws {
        let sentence = Array(repeating: try sources()[0], count: 20).joined(separator: " ")
        let result = try translate(["--max-length", "5"], input: "\n\(sentence)\n")
        #expect(result.status == 0)
        #expect(result.errorLines.count == 1)
        #expect(result.errors.contains("warning: standard input: line 2 is longer"))
    }

    @Test("bad input ends with one line, its code, and no file")
    func badInput() throws {
        let folder = try TemporaryFolder()
        let output = folder.path(of: "output")
        let sentence = try sources()[0]
        let cases: [(String, Int32, [String])] = [
            (folder.path(of: "missing"), 66, ["missing"]), (folder.path, 66, ["folder"]),
            (
                try folder.file(
                    "latin", bytes: Array("\(sentence)\n\(sentence) ".utf8) + [0xFC, 0x0A]), 65,
                ["line 2", "0xFC", "byte \(sentence.utf8.count + 2) of the line"]
            ),
            (
                try folder.file(
                    "long", "\(sentence)\n" + String(repeating: "ab ", count: 350_000) + "\n"), 65,
                ["line 2", "tokens are more than the 1024"]
            ),
        ]
        for (path, code, words) in cases {
            let result = try translate(["--input", path, "--output", output])
            #expect(result.isFailure(code), "\(result.errors)")
            for word in words { #expect(result.errors.contains(word), "\(result.errors)") }
            #expect(try folder.names().allSatisfy { !$0.contains("output") })
        }
        let nowhere = try translate(["--output", folder.path(of: "no/such/file"), sentence])
        #expect(nowhere.isFailure(73, naming: "no/such/file"))
    }

    @Test(
        "options that make no sense end with 64",
        arguments: [
            ["--beam", "0"], ["--beam", "1025"], ["--n-best", "6"], ["--length-penalty", "-11"],
            ["--max-length", "0"], ["--batch-tokens", "0"],
            ["--length-penalty", "nan"], ["--input", "x", "text"], ["--precision", "int4"],
            ["--draw-attention", "--json"],
        ])
    func usage(options: [String]) throws {
        #expect(try translate(options).isFailure(64))
    }

    @Test("the same translations and scores come from any number of threads and any batch")
    func threads() throws {
        let folder = try TemporaryFolder()
        let lines = Array(try (0..<3).flatMap { _ in try sources() }.prefix(90))
        let input = try folder.file("input", lines.joined(separator: "\n") + "\n")
        let options = ["--input", input, "--scores", "--beam"]
        for beam in ["1", "4"] {
            let expected = try translate(options + [beam, "--threads", "1"]).output
            #expect(expected.split(separator: "\n").count == lines.count)
            for more in [["--threads", "2"], ["--threads", "5", "--batch-tokens", "70"]] {
                #expect(try translate(options + [beam] + more).output == expected)
            }
        }
    }

    @Test("an interruption leaves no part of an output behind", arguments: [SIGINT, SIGTERM])
    func interruption(signal: Int32) throws {
        let folder = try TemporaryFolder()
        let output = folder.path(of: "output")
        let process = Process()
        process.executableURL = try Program.url()
        process.arguments = [
            "translate", "--model", try SmallRun.shared.get().model, "--output", output,
        ]
        let input = Pipe()
        process.standardInput = input
        try process.run()
        func files() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        }
        // The temporary file says that the program has begun; it waits for its first line.
        let deadline = Date(timeIntervalSinceNow: 60)
        while try files().isEmpty, Date() < deadline { usleep(1000) }
        usleep(200_000)
        #expect(try files().count == 1)
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 130)
        #expect(try files().isEmpty)
        try input.fileHandleForWriting.close()
    }

    @Test("a reader that goes away ends the program quietly")
    func closedPipe() throws {
        let process = Process()
        process.executableURL = try Program.url()
        process.arguments = ["translate", "--model", try SmallRun.shared.get().model, "a b"]
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try output.fileHandleForReading.close()
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 0)
        try errors.fileHandleForWriting.close()
        #expect(try errors.fileHandleForReading.readToEnd() ?? Data() == Data())
    }

    @Test("a pipe gets the answer to a line before it sends the next one")
    func conversation() throws {
        let sentence = try sources()[0]
        let expected = try translate([sentence]).output
        let process = Process()
        process.executableURL = try Program.url()
        process.arguments = ["translate", "--model", try SmallRun.shared.get().model]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        for _ in 0..<3 {
            try input.fileHandleForWriting.write(contentsOf: Data((sentence + "\n").utf8))
            let answer = output.fileHandleForReading.availableData
            #expect(String(decoding: answer, as: UTF8.self) == expected)
        }
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }
}
