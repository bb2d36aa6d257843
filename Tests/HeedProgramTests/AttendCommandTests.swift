import Foundation
import HeedFormats
import HeedTestSupport
import Testing

@Suite("heed attend")
struct AttendCommandTests {
    private func attend(_ options: [String], input: String = "") throws -> ProgramResult {
        try Program.run(["attend", "--model", SmallRun.shared.get().model] + options, input: input)
    }

    private func require(_ options: [String], input: String = "") throws {
        try Program.require(
            ["attend", "--model", SmallRun.shared.get().model] + options, input: input)
    }

    private func text(_ path: String) throws -> String { try TextFile.string(path: path) }

    @Test("writes a sentence in each form that the file's name asks for")
    func forms() throws {
        let folder = try TemporaryFolder()
        for ending in ["html", "svg", "json", "npz", "JSON"] {
            let output = folder.path(of: "map.\(ending)")
            let result = try attend(["--source", "a b c", "--output", output])
            #expect(result.status == 0 && result.output.isEmpty && result.errors.isEmpty)
        }
        #expect(try text(folder.path(of: "map.html")).hasPrefix("<!DOCTYPE html>"))
        #expect(try text(folder.path(of: "map.svg")).hasPrefix("<svg "))
        let json = try JSONParser().parse(text(folder.path(of: "map.json")))
        #expect(try text(folder.path(of: "map.JSON")) == text(folder.path(of: "map.json")))
        let kinds = json["parts"]?.arrayValue?.compactMap { $0["kind"]?.stringValue }
        #expect(kinds == ["encoder", "decoder", "cross"])
        let arrays = try NumPyReader(path: folder.path(of: "map.npz"))
        #expect(arrays["source"]?.texts == ["a b c"])
        #expect(arrays["cross"]?.shape.prefix(2) == [1, 2])
    }

    @Test("shows the translation that heed translate makes, or the one that is given")
    func targets() throws {
        let folder = try TemporaryFolder()
        let model = try SmallRun.shared.get().model
        let translated = try Program.require(["translate", "--model", model, "a b c"]).output
        let output = folder.path(of: "map.json")
        try require(["--source", "a b c", "--output", output])
        let found = try JSONParser().parse(text(output))
        #expect(found["target"]?.stringValue == translated.trimmingCharacters(in: .newlines))
        try require(["--source", "a b c", "--target", "x y", "--output", output])
        let given = try JSONParser().parse(text(output))
        #expect(given["target"]?.stringValue == "x y")
        let rows = try #require(given["parts"]?.arrayValue?.last?["rows"]?.arrayValue)
        #expect(rows.last?.stringValue == "</s>" && rows.count > 1)
    }

    @Test("shows the step, too, with which a model ends its translation")
    func end() throws {
        let folder = try TemporaryFolder()
        let output = folder.path(of: "map.json")
        let shipped = Repository.shippedModel("tatoeba-de-en")
        try Program.require(
            ["attend", "--model", shipped, "--source", "Guten Morgen.", "--output", output])
        let found = try JSONParser().parse(text(output))
        let steps = try #require(found["parts"]?.arrayValue?.last?["rows"]?.arrayValue)
        #expect(steps.count > 2 && steps.last?.stringValue == "</s>")
    }

    @Test("writes a map for each line of its input, in their order, and none of an empty line")
    func lines() throws {
        let folder = try TemporaryFolder()
        let lines = ["a b c", "", "d e", "f"]
        let input = try folder.file("input", lines.map { $0 + "\n" }.joined())
        let (list, archive) = (folder.path(of: "maps.jsonl"), folder.path(of: "maps.npz"))
        let choice = ["--kind", "cross", "--kind", "encoder", "--layer", "0", "--head", "1"]
        try require(["--input", input, "--output", list] + choice)
        try require(
            ["--input", "-", "--output", archive] + choice, input: lines.joined(separator: "\n"))
        let arrays = try NumPyReader(path: archive)
        let maps = try TextFile.lines(path: list).map { try JSONParser().parse($0) }
        #expect(maps.map { $0["source"]?.stringValue } == lines)
        for (number, map) in zip(1..., maps) {
            let parts = try #require(map["parts"]?.arrayValue)
            #expect(arrays["\(number)/source"]?.texts == [lines[number - 1]])
            #expect(parts.count == (lines[number - 1].isEmpty ? 0 : 2))
            for part in parts {
                let kind = try #require(part["kind"]?.stringValue)
                #expect(part["heads"]?.arrayValue?.compactMap(\.intValue) == [1])
                let array = try #require(arrays["\(number)/\(kind)"])
                let rows = part["rows"]?.arrayValue?.compactMap(\.stringValue)
                #expect(arrays["\(number)/\(kind).rows"]?.texts == rows)
                #expect(array.shape.count == 4 && array.shape[2] == rows?.count)
            }
        }
        try require(["--input", "/dev/null", "--output", list])
        #expect(try text(list).isEmpty)
    }

