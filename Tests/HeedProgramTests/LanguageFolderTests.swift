import Foundation
import HeedFormats
import HeedTestSupport
import Testing

@Suite("Folders of language models on the command line")
struct LanguageFolderTests {
    /// A model of byte pairs, whose folder tests may change.
    private struct Run {
        let folder: TemporaryFolder
        var model: String { folder.path(of: "model") }

        init() throws {
            folder = try TemporaryFolder()
            let data = try SmallLanguageRun.shared.get().folder.path
            let tokenizer = folder.path(of: "tokenizer.json")
            try Program.require([
                "train", "tokenizer", "--vocabulary", "280", "--input", "\(data)/train.txt",
                "--output", tokenizer,
            ])
            try Program.require(
                SmallLanguageRun.arguments(
                    data: data, output: model,
                    ["--tokenizer", tokenizer, "--max-updates", "8"]))
        }

        func file(_ name: String) -> String { "\(model)/\(name)" }

        func generate(_ more: [String] = ["--prompt", "4 plus"]) throws -> ProgramResult {
            try Program.run(
                ["generate", "--model", model, "--max-length", "8", "--precision", "float32"]
                    + more)
        }
    }

    @Test("ids are those that the model reads, whichever way the tokenizer is named")
    func ids() throws {
        let run = try Run()
        let text = "4 plus<|endoftext|>5"
        let named = try Program.require(["tokenize", "--model", run.model, "--ids", text]).output
        // The text of a special token is that token, as the configuration of a model that continues text says.
        try AtomicFile.write("{}", to: run.file("tokenizer_config.json"))
        let parsed = try Program.require(["tokenize", "--model", run.model, "--ids", text]).output
        let file = try Program.require(["tokenize", "--file", run.model, "--ids", text]).output
        #expect(parsed == file && parsed.contains(" 0 "), "\(parsed) \(file)")
        #expect(named.split(separator: " ").count >= parsed.split(separator: " ").count)
        let target = try Program.run(["tokenize", "--model", run.model, "--target", "a"])
        #expect(target.isFailure(64, naming: "--target"), "\(target.errors)")
        // In translation it is text.
        let translator = try SmallRun.shared.get().model
        let sentence = try Program.require([
            "tokenize", "--model", translator, "--ids", "--no-added", "a</s>",
        ]).output
        #expect(!" \(sentence)".contains(" 0"), "\(sentence)")
    }

    @Test("vocab.json and merges.txt do for a model, its generation and its attention")
    func lists() throws {
        let run = try Run()
        let expected = try run.generate()
        #expect(expected.status == 0)
        let object = try JSONObjectReader(path: run.file("tokenizer.json")).object("model")
        let vocabulary = try object.value("vocab")
        let merges = try object.array("merges").map { merge in
            merge.stringValue
                ?? (merge.arrayValue ?? []).compactMap(\.stringValue).joined(separator: " ")
        }
        try AtomicFile.write(JSONWriter(.compact).string(vocabulary), to: run.file("vocab.json"))
        try AtomicFile.write(
            (["#version: 0.2"] + merges).joined(separator: "\n") + "\n", to: run.file("merges.txt"))
        for name in ["tokenizer.json", "tokenizer_config.json"] {
            try FileManager.default.removeItem(atPath: run.file(name))
        }
        let found = try run.generate()
        #expect(found.output == expected.output && found.status == 0, "\(found.errors)")
        try Program.require(["tokenize", "--model", run.model, "--ids", "4 plus"])
        let map = run.folder.path(of: "map.json")
        try Program.require(["attend", "--model", run.model, "--text", "4 plus", "--output", map])
        // Qwen cuts texts in a way that these files do not tell.
        let path = run.file("config.json")
        let text = try TextFile.string(path: path, limit: 1 << 20)
        let qwen = text.replacing("\"gpt2\"", with: "\"qwen2\"")
        try AtomicFile.write(qwen, to: path)
        let refused = try Program.run(["tokenize", "--model", run.model, "a"])
        #expect(refused.isFailure(66, naming: "tokenizer.json"), "\(refused.errors)")
    }

