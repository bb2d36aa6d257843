import HeedFormats
import HeedModels
import HeedNN
import HeedTensor

/// A setting of a translation training that has a name: what a command line and configuration files set, what a run
/// keeps, and what must not change when the run is resumed.
public struct TranslationSetting: Sendable {
    /// The name, such as `learning-rate`.
    public let name: String
    /// What it does, in words.
    public let summary: String
    /// The values that it takes, in words, such as `relu|gelu`.
    public let values: String
    /// Whether it may have another value when a run is resumed.
    public let mayChange: Bool

    private let get: @Sendable (TranslationRecipe) -> String
    private let set: @Sendable (inout TranslationRecipe, String) -> Bool

    /// All settings: sizes and choices of the model first, then those of training.
    public static let all: [TranslationSetting] = model + training

    /// The setting of this name.
    ///
    /// Throws `TranslationSettingError` that lists the known ones.
    public static func named(_ name: String) throws -> TranslationSetting {
        if let setting = all.first(where: { $0.name == name }) { return setting }
        let known = all.map(\.name).joined(separator: ", ")
        throw TranslationSettingError("there is no setting '\(name)'; known are \(known)")
    }

    /// The value in a recipe, as `apply` takes it.
    public func value(in recipe: TranslationRecipe) -> String { get(recipe) }

    /// Sets the value in a recipe.
    ///
    /// Throws `TranslationSettingError` for a value that the setting does not take.
    public func apply(_ value: String, to recipe: inout TranslationRecipe) throws {
        guard set(&recipe, value) else {
            throw TranslationSettingError("\(name) = \(value): must be \(values)")
        }
    }
}

/// A setting that does not exist, or a value that it does not take.
public struct TranslationSettingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The whole message in one line.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}

// MARK: - Kinds of settings

extension TranslationSetting {
    typealias Path<Value> = WritableKeyPath<TranslationRecipe, Value> & Sendable

    /// A whole number at one or more places.
    static func int(
        _ name: String, _ paths: any Path<Int>..., in range: ClosedRange<Int>,
        mayChange: Bool = false,
        _ summary: String
    ) -> TranslationSetting {
        TranslationSetting(
            name: name, summary: summary,
            values: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            mayChange: mayChange, get: { "\($0[keyPath: paths[0]])" }
        ) { recipe, text in
            guard let value = Int(text), range.contains(value) else { return false }
            for path in paths { recipe[keyPath: path] = value }
            return true
        }
    }

    /// A whole number, or `none`.
    static func optionalInt(
        _ name: String, _ path: any Path<Int?>, in range: ClosedRange<Int>, _ summary: String
    ) -> TranslationSetting {
        TranslationSetting(
            name: name, summary: summary,
            values: "a whole number from \(range.lowerBound) to \(range.upperBound), or none",
            mayChange: false, get: { $0[keyPath: path].map { "\($0)" } ?? "none" }
        ) { recipe, text in
            let value = Int(text)
            guard text == "none" || value.map(range.contains) == true else { return false }
            recipe[keyPath: path] = value
            return true
        }
    }

    /// A number.
    static func number(
        _ name: String, _ path: any Path<Double>, in range: ClosedRange<Double>, _ summary: String
    ) -> TranslationSetting {
        TranslationSetting(
            name: name, summary: summary,
            values: "a number from \(range.lowerBound) to \(range.upperBound)", mayChange: false,
            get: { "\($0[keyPath: path])" }
        ) { recipe, text in
            guard let value = Double(text), range.contains(value) else { return false }
            recipe[keyPath: path] = value
            return true
        }
    }

    /// Yes or no.
    static func flag(
        _ name: String, _ path: any Path<Bool>, _ summary: String
    ) -> TranslationSetting {
        TranslationSetting(
            name: name, summary: summary, values: "true or false", mayChange: false,
            get: { "\($0[keyPath: path])" }
        ) { recipe, text in
            guard let value = Bool(text) else { return false }
            recipe[keyPath: path] = value
            return true
        }
    }

