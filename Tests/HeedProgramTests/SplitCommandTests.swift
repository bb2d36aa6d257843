import Foundation
import HeedFormats
import HeedTestSupport
import Testing

@Suite("heed split and heed export")
struct SplitCommandTests {
    private static let pairs = (0..<60).map { "a\($0)\tb\($0)\n" }.joined()

    private func split(_ options: [String], input: String = "") throws -> ProgramResult {
        try Program.run(["split", "--valid", "5", "--test", "5"] + options, input: input)
    }

    @Test("a file and standard input are divided alike")
    func inputs() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("pairs", Self.pairs)
        let outputs = [folder.path(of: "a"), folder.path(of: "b")]
        let first = try split(["--input", file, "--output", outputs[0]])
        #expect(
            first.output == "\(outputs[0]): 50 training, 5 validation and 5 test pairs\n",
            "\(first.errors)")
        #expect(try split(["--input", "-", "--output", outputs[1]], input: Self.pairs).status == 0)
        for name in try Folder.names(in: outputs[0]) {
            #expect(
                try TextFile.string(path: "\(outputs[0])/\(name)")
                    == TextFile.string(path: "\(outputs[1])/\(name)"))
        }
    }

    @Test("fields between quotes come out without them, and doubled ones once")
    func quotes() throws {
        let folder = try TemporaryFolder()
        // An accent that stands behind a quote belongs to the text, and single quotes to their fields.
        let text =
            "\"say \"\"hello\"\"\u{301} \"\"\"\"\"\t\"\u{301}x\"\n\"\t\"y\n"
            + (0..<58).map { "a\($0)\tb\($0)\n" }.joined()
        let output = folder.path(of: "output")
        try Program.require(
            ["split", "--valid", "1", "--test", "1", "--input", "-", "--output", output],
            input: text)
        func lines(_ side: String) throws -> [String] {
            try Folder.names(in: output).filter { $0.hasSuffix(side) }.flatMap {
                try TextFile.lines(path: "\(output)/\($0)")
            }
        }
        #expect(Set(try lines("source")).isSuperset(of: ["say \"hello\"\u{301} \"\"", "\""]))
        #expect(Set(try lines("target")).isSuperset(of: ["\u{301}x", "\"y"]))
    }

    @Test("bad input ends with one line that names file and line, and no folder")
    func badInput() throws {
        let folder = try TemporaryFolder()
        let output = folder.path(of: "output")
        let cases: [(String, Int32, String)] = [
            (folder.path(of: "none"), 66, "none: cannot open"), (folder.path, 66, "is a folder"),
            (try folder.file("one", "a\tb\nc\n"), 65, "one: line 2: has no column 2"),
            (try folder.file("few", "a\tb\n"), 65, "few: 1 pairs are too few"),
            (try folder.file("latin", bytes: [0x61, 0x09, 0xE4, 0x0A]), 65, "latin: line 1"),
            ("", 66, "no valid path"),
        ]
        for (path, code, words) in cases {
            let result = try split(["--input", path, "--output", output])
            #expect(result.isFailure(code, naming: words), "\(result.errors)")
            #expect(!FileManager.default.fileExists(atPath: output))
        }
        let file = try folder.file("pairs", Self.pairs)
        for options in [["--source-column", "0"], ["--valid", "0"], ["--skip-lines", "many"]] {
            let result = try split(["--input", file, "--output", output] + options)
            #expect(result.isFailure(64, naming: options[0]), "\(result.errors)")
        }
    }

    @Test("an exported model translates as the run does, and a folder without a model is refused")
    func export() throws {
        let folder = try TemporaryFolder()
        let model = try SmallRun.shared.get().model
        let output = folder.path(of: "a/model")
        let whole = ["export", "--model", model, "--precision", "float32", "--output", output]
        try Program.require(whole)
        #expect(
            try Folder.names(in: output) == [
                "config.json", "generation_config.json", "model.safetensors",
                "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json",
            ])
        let texts = ["a b c", "d e f g"]
        #expect(
            try Program.require(["translate", "--model", output] + texts).output
                == Program.require(["translate", "--model", model] + texts).output)
        #expect(try Program.run(whole).isFailure(73, naming: "is not empty"))
        for path in [folder.path, folder.path(of: "none"), ""] {
            let other = folder.path(of: "other")
            let result = try Program.run(["export", "--model", path, "--output", other])
            #expect(result.isFailure(66), "\(result.errors)")
            #expect(!FileManager.default.fileExists(atPath: other))
        }
    }
}
