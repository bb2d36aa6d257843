import Foundation
import HeedFormats
import HeedGeneration
import HeedModels
import HeedNN
import HeedTasks
import HeedTensor
import HeedTestSupport
import HeedText
import Testing

@Suite("A text generator")
struct TextGeneratorTests {
    private func generator(
        _ folder: TemporaryFolder, weights: ElementTypeName = .float32
    ) async throws -> TextGenerator {
        try SmallLanguageModels.write(
            to: folder.path, weights: weights == .float32 ? .float32 : .bfloat16)
        return try await TextGenerator(folder: folder.url, precision: .float32)
    }

    enum ElementTypeName: Sendable {
        case float32, bfloat16
    }

    @Test("streams the text that it generates at once")
    func stream() async throws {
        let folder = try TemporaryFolder()
        let generator = try await generator(folder)
        for temperature in [0, 1.2] {
            let sampling = SamplingOptions(temperature: temperature, seed: 1)
            var pieces: [String] = []
            for try await piece in generator.stream("abc", sampling: sampling, maximumLength: 40) {
                pieces.append(piece)
            }
            let options = TextGenerationOptions(sampling: sampling, maximumLength: 40)
            let whole = try await generator.generate(["abc"], options)[0]
            #expect(pieces.joined() == whole.text)
            #expect(!pieces.contains(""))
        }
    }

    @Test(
        "gives the same text alone and among others, from float32 and from bfloat16 weights",
        arguments: [ElementTypeName.float32, .bfloat16])
    func alone(weights: ElementTypeName) async throws {
        let folder = try TemporaryFolder()
        let generator = try await generator(folder, weights: weights)
        let prompts = ["a", "hij klm", "日🙂", "pon mlk jih gfe dcb a", "b"]
        var options = TextGenerationOptions(
            sampling: SamplingOptions(temperature: 1, seed: 3), maximumLength: 24)
        options.logProbabilities = 2
        for batch in [2, 5] {
            options.batch = batch
            let together = try await generator.generate(prompts, options)
            for (prompt, found) in zip(prompts, together) {
                let alone = try await generator.generate([prompt], options)[0]
                #expect(found.prompt == prompt && found.text == alone.text)
                #expect(found.tokens == alone.tokens && found.ending == alone.ending)
            }
        }
    }

    @Test("stops at the token after which nobody listens")
    func cancellation() async throws {
        let folder = try TemporaryFolder()
        let generator = try await generator(folder)
        // A stream of a million tokens would keep the generator from everything else.
        var options = TextGenerationOptions(maximumLength: 1_000_000)
        options.minimumLength = 1_000_000
        var count = 0
        for try await _ in generator.stream("abc", options) {
            count += 1
            if count == 3 { break }
        }
        let found = try await generator.generate(
            ["abc"], TextGenerationOptions(maximumLength: 4))
        #expect(found[0].tokens.count <= 4)
        let task = Task { try await generator.generate(["abc"], options) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("refuses what it cannot follow")
    func refusals() async throws {
        let folder = try TemporaryFolder()
        let generator = try await generator(folder)
        var options = TextGenerationOptions(stops: [""])
        await #expect(throws: InvalidSearchOption.self) {
            try await generator.generate(["a"], options)
        }
        options = TextGenerationOptions(sampling: SamplingOptions(temperature: 1))
        options.beam = 2
        await #expect(throws: InvalidSearchOption.self) {
            try await generator.generate(["a"], options)
        }
        options = TextGenerationOptions(sampling: SamplingOptions(topP: 2))
        await #expect(throws: InvalidSearchOption.self) {
            try await generator.generate(["a"], options)
        }
    }
}

@Suite("Text that comes token by token")
struct TextStreamTests {
    @Test("pieces together are the whole, and hold whole characters")
    func pieces() throws {
        var trainer = BytePairTrainer(style: .rawText, mergeCount: 30)
        trainer.add(["one two three", "two trees"])
        let tokenizer = try trainer.train()
        for text in ["one two three", "日本 é🙂x  two", "two", "  three "] {
            let ids = try tokenizer.encodeIDs(text, addingSpecialTokens: false)
            for start in 0...min(ids.count, 3) {
                var stream = TextStream(tokenizer, prompt: Array(ids[..<start]), stops: [])
                var pieces = ids[start...].map { stream.add($0) }
                pieces.append(stream.finish())
                #expect(!pieces.joined().contains("\u{FFFD}"))
                let before = try tokenizer.decode(Array(ids[..<start]))
                if !before.contains("\u{FFFD}") {
                    #expect(before + pieces.joined() == (try tokenizer.decode(ids)), "\(text)")
                }
            }
        }
    }

    @Test("a text to stop at ends the text before it, wherever pieces are cut")
    func stops() {
        for (stops, expected) in [
            (["lo w"], "hel"), (["zzz"], "hello world"), (["world!", "o"], "hell"),
            (["d"], "hello worl"), (["h"], ""), (["wo", " "], "hello"),
        ] {
            for size in 1...11 {
                var scanner = StopScanner(stops)
                var found = ""
                let text = Array("hello world")
                for start in stride(from: 0, to: text.count, by: size) {
                    found += scanner.add(String(text[start..<min(start + size, text.count)]))
                }
                found += scanner.finish()
                #expect(found == expected, "\(stops), \(size) at a time")
                #expect(scanner.isStopped == (expected != "hello world"))
            }
        }
    }

    @Test("what cannot be the beginning of a stop is not held back")
    func delay() {
        var scanner = StopScanner(["\n\n"])
        #expect(scanner.add("ab\n") == "ab")
        #expect(scanner.add("c") == "\nc")
        #expect(scanner.add("\n") == "")
        #expect(scanner.finish() == "\n")
    }
}
