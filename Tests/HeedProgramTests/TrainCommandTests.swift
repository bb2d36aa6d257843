import Foundation
import HeedFormats
import HeedTestSupport
import Testing

@Suite("heed train translation")
struct TrainCommandTests {
    @Test("writes a model, checkpoints, epochs, metrics, events and its recipe, and prints BLEU")
    func run() throws {
        let folder = try TemporaryFolder()
        let data = try SmallRun.shared.get().data
        let output = folder.path(of: "deep/run")
        let result = try Program.require(
            SmallRun.arguments(data: data, output: output, ["--bleu-every", "10"]))
        #expect(result.output.hasPrefix("BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|"))
        #expect(result.output.split(separator: "\n").count == 1)
        #expect(result.errors.contains("epoch 1: update "))
        #expect(!result.errors.contains("\r"))
        let names = try FileManager.default.contentsOfDirectory(atPath: output)
        #expect(
            Set(names).isSuperset(of: [
                "config.json", "model.safetensors", "tokenizer.json", "generation_config.json",
                "tokenizer_config.json", "training.json", "metrics.jsonl", "events", "checkpoints",
                "epochs", "best",
            ]))
        let lines = try TextFile.lines(path: "\(output)/metrics.jsonl")
        let last = try JSONParser().parse(try #require(lines.last))
        #expect(last["update"]?.intValue == 30)
        #expect(last["valid_perplexity"]?.doubleValue?.isFinite == true)
        #expect(lines.contains { $0.contains("valid_bleu") })
        let events = try FileManager.default.contentsOfDirectory(atPath: "\(output)/events")
        #expect(events.count == 1 && events[0].contains("tfevents"))
        let checkpoints = try FileManager.default.contentsOfDirectory(
            atPath: "\(output)/checkpoints")
        #expect(checkpoints.count == 2 && checkpoints.contains("step-30"))
    }

    @Test("BLEU is over the tokens of text that is given as such, also with a tokenizer that is")
    func pretokenized() throws {
        let folder = try TemporaryFolder()
        let run = try SmallRun.shared.get()
        var arguments = SmallRun.arguments(
            data: run.data, output: folder.path(of: "run"),
            [
                "--pretokenized", "--tokenizer", "\(run.model)/tokenizer.json",
                "--max-updates", "2",
            ])
        let merges = try #require(arguments.firstIndex(of: "--merges"))
        arguments.removeSubrange(merges...merges + 1)
        let result = try Program.require(arguments)
        #expect(result.output.contains("|tok:none|"))
    }

    @Test("an option counts more than --set, that more than --config, that more than the preset")
    func precedence() throws {
        let folder = try TemporaryFolder()
        let data = try SmallRun.shared.get().data
        let config = try folder.file(
            "config.yaml",
            "preset: tiny\nlearning-rate: 0.001\nwarmup: 7\ndropout: 0.2 # 2 * 0.1\nnorm-placement: pre\n"
        )
        let output = folder.path(of: "run")
        try Program.require(
            SmallRun.arguments(
                data: data, output: output,
                [
                    "--config", config, "--set", "learning-rate=0.002", "--set", "dropout=0.3",
                    "--learning-rate", "0.003", "--max-updates", "2",
                ]))
        let recipe = try JSONParser().parse(path: "\(output)/training.json")
        let settings = try #require(recipe["settings"])
        #expect(settings["learning-rate"]?.doubleValue == 0.003)
        #expect(settings["dropout"]?.doubleValue == 0.3)
        #expect(settings["norm-placement"] == "pre")
        #expect(settings["warmup"]?.intValue == 5)
        #expect(settings["key-value-heads"] == "none")
        #expect(settings["label-smoothing"]?.doubleValue == 0.1)
        let model = try JSONParser().parse(path: "\(output)/config.json")
        #expect(model["model_type"] == "pegasus")
    }

