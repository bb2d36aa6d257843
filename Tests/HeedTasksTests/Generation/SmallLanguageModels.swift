import HeedFormats
import HeedModels
import HeedNN
import HeedTensor
import HeedText

/// Small models that continue text, with random weights and a tokenizer of characters.
enum SmallLanguageModels {
    static let text = "abcdefghij klmnop é日🙂.\n"

    static func tokenizer() throws -> Tokenizer {
        var trainer = CharacterTrainer()
        trainer.add(text)
        return try trainer.train()
    }

    /// Writes a model; its end mark is the full stop.
    static func write(to folder: String, weights: ElementType = .float32) throws {
        let tokenizer = try tokenizer()
        var configuration = LanguageModelConfiguration.llama(
            vocabulary: tokenizer.vocabularySize, width: 16, layers: 2, heads: 4,
            keyValueHeads: 2, inner: 24, positions: 64)
        configuration.endTokens = [tokenizer.id(of: ".")].compactMap { $0.map { Int($0) } }
        let model = try LanguageModel(configuration, builder: ModelBuilder(seed: 11))
        try Folder.create(folder)
        try model.write(toFolder: folder, as: weights)
        try tokenizer.write(to: folder)
    }
}
