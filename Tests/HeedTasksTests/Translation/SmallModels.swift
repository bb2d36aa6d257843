import Foundation
import HeedFormats
import HeedModels
import HeedNN
import HeedTasks
import HeedText

/// Small models for tests of what is built on them.
enum SmallModels {
    static let sources = ["Ein Hund läuft.", "Eine Katze schläft.", "Der Hund sieht die Katze."]
    static let targets = ["A dog is running.", "A cat is sleeping.", "The dog sees the cat."]

    /// A tokenizer that has learned a few merges from the sentences.
    static func tokenizer() throws -> Tokenizer {
        var trainer = BytePairTrainer(style: .rawText, mergeCount: 20)
        trainer.add(sources + targets)
        return try trainer.train()
    }

    /// Writes a model with random weights.
    static func write(
        to folder: String, _ change: (inout TransformerConfiguration) -> Void = { _ in }
    ) throws {
        let tokenizer = try tokenizer()
        var configuration = TransformerConfiguration(
            vocabulary: tokenizer.vocabularySize, width: 16, layers: 2, inner: 24, heads: 2)
        change(&configuration)
        try Folder.create(folder)
        try Transformer(configuration, builder: ModelBuilder(seed: 4)).write(toFolder: folder)
        try tokenizer.write(to: folder)
    }

    /// A training of a few updates.
    static func training(output: String) -> TranslationTraining {
        var training = TranslationTraining(preset: .tiny, output: output)
        training.configuration = TransformerConfiguration(
            vocabulary: 1, width: 32, layers: 1, inner: 48, heads: 2)
        training.tokenizer = .learned(merges: 20, style: .rawText)
        training.maximumUpdates = 4
        training.warmup = 2
        return training
    }

    static func text() throws -> ParallelText {
        try ParallelText(sources: sources, targets: targets, name: "test")
    }
}