    @Test(
        "settings that make no sense end with 64, name themselves, and write nothing",
        arguments: [
            (["--set", "widht=32"], ["widht", "known are", "width", "learning-rate"]),
            (["--set", "width=many"], ["width = many"]), (["--set", "width"], ["key=value"]),
            (["--set", "width=33"], ["heads = 2", "must divide width = 33"]),
            (["--set", "key-value-heads=3"], ["key-value-heads = 3", "heads = "]),
            (["--set", "head-size=3", "--set", "positions=rotary"], ["head-size = 3"]),
            (["--batch-pairs", "-1"], ["batch-pairs = -1"]),
            (["--dropout", "1.5"], ["dropout", "1.5"]), (["--max-updates", "0"], ["max-updates"]),
            (["--precision", "float64"], ["precision"]), (["--preset", "huge"], ["preset"]),
            (["--threads", "0"], ["threads"]), (["--tokenizer", "x"], ["--merges or --tokenizer"]),
        ])
    func badSettings(options: [String], words: [String]) throws {
        let folder = try TemporaryFolder()
        let data = try SmallRun.shared.get().data
        let output = folder.path(of: "run")
        let result = try Program.run(
            SmallRun.arguments(data: data, output: output, options))
        #expect(result.status == 64 && result.output.isEmpty, "\(result.errors)")
        #expect(result.errors.hasPrefix("heed: ") || result.errors.contains("\nheed: "))
        for word in words { #expect(result.errors.contains(word), "\(result.errors)") }
        #expect(!FileManager.default.fileExists(atPath: output))
    }

    @Test(
        "a file of settings that is none ends with 65",
        arguments: [
            "layers: 0\n", "dropout: .nan\n", "learning-rate: 0x4p\n",
            "- a\n- b\n", "width: [1, 2]\n", "a: b: c\n", "\t- {", "width: 1\nwidth: 2\n",
            "a: " + String(repeating: "[", count: 60_000),
            // Each line doubles what the line before unfolds to.
            "? &a0 [l, l]\n: 1\n"
                + (1...40).map { "? &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n: 1\n" }.joined(),
            "x: \"\n # a\"\n? [\"\n #\", *a]\n: 1\n", "a: *b\n", "*b : c\n", "[*b]: c\n",
        ])
    func badConfig(text: String) throws {
        let folder = try TemporaryFolder()
        let config = try folder.file("config.yaml", text)
        let output = folder.path(of: "run")
        let result = try Program.run(
            SmallRun.arguments(
                data: SmallRun.shared.get().data, output: output, ["--config", config]))
        #expect(result.isFailure(65, naming: "config.yaml"), "\(result.errors)")
        #expect(result.errors.count < 400)
        #expect(!FileManager.default.fileExists(atPath: output))
    }

    @Test(
        "a setting that a file names and nobody knows ends with 65, and the known ones are listed")
    func unknownSetting() throws {
        let folder = try TemporaryFolder()
        let config = try folder.file("config.yaml", "# A comment\nseed: 3\n\nnonsense: 1\n")
        let output = folder.path(of: "run")
        let result = try Program.run(
            SmallRun.arguments(
                data: SmallRun.shared.get().data, output: output, ["--config", config]))
        #expect(result.isFailure(65, naming: "config.yaml: line 4: there is no setting 'nonsense'"))
        #expect(result.errors.contains("known are") && result.errors.contains("learning-rate"))
        #expect(!FileManager.default.fileExists(atPath: output))
    }

    @Test("bad texts end with one line and their code, and write nothing")
    func badTexts() throws {
        let folder = try TemporaryFolder()
        let good = try folder.file("good", "a b\nc d\n")
        let cases: [(String, Int32, String)] = [
            (folder.path(of: "missing"), 66, "missing"), (folder.path, 66, "folder"),
            ("", 66, "is no valid path"),
            (try folder.file("short", "a\n"), 65, "1"),
            (try folder.file("empty", "\n\n"), 65, "no pair"),
            (try folder.file("latin", bytes: Array("a\nb ".utf8) + [0xE4, 0x0A]), 65, "line 2"),
        ]
        for (path, code, words) in cases {
            let output = folder.path(of: "run")
            let result = try Program.run([
                "train", "translation", "--train-source", path, "--train-target", good,
                "--valid-source", good, "--valid-target", good, "--output", output,
            ])
            #expect(result.isFailure(code, naming: words), "\(result)")
            #expect(!FileManager.default.fileExists(atPath: output))
        }
        let result = try Program.run(["train", "translation", "--output", folder.path(of: "run")])
        #expect(result.isFailure(64, naming: "--train-source"))
    }

    @Test("pairs with an empty side are skipped and counted")
    func emptyLines() throws {
        let folder = try TemporaryFolder()
        let data = try SmallRun.shared.get().data
        let source = try TextFile.lines(path: "\(data)/train.source")
        let target = try TextFile.lines(path: "\(data)/train.target")
        var arguments = SmallRun.arguments(
            data: data, output: folder.path(of: "run"), ["--max-updates", "2"])
        let lines = { (texts: [String], blank: String) in
            (texts + [blank]).joined(separator: "\n") + "\n"
        }
        arguments[3] = try folder.file("source", lines(source, "one"))
        arguments[5] = try folder.file("target", lines(target, "  "))
        let result = try Program.require(arguments)
        #expect(result.errors.contains("1 skipped for an empty side"))
    }

    @Test("a folder that is not empty is refused without --resume")
    func notEmpty() throws {
        let run = try SmallRun.shared.get()
        let result = try Program.run(SmallRun.arguments(data: run.data, output: run.model))
        #expect(result.isFailure(73, naming: run.model, "is not empty"))
    }

    @Test("pairs of whose target a tokenizer makes nothing are skipped and counted")
    func emptyTargets() throws {
        let folder = try TemporaryFolder()
        let tokenizer = try folder.file(
            "tokenizer.json",
            """
            {"version": "1.0", "added_tokens": [], "pre_tokenizer": {"type": "Whitespace"},
            "normalizer": {"type": "Replace", "pattern": {"String": "x"}, "content": ""},
            "post_processor": null, "decoder": null, "model": {"type": "WordLevel", "unk_token": "<unk>",
            "vocab": {"</s>": 0, "<unk>": 1, "<pad>": 2, "a": 3, "b": 4}}}
            """)
        let data = try folder.file("pairs.source", "a b\nb a\na a\n")
        let targets = try folder.file("pairs.target", "b a\nx\na a\n")
        let result = try Program.run([
            "train", "translation", "--preset", "tiny", "--tokenizer", tokenizer, "--output",
            folder.path(of: "run"), "--train-source", data, "--train-target", targets,
            "--valid-source", data, "--valid-target", targets, "--max-updates", "2",
        ])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("2 pairs"), "\(result.errors)")
        #expect(
            result.errors.contains("1 skipped for a target without tokens"), "\(result.errors)")
    }
}