    @Test("a head that is taken out changes the maps behind it, and translations")
    func removed() throws {
        let folder = try TemporaryFolder()
        let output = folder.path(of: "map.json")
        try require(["--source", "a b c", "--target", "c b a", "--output", output])
        let before = try text(output)
        let options = ["--without-head", "encoder.0.1", "--without-head", "cross.0.0"]
        try require(["--source", "a b c", "--target", "c b a", "--output", output] + options)
        #expect(try text(output) != before)
        let heads = try JSONParser().parse(text(output))["without_heads"]?.arrayValue
        #expect(heads?.compactMap(\.stringValue) == ["encoder.0.1", "cross.0.0"])
        #expect(try JSONParser().parse(before)["without_heads"] == .array([]))
        let model = try SmallRun.shared.get().model
        let scores = try [[], options].map {
            try Program.require(["translate", "--model", model, "--scores", "a b c"] + $0).output
        }
        #expect(scores[0] != scores[1])
    }

    @Test("shows what a model attends to that continues text: one text, or each line")
    func language() throws {
        let folder = try TemporaryFolder()
        let model = try SmallLanguageRun.shared.get().model
        func attend(_ options: [String]) throws -> ProgramResult {
            try Program.run(["attend", "--model", model] + options)
        }
        for ending in ["html", "svg", "json", "npz"] {
            let output = folder.path(of: "map.\(ending)")
            let result = try attend(["--text", "7 plus 3", "--output", output])
            #expect(result.status == 0 && result.output.isEmpty && result.errors.isEmpty)
        }
        #expect(
            try text(folder.path(of: "map.svg")).contains("Decoder self-attention, layer 0, head 1")
        )
        let json = try JSONParser().parse(text(folder.path(of: "map.json")))
        #expect(json["source"] == .null && json["target"]?.stringValue == "7 plus 3")
        let part = try #require(json["parts"]?.arrayValue?.first)
        #expect(json["parts"]?.arrayValue?.count == 1 && part["kind"]?.stringValue == "decoder")
        // The model reads characters.
        let rows = try #require(part["rows"]?.arrayValue)
        #expect(rows.count == 8 && rows == part["columns"]?.arrayValue)
        let arrays = try NumPyReader(path: folder.path(of: "map.npz"))
        #expect(arrays["decoder"]?.shape == [1, 2, 8, 8] && arrays["source"] == nil)

