import HeedFormats
import HeedModels
import HeedNN
import HeedTasks
import HeedTestSupport
import HeedText
import HeedTraining
import Testing

@Suite("A training with a vocabulary for each side")
struct SeparateVocabulariesTests {
    private static let sources = ["ein hund bellt laut", "ein hund läuft", "eine katze schläft"]
    private static let targets = ["a dog barks", "a dog runs", "a cat sleeps"]

    private static func text() throws -> ParallelText {
        try ParallelText(sources: sources, targets: targets, name: "test")
    }

    private func training(
        _ output: String, _ change: (inout TranslationTraining) -> Void = { _ in }
    ) throws -> TranslationTraining {
        var training = SmallModels.training(output: output)
        training.tokenizer = .words(minimumCount: 1)
        training.vocabularies = .separate
        training.configuration.tiesOutput = false
        training.batchPairs = 2
        training.initialization = .xavierUniform
        change(&training)
        return training
    }

    @Test("writes a tokenizer and a table for each side, and a folder that opens again")
    func folder() async throws {
        let folder = try TemporaryFolder()
        let training = try training(folder.path) {
            $0.maximumUpdates = 150
            $0.schedule = .constant
            $0.learningRate = 0.01
            $0.average = 0
            $0.configuration.dropout = 0
            $0.labelSmoothing = 0
        }
        try training.run(train: Self.text(), valid: Self.text())
        let configuration = try TransformerConfiguration(folder: folder.path)
        #expect(configuration.sourceVocabulary == 3 + 8 && configuration.targetVocabulary == 3 + 6)
        #expect(!configuration.sharesEmbeddings && !configuration.tiesOutput)
        #expect(configuration.family == .marian)
        let json = try JSONParser().parse(path: "\(folder.path)/config.json")
        #expect(json["share_encoder_decoder_embeddings"] == false)
        #expect(json["decoder_vocab_size"] == 9 && json["vocab_size"] == 11)
        let source = try Tokenizer(folder: folder.path)
        let target = try Tokenizer(file: "\(folder.path)/target_tokenizer.json")
        #expect(source.id(of: "katze") != nil && source.id(of: "cat") == nil)
        #expect(target.id(of: "cat") != nil && target.id(of: "katze") == nil)

        let translator = try await Translator(folder: folder.url)
        let results = try await translator.translate(
            Self.sources + ["ein vogel läuft"], beam: 2, recording: .cross)
        #expect(results.map(\.text).prefix(3) == Self.targets[...])
        #expect(
            results[0].attention?.part(.cross)?.columns == ["ein", "hund", "bellt", "laut", "</s>"])
        #expect(results[0].attention?.part(.cross)?.rows == ["a", "dog", "barks", "</s>"])
        #expect(results[3].attention?.part(.cross)?.columns[1] == "<unk>")

        let copy = try TemporaryFolder()
        try ModelExport(folder: folder.path).write(toFolder: copy.path, weights: .float32)
        for name in ["tokenizer.json", "target_tokenizer.json", "model.safetensors"] {
            let bytes = try [folder, copy].map {
                try InputFile.bytes(path: "\($0.path)/\(name)", limit: 1 << 30)
            }
            #expect(bytes[0] == bytes[1], "\(name)")
        }
    }

    @Test("shows words that it does not know as <unk>")
    func unknownWords() async throws {
        let folder = try TemporaryFolder()
        let training = try training(folder.path) {
            $0.tokenizer = .words(minimumCount: 2)
            $0.maximumUpdates = 150
            $0.schedule = .constant
            $0.learningRate = 0.01
            $0.labelSmoothing = 0
        }
        try training.run(train: Self.text(), valid: Self.text())
        let translator = try await Translator(folder: folder.url)
        let results = try await translator.translate(["ein hund läuft"])
        #expect(results[0].text == "a dog <unk>")
    }

    @Test("of byte pairs learns each side by itself")
    func bytePairs() throws {
        let folder = try TemporaryFolder()
        let training = try training(folder.path) {
            $0.tokenizer = .learned(merges: 5, style: .pretokenized)
            $0.configuration.tiesOutput = true
        }
        try training.run(train: Self.text(), valid: Self.text())
        let source = try Tokenizer(folder: folder.path)
        let target = try Tokenizer(file: "\(folder.path)/target_tokenizer.json")
        #expect(source.id(of: "ä") != nil && target.id(of: "ä") == nil)
        #expect(target.id(of: "o") != nil && source.id(of: "o") == nil)
    }

    @Test("is resumed to the same bits")
    func resumption() throws {
        let (whole, parts) = (try TemporaryFolder(), try TemporaryFolder())
        for (folder, limits) in [(whole, [6]), (parts, [3, 6])] {
            for (index, limit) in limits.enumerated() {
                try training(folder.path) { $0.maximumUpdates = limit }.run(
                    train: Self.text(), valid: Self.text(), resuming: index > 0)
            }
        }
        let bytes = try [whole, parts].map {
            try InputFile.bytes(path: "\($0.path)/model.safetensors", limit: 1 << 30)
        }
        #expect(bytes[0] == bytes[1])
    }

    @Test("is not resumed with other batches or vocabularies")
    func changed() throws {
        let folder = try TemporaryFolder()
        try training(folder.path).run(train: Self.text(), valid: Self.text())
        let changes: [(String, (inout TranslationTraining) -> Void)] = [
            ("batch pairs", { $0.batchPairs = 1 }), ("batch", { $0.batchPairs = nil }),
            ("tokenizer", { $0.tokenizer = .words(minimumCount: 2) }),
        ]
        for (name, change) in changes {
            let error = #expect(throws: TrainingError.self) {
                try training(folder.path) {
                    change(&$0)
                    $0.maximumUpdates = 9
                }.run(train: Self.text(), valid: Self.text(), resuming: true)
            }
            #expect(error?.description.contains(name) == true)
        }
    }

    @Test("refuses given tokenizers that do not go together, and models that lack words")
    func mismatch() async throws {
        let folder = try TemporaryFolder()
        var words = WordTrainer(minimumCount: 1)
        words.add(Self.targets)
        let (source, target) = (try SmallModels.tokenizer(), try words.train())
        for (vocabularies, other) in [
            (TranslationTraining.Vocabularies.separate, Tokenizer?.none), (.joint, target),
        ] {
            #expect(throws: CorpusError.self) {
                try training(folder.path) {
                    $0.vocabularies = vocabularies
                    $0.tokenizer = .given(source, target: other)
                }.run(train: Self.text(), valid: Self.text())
            }
        }
        try training(folder.path) { $0.tokenizer = .given(source, target: target) }
            .run(train: Self.text(), valid: Self.text())
        try AtomicFile.write(source.serialized(), to: "\(folder.path)/target_tokenizer.json")
        let error = await #expect(throws: CorpusError.self) {
            try await Translator(folder: folder.url)
        }
        #expect(error?.description.contains("target's tokenizer") == true)
    }
}
