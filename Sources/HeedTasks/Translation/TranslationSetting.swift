import HeedModels
import HeedNN
import HeedTensor

/// A setting of a translation training.
public typealias TranslationSetting = TrainingSetting<TranslationRecipe>

/// The settings of a translation training.
enum TranslationSettings {
    private static let size = 1...(1 << 18)

    /// Sizes and choices of the model.
    static let model: [TranslationSetting] = [
        .int(
            "layers", \.training.configuration.encoderLayers,
            \.training.configuration.decoderLayers, in: 1...1024, "Layers on each side."),
        .int(
            "encoder-layers", \.training.configuration.encoderLayers, in: 1...1024,
            "Layers of the encoder."),
        .int(
            "decoder-layers", \.training.configuration.decoderLayers, in: 1...1024,
            "Layers of the decoder."),
        .int("width", \.training.configuration.width, in: 1...(1 << 16), "The width D."),
        .int(
            "inner", \.training.configuration.encoderInner, \.training.configuration.decoderInner,
            in: size, "Inner units of the feed-forward networks."),
        .int(
            "heads", \.training.configuration.encoderHeads, \.training.configuration.decoderHeads,
            in: 1...4096, "Heads of every attention; they divide the width."),
        .optionalInt(
            "key-value-heads", \.training.configuration.keyValueHeads, in: 1...4096,
            "Key-value heads, which divide the heads; none for as many."),
        .optionalInt(
            "head-size", \.training.configuration.headSize, in: 1...4096,
            "The width of queries and keys in each head; none for D / heads."),
        .optionalInt(
            "value-size", \.training.configuration.valueSize, in: 1...4096,
            "The width of values in each head; none for that of keys."),
        .choice(
            "activation", \.training.configuration.activation,
            [
                ("relu", .relu), ("gelu", .gelu), ("gelu_new", .geluTanh), ("swish", .silu),
                ("elu", .elu), ("tanh", .tanh), ("sigmoid", .sigmoid),
            ], "The function of the feed-forward networks."),
        .flag(
            "gated", \.training.configuration.isGated,
            "Whether feed-forward networks are gated (SwiGLU with activation swish)."),
        .choice(
            "norm-placement", \.training.configuration.placement, of: NormPlacement.self,
            "Where layers normalise."),
        .choice("norm", \.training.configuration.norm, of: Norm.Kind.self, "Which normalisation."),
        .number(
            "norm-epsilon", \.training.configuration.epsilon, in: 1e-12...0.1,
            "The epsilon of the norms."),
        .choice(
            "positions", \.training.configuration.positions, of: PositionKind.self,
            "The kind of positions."),
        .int(
            "max-positions", \.training.configuration.maximumPositions, in: size,
            "Positions that the model has, or as many more as its sentences need."),
        .flag(
            "scale-embedding", \.training.configuration.scalesEmbedding,
            "Whether embeddings are multiplied by the root of D."),
        .flag(
            "tie-output", \.training.configuration.tiesOutput,
            "Whether the output projection is the embedding's table."),
        .number(
            "dropout", \.training.configuration.dropout, in: 0...0.99,
            "Dropout of embeddings and sublayers' outputs."),
        .number(
            "attention-dropout", \.training.configuration.attentionDropout, in: 0...0.99,
            "Dropout of attention weights."),
        .number(
            "activation-dropout", \.training.configuration.activationDropout, in: 0...0.99,
            "Dropout inside the feed-forward networks."),
        .choice(
            "initialization", \.training.initialization, of: WeightInitialization.self,
            "How weights are drawn: tables from N(0, 1/D), or every matrix Xavier-uniform."),
    ]

    /// Settings of the tokenizers and of batches, before those that all trainings share.
    static let data: [TranslationSetting] = [
        .choice(
            "tokenizer-type", \.tokenizerType, of: TranslationTraining.TokenizerType.self,
            "What is learned: byte pairs, or whole words of pretokenized text."),
        .int("merges", \.mergeCount, in: 0...1_000_000, "Merges of the byte pairs."),
        .int(
            "minimum-count", \.minimumCount, in: 1...1_000_000_000,
            "Whole words that occur less often are <unk>."),
        .choice(
            "vocabularies", \.training.vocabularies, of: TranslationTraining.Vocabularies.self,
            "One vocabulary for source and target, or a tokenizer and a table for each."),
        .flag(
            "pretokenized", \.isPretokenized,
            "Whether words stand between white space already."),
        .int(
            "batch-tokens", \.training.batchTokens, in: 1...(1 << 30),
            "Tokens of a batch: its longest sentence times its sentences."),
        .optionalInt(
            "batch-pairs", \.training.batchPairs, in: 1...(1 << 30),
            "Pairs of a batch, of all lengths, in place of its tokens; none counts tokens."),
        .int(
            "shard-tokens", \.training.shardTokens, in: 1...(1 << 30),
            "Tokens that are in memory at a time, at most; half as many in float32."),
    ]

    /// Settings of what is measured and left out, after them.
    static let rest: [TranslationSetting] = [
        .int(
            "max-length", \.training.maximumLength, in: 1...(1 << 20),
            "Pairs with more tokens on a side are left out."),
        .int(
            "bleu-every", \.training.bleuInterval, in: 0...(1 << 32),
            "Updates between two measurements of BLEU on the validation text, each after an epoch; 0 for the end alone."
        ),
    ]

    /// All settings: sizes and choices of the model first, then those of training.
    static let all = model + data + TranslationSetting.shared + rest
}
