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
    static func write(
        to folder: String, _ type: LanguageModelType = .llama, weights: ElementType = .float32,
        tokenizer other: Tokenizer? = nil
    ) throws {
        let tokenizer = try other ?? tokenizer()
        let size = tokenizer.vocabularySize
        var configuration =
            type == .gpt2
            ? LanguageModelConfiguration.gpt2(
                vocabulary: size, width: 16, layers: 2, heads: 4, positions: 64)
            : LanguageModelConfiguration.llama(
                vocabulary: size, width: 16, layers: 2, heads: 4, keyValueHeads: 2, inner: 24,
                positions: 64)
        configuration.endTokens = [tokenizer.id(of: ".")].compactMap { $0.map { Int($0) } }
        let model = try LanguageModel(configuration, builder: ModelBuilder(seed: 11))
        try Folder.create(folder)
        try model.write(toFolder: folder, as: weights)
        try tokenizer.write(to: folder)
    }
}
