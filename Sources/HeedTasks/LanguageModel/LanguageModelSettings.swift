import HeedModels
import HeedNN
import HeedTensor
import HeedTraining

/// The settings of a language model's training.
enum LanguageModelSettings {

    /// Sizes and choices of the model.
    private static let model: [TrainingSetting<LanguageModelRecipe>] = [
        TrainingSetting(
            name: "family", summary: "The form of the model.", values: "gpt2|llama",
            mayChange: false, get: { $0.training.configuration.type.rawValue }
        ) { recipe, text in
            guard let type = LanguageModelType(rawValue: text), [.gpt2, .llama].contains(type)
            else { return false }
            recipe.changeFamily(to: type)
            return true
        },
        .int("layers", \.training.configuration.layers, in: 1...1024, "Layers."),
        .int("width", \.training.configuration.width, in: 1...(1 << 16), "The width D."),
        .int(
            "inner", \.training.configuration.inner, in: 1...(1 << 18),
            "Inner units of the feed-forward networks."),
        TrainingSetting(
            name: "heads", summary: "Heads of every attention; they divide the width.",
            values: "a whole number from 1 to 4096", mayChange: false,
            get: { "\($0.training.configuration.heads)" }
        ) { recipe, text in
            guard let heads = Int(text), 1...4096 ~= heads else { return false }
            recipe.training.configuration.heads = heads
            recipe.training.configuration.keyValueHeads = heads
            return true
        },
        .int(
            "key-value-heads", \.training.configuration.keyValueHeads, in: 1...4096,
            "Key-value heads, which divide the heads."),
        .flag(
            "tie-output", \.training.configuration.tiesOutput,
            "Whether the output projection is the embedding's table."),
        .number(
            "dropout", \.training.configuration.dropout, in: 0...0.99,
            "Dropout of embeddings and sublayers' outputs."),
        .number(
            "attention-dropout", \.training.configuration.attentionDropout, in: 0...0.99,
            "Dropout of attention weights."),
        .choice(
            "initialization", \.training.initialization, of: WeightInitialization.self,
            "How weights are drawn: gpt2 for N(0, 0.02²)."),
    ]

    /// Settings of the tokenizer and of batches.
    private static let data: [TrainingSetting<LanguageModelRecipe>] = [
        .choice(
            "tokenizer-type", \.tokenizerType, of: LanguageModelRecipe.TokenizerType.self,
            "What is learned: characters, or byte pairs."),
        .int(
            "vocabulary", \.vocabulary, in: 260...1_000_000,
            "Pieces of the byte pairs that are learned."),
        .int(
            "block-length", \.training.blockLength, in: 1...(1 << 20),
            "Tokens of a block, each predicted from those before it."),
        .int(
            "batch-tokens", \.training.batchTokens, in: 1...(1 << 30),
            "Tokens of a batch, in whole blocks."),
        .int(
            "shard-tokens", \.training.shardTokens, in: 1...(1 << 30),
            "Tokens that are in memory at a time, at most; fewer in float32, and of large models."),
        .choice(
            "order", \.training.order, of: WindowPlan.Order.self,
            "Blocks from anywhere, or all of the text in random order."),
        .int(
            "evaluate-every", \.training.evaluationInterval, in: 1...(1 << 20),
            "Updates between evaluations on the validation text: an epoch."),
    ]

    /// All settings.
    static let all = model + data + TrainingSetting<LanguageModelRecipe>.shared
}

extension LanguageModelRecipe {
    /// Makes the model one of another family, with the same sizes where they mean the same.
    fileprivate mutating func changeFamily(to type: LanguageModelType) {
        let old = training.configuration
        guard type != old.type else { return }
        var new: LanguageModelConfiguration =
            type == .gpt2
            ? .gpt2(
                vocabulary: old.vocabulary, width: old.width, layers: old.layers,
                heads: old.heads, positions: old.maximumPositions)
            : .llama(
                vocabulary: old.vocabulary, width: old.width, layers: old.layers,
                heads: old.heads, keyValueHeads: old.keyValueHeads,
                // Three matrices of two thirds have as many parameters as two.
                inner: (old.width * 8 / 3 + 31) / 32 * 32, positions: old.maximumPositions)
        (new.dropout, new.attentionDropout) = (old.dropout, old.attentionDropout)
        new.tiesOutput = old.tiesOutput
        training.configuration = new
    }
}
