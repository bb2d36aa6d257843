import Foundation
import HeedFormats
import HeedTestSupport
import Testing

@Suite("Models of whole words")
struct WordModelTests {
    /// The command line of a small training with words and a vocabulary for each side.
    private func arguments(_ folder: TemporaryFolder, _ more: [String] = []) throws -> [String] {
        let source = try folder.file("source", "ein hund läuft\nein hund bellt\neine katze läuft\n")
        let target = try folder.file("target", "a dog runs\na dog barks\na cat runs\n")
        return [
            "train", "translation", "--train-source", source, "--train-target", target,
            "--valid-source", source, "--valid-target", target, "--output",
            folder.path(of: "run"), "--preset", "tiny", "--set", "width=32", "--set", "inner=48",
            "--set", "layers=1", "--set", "heads=2", "--set", "tie-output=false", "--pretokenized",
            "--tokenizer-type", "word", "--vocabularies", "separate", "--batch-pairs", "2",
            "--max-updates", "40", "--warmup", "5", "--average", "0",
        ] + more
    }

    @Test("are trained, resumed, translated with, inspected and exported")
    func verbs() throws {
        let folder = try TemporaryFolder()
        let run = folder.path(of: "run")
        let trained = try Program.require(arguments(folder, ["--minimum-count", "1"]))
        #expect(trained.output.contains("|tok:none|"))
        #expect(trained.errors.contains("9 + 8 pieces"), "\(trained.errors)")
        let recipe = try JSONParser().parse(path: "\(run)/training.json")
        for (name, value) in [
            ("tokenizer-type", "word"), ("minimum-count", 1), ("vocabularies", "separate"),
            ("batch-pairs", 2),
        ] as [(String, JSONValue)] {
            #expect(recipe["settings"]?[name] == value, "\(name)")
        }
        try Program.require(
            ["train", "translation", "--output", run, "--resume", "--max-updates", "300"])
        let translated = try Program.require(
            ["translate", "--model", run, "--beam", "1", "eine katze bellt"])
        #expect(
            translated.output.split(whereSeparator: \.isWhitespace).allSatisfy {
                ["a", "dog", "cat", "runs", "barks", "<unk>"].contains($0)
            }, "\(translated.output)")
        let inspected = try Program.require(["inspect", run]).output
        #expect(inspected.contains("vocabulary 9 + 8"))
        #expect(inspected.contains("model.decoder.embed_tokens.weight"))
        let export = folder.path(of: "export")
        try Program.require(["export", "--model", run, "--output", export])
        let names = try Folder.names(in: export)
        #expect(names.contains("tokenizer.json") && names.contains("target_tokenizer.json"))
        #expect(
            try Program.require(["translate", "--model", export, "ein hund bellt"]).output
                == Program.require(["translate", "--model", run, "ein hund bellt"]).output)
    }

    @Test("have a tokenizer for each side")
    func tokenizing() throws {
        let folder = try TemporaryFolder()
        try Program.require(arguments(folder, ["--max-updates", "1"]))
        let model = ["tokenize", "--model", folder.path(of: "run")]
        let source = try Program.require(model + ["ein hund bellt"]).output
        #expect(source == "ein hund <unk>\n")
        let target = try Program.require(model + ["--target", "a dog barks </s>"]).output
        #expect(target == "a dog <unk> <unk>\n")
        let ids = try Program.require(model + ["--target", "--ids", "a dog barks"]).output
        #expect(ids == "3 4 1 0\n")
        let text = try Program.require(model + ["--target", "--decode"], input: ids).output
        #expect(text == "a dog <unk>\n")
        let file = folder.path(of: "run/target_tokenizer.json")
        #expect(
            try Program.require(["tokenize", "--file", file, "--ids", "a dog barks"]).output == ids)
        #expect(
            try Program.run(["tokenize", "--target", "--file", file, "a"]).isFailure(
                64, naming: "--target"))
    }

    @Test(
        "settings that do not go with words end with 64, and write nothing",
        arguments: [
            (["--merges", "5"], "merges"), (["--batch-tokens", "512"], "batch-tokens"),
            (["--set", "pretokenized=false"], "pretokenized"),
            (["--target-tokenizer", "x"], "target tokenizer"),
            (["--batch-pairs", "0"], "batch-pairs"),
            (["--minimum-count", "0"], "minimum-count"), (["--vocabularies", "two"], "two"),
            (["--set", "initialization=zero"], "initialization"),
        ])
    func contradictions(options: [String], words: String) throws {
        let folder = try TemporaryFolder()
        var arguments = try arguments(folder, options)
        if options[1].hasPrefix("pretokenized") {
            arguments.removeAll { $0 == "--pretokenized" }
        }
        let result = try Program.run(arguments)
        #expect(result.status == 64 && result.errors.contains(words), "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.path(of: "run")))
    }
}
