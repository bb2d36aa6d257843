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

@Suite("A translator")
struct TranslatorTests {
    private func translator(
        _ folder: TemporaryFolder, _ change: (inout TransformerConfiguration) -> Void = { _ in }
    ) async throws -> Translator {
        try SmallModels.write(to: folder.path, change)
        return try await Translator(folder: folder.url)
    }

    @Test("is used as the documentation says, with a model that was just trained")
    func documented() async throws {
        let folder = try TemporaryFolder()
        let url = folder.url
        try SmallModels.training(output: folder.path)
            .run(train: SmallModels.text(), valid: SmallModels.text())

        let translator = try await Translator(folder: url)
        let results = try await translator.translate(
            ["Ein Hund läuft."], beam: 5, recording: .cross)
        print(results[0].text, results[0].score, results[0].attention ?? "no attention")

        #expect(results.count == 1 && results[0].source == "Ein Hund läuft.")
        #expect(results[0].score < 0)
        let attention = try #require(results[0].attention)
        #expect(attention.parts.map(\.kind) == [.cross])
        #expect(attention.parts[0].layers == [0] && attention.parts[0].heads == [0, 1])
    }

    @Test("gives results in the order of the sentences, and empty ones for empty ones")
    func order() async throws {
        let folder = try TemporaryFolder()
        let translator = try await translator(folder)
        let sentences = ["Ein Hund", "", SmallModels.sources[2], "  ", "Ein Hund läuft."]
        let results = try await translator.translate(sentences)
        #expect(results.map(\.source) == sentences)
        for (sentence, result) in zip(sentences, results) {
            let alone = try await translator.translate([sentence])
            #expect(alone[0].text == result.text && alone[0].score == result.score)
        }
        #expect(results[1].text.isEmpty && results[3].text.isEmpty)
        #expect(results[1].score == 0)
    }

    @Test(
        "records a row of weights for each token of its output, complete or not", arguments: [3, 9])
    func attention(maximumLength: Int) async throws {
        let folder = try TemporaryFolder()
        // As many positions as tokens: the last row must not need one more.
        let translator = try await translator(folder) {
            $0.positions = .learned
            $0.maximumPositions = 9
        }
        var options = TranslationOptions()
        options.maximumLength = maximumLength
        let result = try await translator.translate(["Hund"], options, recording: .all)[0]
        let hypothesis = result.hypotheses[0]
        #expect(hypothesis.tokens.count + (hypothesis.isComplete ? 1 : 0) <= maximumLength)
        let map = try #require(result.attention)
        let count = hypothesis.tokens.count + (hypothesis.isComplete ? 1 : 0)
        #expect(map.part(.cross)?.rows.count == count)
        #expect(map.parts.map(\.kind) == [.encoder, .decoder, .cross])
        for part in map.parts {
            #expect(part.kind == .encoder || part.rows.count == count)
            #expect(part.kind == .decoder || part.columns == map.part(.encoder)?.columns)
            for layer in 0..<2 {
                for head in 0..<2 {
                    let matrix = try #require(part.matrix(layer: layer, head: head))
                    for row in matrix {
                        #expect(abs(row.reduce(0, +) - 1) <= 1e-2, "\(part.kind)")
                    }
                }
            }
        }
    }

    @Test("refuses sentences beyond the model's positions, and never writes beyond them")
    func positions() async throws {
        let folder = try TemporaryFolder()
        let translator = try await translator(folder) {
            $0.positions = .learned
            $0.maximumPositions = 12
        }
        let long = String(repeating: "Katze ", count: 20)
        let error = await #expect(throws: SentenceTooLongError.self) {
            try await translator.translate(["Hund", long])
        }
        #expect(error?.number == 2 && error?.limit == 12)
        let results = try await translator.translate(["Hund"])
        #expect(results[0].hypotheses[0].tokens.count <= 12)
    }

    @Test("takes the limits of a table of positions that a file brings along")
    func givenPositions() async throws {
        let folder = try TemporaryFolder()
        try SmallModels.write(to: folder.path)
        let path = "\(folder.path)/model.safetensors"
        let file = try SafetensorsFile(path: path)
        var tensors = try file.names.map { ($0, try Tensor(reading: $0, from: file)) }
        for side in ["encoder", "decoder"] {
            let table = Tensor([Float](repeating: 0.5, count: 7 * 16), shape: [7, 16])
            tensors.append(("model.\(side).embed_positions.weight", table))
        }
        let writer = try SafetensorsWriter(
            path: path,
            tensors: tensors.map { TensorDescription($0.0, $0.1.elementType, $0.1.shape.sizes) })
        for (name, tensor) in tensors { try tensor.write(to: writer, as: name) }
        try writer.commit()
        let translator = try await Translator(folder: folder.url)
        let results = try await translator.translate(["Hund"])
        #expect(results[0].hypotheses[0].tokens.count <= 7)
        await #expect(throws: SentenceTooLongError.self) {
            try await translator.translate([SmallModels.sources[2] + SmallModels.sources[1]])
        }
    }

    @Test("never writes a token that its model forbids, or that has no text")
    func forbidden() async throws {
        let folder = try TemporaryFolder()
        let count = try SmallModels.tokenizer().vocabularySize
        let free = try await translator(folder).translate(["Ein Hund läuft."])[0].hypotheses[0]
        let other = try TemporaryFolder()
        let bound = try await translator(other) {
            $0.forbiddenTokens = Set(free.tokens.map(Int.init)).sorted()
        }.translate(["Ein Hund läuft."])[0].hypotheses[0]
        #expect(!free.tokens.isEmpty && Set(free.tokens).isDisjoint(with: bound.tokens))
        let wide = try TemporaryFolder()
        let translator = try await translator(wide) {
            $0.sourceVocabulary = count + 2000
            $0.targetVocabulary = count + 2000
        }
        for hypothesis in try await translator.translate(SmallModels.sources).map({
            $0.hypotheses[0]
        }) {
            #expect(hypothesis.tokens.allSatisfy { $0 < count })
        }
    }

    @Test("stops when its task is cancelled")
    func cancellation() async throws {
        let folder = try TemporaryFolder()
        let translator = try await translator(folder)
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await translator.translate(["Ein Hund läuft."])
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("refuses sizes that no search has")
    func sizes() async throws {
        let folder = try TemporaryFolder()
        let translator = try await translator(folder)
        let sizes: [(String, WritableKeyPath<TranslationOptions, Int>, [Int])] = [
            ("beam", \.beam, [0, -1, .max]), ("batchTokens", \.batchTokens, [0, .min]),
            ("maximumLength", \.maximumLength!, [0, -5]),
        ]
        for (name, path, values) in sizes {
            for value in values {
                var options = TranslationOptions()
                options.maximumLength = 9
                options[keyPath: path] = value
                let error = await #expect(throws: InvalidSearchOption.self) {
                    try await translator.translate(["Ein Hund"], options)
                }
                #expect(error?.option == name)
            }
        }
    }
}
