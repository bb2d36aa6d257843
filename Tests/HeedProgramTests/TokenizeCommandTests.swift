import Foundation
import HeedFormats
import HeedTestSupport
import Testing

@Suite("heed tokenize")
struct TokenizeCommandTests {
    private func tokenize(_ options: [String], input: String = "") throws -> ProgramResult {
        try Program.run(
            ["tokenize", "--model", SmallRun.shared.get().model] + options, input: input)
    }

    @Test("ids come back as the text, and lines stay lines")
    func roundTrip() throws {
        let text = "one two\n\n  Ünïcode 日本 🙂 x\u{301}\nfour\n"
        let ids = try tokenize(["--ids"], input: text)
        #expect(ids.status == 0, "\(ids.errors)")
        #expect(ids.output.split(separator: "\n", omittingEmptySubsequences: false).count == 5)
        let decoded = try tokenize(["--decode"], input: ids.output)
        #expect(decoded.output == text.precomposedStringWithCanonicalMapping)
        let pieces = try tokenize(["one two"]).output
        #expect(pieces.hasPrefix("▁") && !pieces.contains("</s>"))
    }

    @Test("objects hold ids, pieces and offsets that fit each other")
    func objects() throws {
        let text = "ab\ncd é"
        let object = try JSONParser().parse(tokenize(["--json", text]).output)
        #expect(object["text"]?.stringValue == text)
        let ids = try #require(object["ids"]?.arrayValue)
        let offsets = try #require(object["offsets"]?.arrayValue)
        #expect(ids.count == offsets.count && object["pieces"]?.arrayValue?.count == ids.count)
        #expect(offsets.dropLast().last?.arrayValue?.last?.intValue == text.unicodeScalars.count)
        let file = "\(try SmallRun.shared.get().model)/tokenizer.json"
        let other = try Program.run(["tokenize", "--file", file, "--json", text])
        #expect(try JSONParser().parse(other.output) == object)
    }

    @Test("an end of line inside a text does not end the line of its decoded form")
    func innerLineEnds() throws {
        for text in ["a\nb", "a\r\nb"] {
            let ids = try tokenize(["--ids", text]).output
            #expect(try tokenize(["--decode"], input: ids).output == "a b\n")
        }
    }

    @Test("words that were cut before are shown with @@")
    func pretokenized() throws {
        let folder = try TemporaryFolder()
        let (data, output) = (folder.path(of: "data"), folder.path(of: "run"))
        try Program.require(["data", "dates", "--count", "200", "--output", data])
        try Program.require(
            SmallRun.arguments(
                data: data, output: output, ["--pretokenized", "--max-updates", "2"]))
        let source = try TextFile.lines(path: "\(data)/train.source")[0]
        let pieces = try Program.require(["tokenize", "--model", output, source]).output
        #expect(pieces.contains("@@ "))
        #expect(pieces.replacing("@@ ", with: "") == source + "\n")
    }

    @Test("bad ids and files end with one line and their code")
    func badInput() throws {
        #expect(
            try tokenize(["--decode"], input: "1 2\n1 x\n").isFailure(
                65, naming: "line 2", "\"x\" is no id"))
        let long = try tokenize(["--decode"], input: String(repeating: "x", count: 1_000_000))
        #expect(long.isFailure(65, naming: "is no id") && long.errors.utf8.count < 400)
        #expect(
            try tokenize(["--decode", "99999"]).isFailure(65, naming: "line 1", "99999"))
        #expect(try tokenize(["--ids", "--decode"]).isFailure(64))
        #expect(try Program.run(["tokenize", "--model", "", "a"]).isFailure(66))
        let folder = try TemporaryFolder()
        #expect(
            try Program.run(["tokenize", "--file", folder.path(of: "no"), "a"]).isFailure(66))
        let file = try folder.file("tokenizer.json", "{\"model\": 1}")
        #expect(try Program.run(["tokenize", "--file", file, "a"]).isFailure(65))
    }

    @Test("a text that takes a pattern too long is named by its line")
    func tooManySteps() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file(
            "tokenizer.json",
            """
            {"version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer":
            {"type": "Split", "pattern": {"Regex": "(a|aa)+b"}, "behavior": "Isolated", "invert": false},
            "post_processor": null, "decoder": null,
            "model": {"type": "WordLevel", "unk_token": "a", "vocab": {"a": 0}}}
            """)
        let input = try folder.file("input", "a\n\(String(repeating: "a", count: 3000))\n")
        let result = try Program.run(["tokenize", "--file", file, "--input", input])
        #expect(
            result.isFailure(65, naming: "\(input): line 2: ", "takes too many steps"),
            "\(result.errors)")
    }
}