    @Test("prompts that a model cannot read are named by file and line")
    func places() throws {
        let run = try Run()
        let long = String(repeating: "12 plus 3 ", count: 60)
        let input = try run.folder.file("prompts", "4 plus\n\n\(long)\n")
        let found = try run.generate(["--input", input])
        #expect(found.isFailure(65, naming: "\(input): line 3: ", "64 positions"))
        // Far enough for the lines before to be read apart.
        let far = String(repeating: "\n", count: 5000) + long
        let later = try run.generate([
            "--input", run.folder.file("far", far), "--output", run.folder.path(of: "output"),
        ])
        #expect(later.isFailure(65, naming: "far: line 5001: "), "\(later.errors)")
        let option = try run.generate(["--prompt", long])
        #expect(option.isFailure(65, naming: "--prompt: "), "\(option.errors)")
        // A tokenizer with more pieces than the model.
        let other = run.file("tokenizer.json")
        let text = try SmallLanguageRun.shared.get().folder.path(of: "train.txt")
        try Program.require([
            "train", "tokenizer", "--vocabulary", "400", "--input", text, "--output", other,
        ])
        let line = SmallLanguageRun.text(lines: 200).replacing("\n", with: " ")
        let second = try run.folder.file("second", "4\n\n\(line)\n")
        let wrong = try run.generate(["--input", second])
        #expect(
            wrong.isFailure(65, naming: "\(second): line 3: ", "do not belong together"),
            "\(wrong.errors)")
    }

    @Test("tensors of a model that is not run here are shown, with a line that says so")
    func unknownTypes() throws {
        let run = try Run()
        let shown = try Program.require(["inspect", run.model]).output
        let path = run.file("config.json")
        let text = try TextFile.string(path: path, limit: 1 << 20)
        try AtomicFile.write(text.replacing("\"gpt2\"", with: "\"gemma2\""), to: path)
        let found = try Program.require(["inspect", run.model])
        #expect(found.output.contains("model_type = \"gemma2\": is not supported"))
        let rest = shown.split(separator: "\n").dropFirst(2)
        #expect(found.output.hasSuffix(rest.joined(separator: "\n") + "\n") && rest.count > 5)
        let json = try JSONParser().parse(
            Program.require(["inspect", run.model, "--json"]).output)
        #expect(json["note"]?.stringValue?.contains("gemma2") == true)
        #expect(json["configuration"]?["model_type"]?.stringValue == "gemma2")
        // Its tokenizer is of use, too.
        try Program.require(["tokenize", "--model", run.model, "--ids", "4 plus"])
        #expect(try run.generate().isFailure(65, naming: "gemma2"))
    }

    @Test("a row that is padded on the left has as many positions as one alone")
    func paddedRows() throws {
        let model = try SmallLanguageRun.shared.get().model
        let folder = try TemporaryFolder()
        func logits(_ name: String, padding: Int) throws -> [Float] {
            let input = folder.path(of: name)
            let ids = [Int64](repeating: 0, count: padding) + (0..<50).map { Int64($0 % 9) }
            let mask = ids.indices.map { Int64($0 < padding ? 0 : 1) }
            let writer = try SafetensorsWriter(
                path: input,
                tensors: ["input_ids", "attention_mask"].map {
                    TensorDescription($0, .int64, [1, ids.count])
                })
            for (name, values) in [("input_ids", ids), ("attention_mask", mask)] {
                try unsafe values.withUnsafeBytes { try unsafe writer.write($0, to: name) }
            }
            try writer.commit()
            let output = folder.path(of: "\(name).out")
            try Program.require(["forward", "--model", model, "--input", input, "--output", output])
            return try SafetensorsFile(path: output).floats(of: "logits")
        }
        let alone = try logits("alone", padding: 0)
        let padded = try logits("padded", padding: 30)
        #expect(Array(padded.suffix(alone.count)) == alone)
    }

    @Test("settings of a model mean the same in any order")
    func settings() throws {
        let data = try SmallLanguageRun.shared.get().folder
        let folder = try TemporaryFolder()
        let config = try folder.file("settings.yaml", "key-value-heads: 1\n")
        let cases: [([String], keyValueHeads: Int, inner: Int)] = [
            (["key-value-heads=1", "heads=4", "family=llama"], 1, 64),
            (["family=llama", "heads=4", "key-value-heads=1"], 1, 64),
            (["inner=100", "family=llama", "heads=4"], 4, 100),
            (["heads=4", "family=llama", "config"], 1, 64),
        ]
        for (index, (sets, keyValueHeads, inner)) in cases.enumerated() {
            let output = folder.path(of: "run\(index)")
            var more = ["--max-updates", "1"]
            for set in sets {
                more += set == "config" ? ["--config", config] : ["--set", set]
            }
            try Program.require(
                SmallLanguageRun.arguments(data: data.path, output: output, more))
            let json = try JSONObjectReader(path: "\(output)/config.json")
            #expect(try json.int("num_key_value_heads") == keyValueHeads, "\(sets)")
            #expect(try json.int("intermediate_size") == inner, "\(sets)")
        }
        let wrong = try Program.run(
            SmallLanguageRun.arguments(
                data: data.path, output: folder.path(of: "wrong"),
                ["--set", "family=llama", "--set", "heads=4", "--set", "key-value-heads=3"]))
        #expect(wrong.isFailure(64, naming: "key-value-heads = 3: must divide heads = 4"))
        let odd = try Program.run(
            SmallLanguageRun.arguments(
                data: data.path, output: folder.path(of: "odd"),
                ["--set", "family=llama", "--set", "width=36", "--set", "heads=4"]))
        #expect(odd.isFailure(64, naming: "heads = 4: must give each head"), "\(odd.errors)")
    }

    @Test("each kind of tokenizer says how small its vocabulary may be")
    func vocabularies() throws {
        let data = try SmallLanguageRun.shared.get().folder
        let output = data.path(of: "small.json")
        for (type, least) in [("bpe", "257"), ("wordpiece", "6"), ("unigram", "261")] {
            for size in ["1", "-1", "5"] {
                let found = try Program.run([
                    "train", "tokenizer", "--type", type, "--vocabulary", size, "--input",
                    data.path(of: "train.txt"), "--output", output,
                ])
                #expect(
                    found.isFailure(64, naming: "--vocabulary \(size)", least), "\(found.errors)")
            }
        }
        #expect(!FileManager.default.fileExists(atPath: output))
    }

    @Test(
        "weights that are cut while a model is open end the program with 74 and one line",
        arguments: ["float32", "bfloat16", "int8"])
    func cutWhileOpen(precision: String) throws {
        let shipped = Repository.shippedModel("novels-en")
        let (folder, outputs) = (try TemporaryFolder(), try TemporaryFolder())
        let model = folder.path(of: "model")
        try FileManager.default.copyItem(atPath: shipped, toPath: model)
        let program = try RunningProgram([
            "generate", "--model", model, "--precision", precision, "--max-length", "4",
            "--output", outputs.path(of: "output"),
        ])
        try outputs.waitForNames()
        let weights = "\(model)/model.safetensors"
        try FileHandle(forUpdating: URL(filePath: weights)).truncate(atOffset: 10_000)
        try program.write("It was a dark\n")
        let result = try program.end()
        #expect(
            result.isFailure(74, naming: weights, "ends after 10000 bytes"), "\(result)"
        )
        #expect(try outputs.names() == [])
    }

    @Test("a tokenizer.json that cuts and pads does not change what a model reads")
    func lengthRules() throws {
        let run = try Run()
        let expected = try run.generate()
        let path = run.file("tokenizer.json")
        var object = try #require(JSONParser().parse(path: path).objectValue)
        object["truncation"] = [
            "direction": "Right", "max_length": 1, "strategy": "LongestFirst", "stride": 0,
        ]
        object["padding"] = [
            "strategy": ["Fixed": 40], "direction": "Right", "pad_to_multiple_of": .null,
            "pad_id": 0, "pad_type_id": 0, "pad_token": "<|endoftext|>",
        ]
        try AtomicFile.write(JSONWriter(.compact).bytes(.object(object)), to: path)
        let found = try run.generate()
        #expect(found.status == 0 && found.output == expected.output, "\(found)")
        let ids = try Program.require(["tokenize", "--model", run.model, "--ids", "4 plus"]).output
        let padded = try Program.require(["tokenize", "--file", path, "--ids", "4 plus"]).output
        #expect(ids.split(separator: " ").count > 1)
        #expect(padded.split(separator: " ").count == 40, "\(padded)")
    }

    @Test("a link to settings that are not there is an error, as an unfinished download leaves one")
    func danglingLink() throws {
        let run = try Run()
        let path = run.file("tokenizer_config.json")
        try FileManager.default.removeItem(atPath: path)
        #expect(try run.generate().status == 0)
        try FileManager.default.createSymbolicLink(
            atPath: path, withDestinationPath: "/nowhere/at-all")
        #expect(try run.generate().isFailure(66, naming: "tokenizer_config.json"))
    }
}
