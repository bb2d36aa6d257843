import Foundation
import HeedFormats
import HeedTestSupport
import Testing

@Suite("heed generate and heed train language-model")
struct GenerateCommandTests {
    private func generate(_ options: [String], input: String = "") throws -> ProgramResult {
        try Program.run(
            [
                "generate", "--model", SmallLanguageRun.shared.get().model, "--precision",
                "float32",
            ] + options, input: input)
    }

    @Test("a prompt is continued the same way by an option, a file, standard input and as JSON")
    func inputs() throws {
        let folder = try TemporaryFolder()
        let prompts = ["3 plus", "12", "4 plus 4 is"]
        let lines = prompts.joined(separator: "\n") + "\n"
        let found = try generate(["--max-length", "12"], input: lines)
        #expect(found.status == 0 && found.errors.isEmpty, "\(found.errors)")
        let texts = found.output.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(texts.count == 4)
        let file = try folder.file("prompts", lines)
        #expect(try generate(["--max-length", "12", "--input", file]).output == found.output)
        let output = folder.path(of: "output")
        let written = try generate(["--max-length", "12", "--input", file, "--output", output])
        #expect(written.status == 0 && written.output.isEmpty)
        #expect(try String(contentsOfFile: output, encoding: .utf8) == found.output)
        for (prompt, text) in zip(prompts, texts) {
            let streamed = try generate(["--max-length", "12", "--prompt", prompt])
            let kept = streamed.output.dropLast()
            #expect(kept.replacing("\n", with: " ") == text, "\(prompt)")
            let json = try generate(["--max-length", "12", "--prompt", prompt, "--json"])
            let object = try JSONParser().parse(json.output)
            #expect(object["text"]?.stringValue == String(kept))
            #expect(object["prompt"]?.stringValue == prompt)
            #expect(object["tokens"]?.arrayValue?.count == 12)
            #expect(object["ending"]?.stringValue == "length")
        }
    }

    @Test("without a model the one that comes along goes on")
    func shippedModel() throws {
        let options = ["generate", "--prompt", "It was a dark night, and", "--max-length", "12"]
        let found = try Program.run(options)
        #expect(found.status == 0 && found.errors.isEmpty, "\(found.errors)")
        let words = Set(found.output.split(whereSeparator: \.isWhitespace).map(String.init))
        #expect(!words.isDisjoint(with: ["the", "of", "and", "to", "a"]), "\(found.output)")
        #expect(try Program.run(options + ["--threads", "1"]).output == found.output)
    }