    /// One of several names.
    static func choice<Value: Equatable & Sendable>(
        _ name: String, _ path: any Path<Value>, _ choices: [(name: String, value: Value)],
        _ summary: String
    ) -> TranslationSetting {
        TranslationSetting(
            name: name, summary: summary,
            values: choices.map(\.name).joined(separator: "|"), mayChange: false,
            get: { recipe in
                choices.first { $0.value == recipe[keyPath: path] }?.name ?? "unknown"
            }
        ) { recipe, text in
            guard let choice = choices.first(where: { $0.name == text }) else { return false }
            recipe[keyPath: path] = choice.value
            return true
        }
    }

    /// One of the cases of an enumeration.
    static func choice<Value: CaseIterable & RawRepresentable<String> & Equatable & Sendable>(
        _ name: String, _ path: any Path<Value>, of type: Value.Type, _ summary: String
    ) -> TranslationSetting {
        choice(name, path, Value.allCases.map { (name: $0.rawValue, value: $0) }, summary)
    }
}

// MARK: - The settings

extension TranslationSetting {
    private static let size = 1...(1 << 18)

    /// Sizes and choices of the model.
    public static let model: [TranslationSetting] = [
        int(
            "layers", \.training.configuration.encoderLayers,
            \.training.configuration.decoderLayers, in: 1...1024, "Layers on each side."),
        int(
            "encoder-layers", \.training.configuration.encoderLayers, in: 1...1024,
            "Layers of the encoder."),
        int(
            "decoder-layers", \.training.configuration.decoderLayers, in: 1...1024,
            "Layers of the decoder."),
        int("width", \.training.configuration.width, in: 1...(1 << 16), "The width D."),
        int(
            "inner", \.training.configuration.encoderInner, \.training.configuration.decoderInner,
            in: size, "Inner units of the feed-forward networks."),
        int(
            "heads", \.training.configuration.encoderHeads, \.training.configuration.decoderHeads,
            in: 1...4096, "Heads of every attention; they divide the width."),
        optionalInt(
            "key-value-heads", \.training.configuration.keyValueHeads, in: 1...4096,
            "Key-value heads, which divide the heads; none for as many."),
        optionalInt(
            "head-size", \.training.configuration.headSize, in: 1...4096,
            "The width of queries and keys in each head; none for D / heads."),
        optionalInt(
            "value-size", \.training.configuration.valueSize, in: 1...4096,
            "The width of values in each head; none for that of keys."),
        choice(
            "activation", \.training.configuration.activation,
            [
                ("relu", .relu), ("gelu", .gelu), ("gelu_new", .geluTanh), ("swish", .silu),
                ("elu", .elu), ("tanh", .tanh), ("sigmoid", .sigmoid),
            ], "The function of the feed-forward networks."),
        flag(
            "gated", \.training.configuration.isGated,
            "Whether feed-forward networks are gated (SwiGLU with activation swish)."),
        choice(
            "norm-placement", \.training.configuration.placement, of: NormPlacement.self,
            "Where layers normalise."),
        choice("norm", \.training.configuration.norm, of: Norm.Kind.self, "Which normalisation."),
        number(
            "norm-epsilon", \.training.configuration.epsilon, in: 1e-12...0.1,
            "The epsilon of the norms."),
        choice(
            "positions", \.training.configuration.positions, of: PositionKind.self,
            "The kind of positions."),
        int(
            "max-positions", \.training.configuration.maximumPositions, in: size,
            "Positions that the model has, or as many more as its sentences need."),
        flag(
            "scale-embedding", \.training.configuration.scalesEmbedding,
            "Whether embeddings are multiplied by the root of D."),
        flag(
            "tie-output", \.training.configuration.tiesOutput,
            "Whether the output projection is the embedding's table."),
        number(
            "dropout", \.training.configuration.dropout, in: 0...0.99,
            "Dropout of embeddings and sublayers' outputs."),
        number(
            "attention-dropout", \.training.configuration.attentionDropout, in: 0...0.99,
            "Dropout of attention weights."),
        number(
            "activation-dropout", \.training.configuration.activationDropout, in: 0...0.99,
            "Dropout inside the feed-forward networks."),
        choice(
            "initialization", \.training.initialization, of: WeightInitialization.self,
            "How weights are drawn: tables from N(0, 1/D), or every matrix Xavier-uniform."),
    ]