        let input = try folder.file("input", "1 plus\n\n20\n")
        let list = folder.path(of: "maps.jsonl")
        #expect(try attend(["--input", input, "--head", "1", "--output", list]).status == 0)
        let maps = try TextFile.lines(path: list).map { try JSONParser().parse($0) }
        #expect(maps.map { $0["target"]?.stringValue } == ["1 plus", "", "20"])
        #expect(maps.map { $0["parts"]?.arrayValue?.count } == [1, 0, 1])
        for (options, words) in [
            (["--source", "a"], "continues text; give it a --text"),
            (["--text", "a", "--kind", "cross"], "there is no kind cross: decoder has layers"),
            (["--text", "a", "--layer", "1"], "there is no layer 1"),
            (["--text", "a", "--without-head", "cross.0.0"], "there is no head cross.0.0"),
        ] {
            let output = folder.path(of: "none.json")
            let result = try attend(options + ["--output", output])
            #expect(result.isFailure(64, naming: words), "\(options): \(result)")
        }
        let long = String(repeating: "1", count: 100)
        let failure = try attend(["--text", long, "--output", folder.path(of: "none.json")])
        #expect(failure.isFailure(65, naming: "--text: 100 tokens are more than"), "\(failure)")
        #expect(try !folder.names().contains("none.json"))
    }

    @Test("warns of sentences that are longer than any that the model was trained on")
    func length() throws {
        let folder = try TemporaryFolder()
        let long = Array(repeating: "a", count: 25).joined(separator: " ")
        let output = folder.path(of: "map.json")
        let single = try attend(["--source", long, "--output", output])
        let warning = "is longer than any sentence that the model was trained on"
        #expect(single.status == 0 && single.errors == "heed: warning: --source \(warning)\n")
        let input = try folder.file("input", "a b\n\(long)\n")
        let list = folder.path(of: "maps.jsonl")
        let many = try attend(["--input", input, "--output", list])
        #expect(many.status == 0 && many.errors == "heed: warning: \(input): line 2 \(warning)\n")
    }

    @Test("command lines that make no sense end with 64 and name what is wrong")
    func usage() throws {
        let folder = try TemporaryFolder()
        let (page, list) = (folder.path(of: "a.html"), folder.path(of: "a.jsonl"))
        let input = try folder.file("input", "a\n")
        let source = ["--source", "a", "--output", page]
        let cases: [([String], String)] = [
            (["--source", "a", "--output", folder.path(of: "a.pdf")], "a.pdf"),
            (["--source", "a", "--output", list], ".html, .svg, .json or .npz"),
            (["--source", "a", "--output", ""], "--output"),
            (["--input", input, "--output", page], ".npz or .jsonl"),
            (["--output", page], "one of --source, --text and --input"),
            (
                ["--source", "a", "--input", input, "--output", list],
                "one of --source, --text and --input"
            ),
            (["--source", "a", "--text", "a", "--output", page], "one of --source"),
            (["--text", "", "--output", page], "--text"),
            (["--text", "a", "--output", page], "translates; give it a --source"),
            (["--text", "a", "--target", "a", "--output", page], "--target"),
            (["--input", input, "--target", "b", "--output", list], "--target"),
            (["--source", " \t", "--output", page], #"--source " \t": there is nothing"#),
            (source + ["--target", "b", "--beam", "3"], "--beam goes with neither"),
            (["--text", "a", "--beam", "3", "--output", page], "--beam goes with neither"),
            (source + ["--layer", "1"], "there is no layer 1: encoder has layers 0 to 0"),
            (source + ["--head", "2"], "there is no head 2"),
            (source + ["--head", "-1"], "there is no head -1"),
            (source + ["--kind", "self"], "self"), (source + ["--beam", "0"], "--beam"),
            (source + ["--without-head", "cross.1.0"], "there is no head cross.1.0"),
            (
                source + ["--without-head", "cross.1"],
                "kind.layer.head, such as cross.2.3, with one of the kinds encoder, decoder, cross"
            ),
            (["--input", "/dev/null", "--output", list, "--layer", "7"], "layer 7"),
        ]
        for (options, words) in cases {
            let result = try attend(options)
            #expect(result.isFailure(64, naming: words), "\(options): \(result)")
        }
        #expect(try folder.names() == ["input"])
    }

    @Test("what cannot be written ends with 73, and a long sentence with 65 and its place")
    func failures() throws {
        let folder = try TemporaryFolder()
        let nowhere = try attend(["--source", "a", "--output", folder.path(of: "no/a.json")])
        #expect(nowhere.isFailure(73, naming: "no/a.json"))
        let missing = try Program.run([
            "attend", "--model", folder.path(of: "model"), "--source", "a", "--output",
            folder.path(of: "a.json"),
        ])
        #expect(missing.isFailure(66, naming: "model"))
        let long = String(repeating: "ab ", count: 3000)
        let output = folder.path(of: "a.json")
        let source = try attend(["--source", long, "--output", output])
        #expect(source.isFailure(65, naming: "--source: ", "tokens are more than"))
        let target = try attend(["--source", "a", "--target", long, "--output", output])
        #expect(target.isFailure(65, naming: "--target: ", "target tokens are more than"))
        let input = try folder.file("input", "a\n\(long)\n")
        let line = try attend(["--input", input, "--output", folder.path(of: "a.npz")])
        #expect(line.isFailure(65, naming: "input: line 2: "))
        #expect(try folder.names() == ["input"])
    }
}