    @Test("an empty line gives an empty line, and no input gives no output")
    func emptyLines() throws {
        let found = try generate(["--max-length", "3"], input: "\n4 plus\n\n")
        let lines = found.output.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 4 && lines[0].isEmpty && !lines[1].isEmpty && lines[2].isEmpty)
        #expect(try generate([]).output == "")
    }

    @Test("the same seed draws the same text with any number of threads and any batch")
    func seeds() throws {
        let input = (1..<6).map { "\($0) plus\n" }.joined()
        let options = ["--max-length", "20", "--temperature", "1.5", "--top-p", "0.95"]
        let found = try generate(options + ["--seed", "3"], input: input)
        #expect(found.status == 0, "\(found.errors)")
        for more in [["--threads", "1"], ["--batch", "1"], ["--batch", "2", "--threads", "3"]] {
            let again = try generate(options + ["--seed", "3"] + more, input: input)
            #expect(again.output == found.output, "\(more)")
        }
        #expect(try generate(options + ["--seed", "4"], input: input).output != found.output)
    }

    @Test("a stop ends the text before it")
    func stops() throws {
        let whole = try generate(["--max-length", "30", "--prompt", "4 plus"]).output
        let text = String(whole.dropLast())
        let stop = String(text.dropFirst(5).prefix(2))
        let found = try generate(
            ["--max-length", "30", "--prompt", "4 plus", "--json", "--stop", stop])
        let object = try JSONParser().parse(found.output)
        #expect(object["ending"]?.stringValue == "stop")
        let end = try #require(text.range(of: stop))
        #expect(object["text"]?.stringValue == String(text[..<end.lowerBound]))
    }

    @Test("a stop ends what a beam follows, too")
    func stopOfBeam() throws {
        let options = ["--max-length", "30", "--prompt", "4 plus", "--json", "--beam", "3"]
        let whole = try JSONParser().parse(generate(options).output)
        let text = try #require(whole["text"]?.stringValue)
        let stop = String(text.dropFirst(5).prefix(2))
        let found = try JSONParser().parse(generate(options + ["--stop", stop]).output)
        let cut = try #require(found["text"]?.stringValue)
        #expect(found["ending"]?.stringValue == "stop" && !cut.contains(stop))
        let tokens = try #require(found["tokens"]?.arrayValue)
        let ids = tokens.map { "\($0.intValue ?? -1)" }.joined(separator: " ")
        let model = try SmallLanguageRun.shared.get().model
        // A token is a character; the last of them ends the stop, and nothing comes behind it.
        let decoded = try Program.require(["tokenize", "--model", model, "--decode", ids]).output
        let kept = (cut + stop).replacing("\n", with: " ")
        #expect(decoded == kept + "\n" && tokens.count < 30)
    }

    @Test("no end mark comes before the least length", arguments: ["1", "3"])
    func leastLength(beam: String) throws {
        let options = ["--prompt", "4 plus", "--max-length", "9", "--json", "--beam", beam]
        func count(_ more: [String]) throws -> (tokens: Int?, ending: String?) {
            let object = try JSONParser().parse(generate(options + more).output)
            return (object["tokens"]?.arrayValue?.count, object["ending"]?.stringValue)
        }
        // The same, at each length.
        for length in 0...9 {
            let found = try count(["--min-length", "\(length)"])
            #expect(found.tokens ?? 0 >= length && found.ending != nil, "\(length): \(found)")
        }
        #expect(
            try generate(options + ["--min-length", "10"]).isFailure(64, naming: "--min-length"))
    }

    @Test("options out of range are told by the names that they have on the command line")
    func optionNames() throws {
        let cases: [([String], [String])] = [
            (["--top-p", "1.5"], ["--top-p 1.5: must be above 0", "--help"]),
            (["--min-p", "-0.5"], ["--min-p -0.5: must be from 0 to 1", "--help"]),
            (["--top-k", "-3"], ["--top-k -3: must be at least 1", "--help"]),
            (["--temperature", "-1"], ["--temperature -1.0: ", "--help"]),
            (["--repetition-penalty", "-1"], ["--repetition-penalty -1.0: ", "--help"]),
            (["--max-length", "-1"], ["--max-length -1: ", "--help"]),
            (["--beam", "-1"], ["--beam -1: "]), (["--batch", "-1"], ["--batch -1: "]),
            (["--threads", "-1"], ["--threads -1: "]),
            (["--beam", "3", "--seed", "4"], ["--beam 3: goes without", "--seed"]),
            (["--beam", "3", "--logit-bias", "1=2"], ["--beam 3: goes without --logit-bias"]),
            (["--logit-bias", "99999=1"], ["--logit-bias 99999: must be a token"]),
        ]
        for (options, words) in cases {
            let found = try generate(options, input: "4 plus\n")
            #expect(found.isFailure(64), "\(options): \(found.errors)")
            for word in words { #expect(found.errors.contains(word), "\(found.errors)") }
        }
    }

    @Test("log-probabilities are those of the tokens and of the most probable ones")
    func logProbabilities() throws {
        let found = try generate([
            "--max-length", "4", "--prompt", "4 plus", "--json", "--log-probabilities", "3",
        ])
        let object = try JSONParser().parse(found.output)
        let list = try #require(object["log_probabilities"]?.arrayValue)
        #expect(list.count == 4)
        for entry in list {
            let top = try #require(entry["top"]?.arrayValue)
            #expect(top.count == 3)
            // Greedily chosen, a token is the most probable one.
            #expect(
                top[0] == [
                    "token": entry["token"] ?? nil,
                    "log_probability": entry["log_probability"] ?? nil,
                ])
            #expect(top[0]["log_probability"]?.doubleValue ?? 1 <= 0)
        }
    }

    @Test("a beam finds a text at least as probable as the greedy one")
    func beam() throws {
        let found = try generate([
            "--max-length", "8", "--prompt", "4 plus", "--json", "--beam", "4",
        ])
        #expect(found.status == 0, "\(found.errors)")
        let object = try JSONParser().parse(found.output)
        #expect(object["score"]?.doubleValue ?? 1 < 0)
    }

    @Test("options that make no sense, and models that cannot, end with one line")
    func failures() throws {
        for options in [
            ["--temperature", "-1"], ["--top-k", "0"], ["--max-length", "0"], ["--beam", "0"],
            ["--log-probabilities", "2"], ["--stop", ""], ["--logit-bias", "x"],
            ["--prompt", "a", "--input", "b"], ["--beam", "2", "--temperature", "1"],
            ["--logit-bias", "99999=1"],
        ] {
            let found = try generate(options, input: "4 plus\n")
            #expect(found.isFailure(64), "\(options): \(found.status) \(found.errors)")
        }
        // No token begins a text, and a text of characters has nothing else to begin with.
        #expect(try generate(["--prompt", ""]).isFailure(65, naming: "--prompt: is empty"))
        let long = String(repeating: "4 ", count: 80)
        #expect(try generate(["--prompt", long]).isFailure(65, naming: "--prompt: ", "64"))
        let translator = try SmallRun.shared.get().model
        let wrong = try Program.run(["generate", "--model", translator, "--prompt", "a"])
        #expect(wrong.isFailure(65, naming: "model_type"), "\(wrong.errors)")
        let other = try Program.run(
            ["translate", "--model", SmallLanguageRun.shared.get().model, "a"])
        #expect(other.isFailure(65, naming: "model_type"), "\(other.errors)")
    }

    @Test("forward, inspect and tokenize know the model")
    func otherVerbs() throws {
        let model = try SmallLanguageRun.shared.get().model
        let inspected = try Program.require(["inspect", model])
        #expect(inspected.output.contains("gpt2: 1 layers, width 32"))
        #expect(inspected.output.contains("transformer.h.0.attn.c_attn.weight"))
        let pieces = try Program.require(["tokenize", "--model", model, "4 plus"])
        #expect(pieces.output == "4   p l u s\n")
    }

    @Test("a training that was interrupted ends with the same bits")
    func resume() throws {
        let folder = try TemporaryFolder()
        let data = try SmallLanguageRun.shared.get().folder.path
        let run = folder.path(of: "run")
        try Program.require(
            SmallLanguageRun.arguments(
                data: data, output: run,
                ["--schedule", "constant", "--max-updates", "11", "--threads", "1"]))
        try Program.require([
            "train", "language-model", "--output", run, "--resume", "--max-updates", "40",
        ])
        let whole = folder.path(of: "whole")
        try Program.require(
            SmallLanguageRun.arguments(data: data, output: whole, ["--schedule", "constant"]))
        let name = "/model.safetensors"
        let bytes = try [run, whole].map { try Data(contentsOf: URL(filePath: $0 + name)) }
        #expect(bytes[0] == bytes[1])
        let other = try Program.run([
            "train", "language-model", "--output", run, "--resume", "--set", "width=16",
        ])
        #expect(other.isFailure(64, naming: "width"), "\(other.errors)")
    }

    @Test("a training that averages tells the loss of what it wrote")
    func average() throws {
        let folder = try TemporaryFolder()
        let data = try SmallLanguageRun.shared.get().folder.path
        func train(average: Int) throws -> (output: String, losses: [Double]) {
            let run = folder.path(of: "run\(average)")
            let result = try Program.require(
                SmallLanguageRun.arguments(data: data, output: run, ["--average", "\(average)"]))
            let lines = try TextFile.lines(path: run + "/metrics.jsonl").map {
                try JSONParser().parse($0)
            }
            return (result.output, lines.compactMap { $0["valid_loss"]?.doubleValue })
        }
        let one = try train(average: 1)
        #expect(one.losses.count == 3 && one.losses[1] == one.losses[2])
        #expect(one.output.contains("of the last epoch"), "\(one.output)")
        let two = try train(average: 2)
        #expect(two.losses.count == 3 && Set(two.losses).count == 3)
        let loss = String(format: "%.4f", two.losses[2])
        #expect(
            two.output.contains("validation loss \(loss) of the average of the last 2 epochs"),
            "\(two.output)")
    }

    @Test("texts that cannot be learned from end with one line")
    func trainingFailures() throws {
        let folder = try TemporaryFolder()
        _ = try folder.file("train.txt", "short")
        _ = try folder.file("valid.txt", "4 plus 4 is 8.")
        let short = try Program.run(
            SmallLanguageRun.arguments(data: folder.path, output: folder.path(of: "run")))
        #expect(short.isFailure(65, naming: "train.txt", "25"), "\(short.errors)")
        let sizes = try Program.run(
            SmallLanguageRun.arguments(
                data: folder.path, output: folder.path(of: "other"), ["--set", "heads=3"]))
        #expect(sizes.isFailure(64, naming: "heads"), "\(sizes.errors)")
    }
}