    /// Settings of the tokenizers and of training.
    public static let training: [TranslationSetting] = [
        choice(
            "tokenizer-type", \.tokenizerType, of: TranslationTraining.TokenizerType.self,
            "What is learned: byte pairs, or whole words of pretokenized text."),
        int("merges", \.mergeCount, in: 0...1_000_000, "Merges of the byte pairs."),
        int(
            "minimum-count", \.minimumCount, in: 1...1_000_000_000,
            "Whole words that occur less often are <unk>."),
        choice(
            "vocabularies", \.training.vocabularies, of: TranslationTraining.Vocabularies.self,
            "One vocabulary for source and target, or a tokenizer and a table for each."),
        flag(
            "pretokenized", \.isPretokenized,
            "Whether words stand between white space already."),
        int(
            "batch-tokens", \.training.batchTokens, in: 1...(1 << 30),
            "Tokens of a batch: its longest sentence times its sentences."),
        optionalInt(
            "batch-pairs", \.training.batchPairs, in: 1...(1 << 30),
            "Pairs of a batch, of all lengths, in place of its tokens; none counts tokens."),
        int(
            "shard-tokens", \.training.shardTokens, in: 1...(1 << 30),
            "Tokens that are in memory at a time, at most."),
        int(
            "accumulation", \.training.accumulation, in: 1...(1 << 20),
            "Batches whose gradients are added up for one update."),
        int(
            "max-updates", \.training.maximumUpdates, in: 1...(1 << 32), mayChange: true,
            "Training stops after this many updates."),
        int(
            "max-epochs", \.training.maximumEpochs, in: 1...(1 << 32), mayChange: true,
            "Training stops after this many epochs."),
        int(
            "patience", \.training.patience, in: 0...(1 << 32), mayChange: true,
            "Training stops after this many epochs without a better validation loss; 0 for never."),
        int(
            "average", \.training.average, in: 0...1000,
            "The model is the average of this many last epochs; 0 takes the best one."),
        number(
            "learning-rate", \.training.learningRate, in: 0...1000, "The peak of the learning rate."
        ),
        int("warmup", \.training.warmup, in: 0...(1 << 32), "Updates until the peak is reached."),
        choice(
            "schedule", \.training.schedule, of: TranslationTraining.ScheduleKind.self,
            "The learning rate after the warm-up."),
        choice(
            "optimizer", \.training.optimizer, of: TranslationTraining.Optimizer.self,
            "The optimizer."),
        number(
            "weight-decay", \.training.weightDecay, in: 0...1, "The optimizer's decay of weights."),
        number(
            "beta1", \.training.betas.0, in: 0...0.999_999, "The decay of Adam's first moments."),
        number(
            "beta2", \.training.betas.1, in: 0...0.999_999, "The decay of Adam's second moments."),
        number(
            "clip-norm", \.training.clipNorm, in: 0...1e9,
            "Gradients are scaled down to this norm; 0 for never."),
        number(
            "label-smoothing", \.training.labelSmoothing, in: 0...0.99, "Label smoothing."),
        choice(
            "precision", \.training.precision,
            [("float32", .float32), ("bfloat16", .bfloat16)], "The arithmetic."),
        TranslationSetting(
            name: "seed", summary: "The seed of everything random.", values: "a whole number",
            mayChange: false, get: { "\($0.training.seed)" }
        ) { recipe, text in
            guard let value = UInt64(text) else { return false }
            recipe.training.seed = value
            return true
        },
        int(
            "max-length", \.training.maximumLength, in: 1...(1 << 20),
            "Pairs with more tokens on a side are left out."),
        int(
            "checkpoint-every", \.training.checkpointInterval, in: 1...(1 << 32), mayChange: true,
            "Updates between checkpoints inside an epoch."),
        int(
            "bleu-every", \.training.bleuInterval, in: 0...(1 << 32),
            "BLEU on the validation text after the epoch in which this many updates more were made; 0 for the end alone."
        ),
    ]
}
