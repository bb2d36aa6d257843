import Foundation
import HeedFormats
import HeedTestSupport
import Testing

@Suite("heed explain")
struct ExplainCommandTests {
    @Test("without a topic, the topics are listed, a line each; as JSON, too")
    func listing() throws {
        let result = try Program.run(["explain"])
        #expect(result.status == 0 && result.errors.isEmpty)
        let lines = result.output.split(separator: "\n")
        let json = try JSONParser().parse(Program.run(["explain", "--json"]).output)
        let topics = try #require(json.arrayValue).compactMap { $0["topic"]?.stringValue }
        #expect(topics.count == lines.count && topics.count >= 10)
        for (topic, line) in zip(topics, lines) { #expect(line.hasPrefix(topic + " ")) }
    }

    @Test("draws a topic as a picture and as a page, the same each time")
    func draws() throws {
        let folder = try TemporaryFolder()
        for name in ["a.svg", "b.svg", "c.html"] {
            let result = try Program.run(
                ["explain", "attention", "--output", folder.path(of: name)],
                environment: ["HEED_THREADS": name == "a.svg" ? "1" : "3"])
            #expect(result.status == 0 && result.errors.isEmpty && result.output.isEmpty)
        }
        let texts = try ["a.svg", "b.svg", "c.html"].map {
            try String(contentsOfFile: folder.path(of: $0), encoding: .utf8)
        }
        #expect(texts[0] == texts[1] && texts[0].contains("0.9422"))
        let marked = texts[0].replacing("<style>", with: "<style nonce=\"heed\">")
        #expect(texts[2].contains(marked) && marked != texts[0])
        _ = try WellFormedXML(texts[0])
    }

    @Test("bad input ends with one line and its code, and writes nothing")
    func badInput() throws {
        let folder = try TemporaryFolder()
        let output = folder.path(of: "out.svg")
        let cases: [(arguments: [String], status: Int32, words: String)] = [
            (["nothing", "--output", output], 64, "nothing"),
            (["masks"], 64, "--output is missing"),
            (["masks", "--output", folder.path(of: "out.png")], 64, "must end with .html or .svg"),
            (["masks", "--output", output, "--model", "x"], 64, "has no model"),
            (["--output", output], 64, "say which topic"),
            (["neighbours", "--output", output, "--model", folder.path(of: "none")], 66, "none"),
            (["masks", "--output", folder.path(of: "none/out.svg")], 73, "out.svg"),
        ]
        for one in cases {
            let result = try Program.run(["explain"] + one.arguments)
            #expect(result.isFailure(one.status, naming: one.words), "\(result)")
            #expect(!FileManager.default.fileExists(atPath: output))
        }
    }
}
