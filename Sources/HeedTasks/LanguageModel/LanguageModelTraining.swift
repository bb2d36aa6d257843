import Foundation
import HeedFormats
public import HeedModels
public import HeedNN
import HeedTensor
public import HeedText
public import HeedTraining

/// Trains a model to continue text, from text files to a model folder.
@dynamicMemberLookup
public struct LanguageModelTraining: Sendable {
    /// Where the tokenizer comes from.
    public enum TokenizerSource: Sendable {
        /// The characters of the training text.
        case characters
        /// Byte-level byte pairs learned from the training text, so many pieces in all.
        case learned(vocabulary: Int)
        /// One that is given.
        case given(Tokenizer)
    }

    /// The run folder.
    public var output: String
    /// Sizes and choices of the model; what it knows of the vocabulary is set from the tokenizer.
    public var configuration: LanguageModelConfiguration
    /// How its weights are drawn.
    public var initialization = WeightInitialization.gpt2
    /// The tokenizer.
    public var tokenizer = TokenizerSource.learned(vocabulary: 4000)
    /// Tokens of a block, of which each is predicted from those before it.
    public var blockLength: Int
    /// Tokens of a batch, in whole blocks.
    public var batchTokens: Int
    /// Tokens of a shard at most: what is in memory at a time.
    public var shardTokens = BatchPlan.defaultShardTokens
    /// Which blocks a batch has.
    public var order = WindowPlan.Order.random
    /// Updates between two evaluations on the validation text: an epoch.
    public var evaluationInterval = 250
    /// How training goes; its settings are members of this value, too.
    public var optimization: OptimizationSettings
    /// The text of `training.json`, which the run keeps.
    var recipe: String?
    /// What messages call the texts.
    var textNames = (training: "training text", validation: "validation text")

    /// A training with the sizes of a preset.
    public init(preset: LanguageModelPreset, output: String) {
        self.output = output
        configuration = preset.configuration
        blockLength = configuration.maximumPositions
        batchTokens = preset.batchTokens
        optimization = preset.optimization
    }

    /// A setting of how training goes.
    public subscript<Value>(
        dynamicMember path: WritableKeyPath<OptimizationSettings, Value>
    ) -> Value {
        get { optimization[keyPath: path] }
        set { optimization[keyPath: path] = newValue }
    }

    /// Trains, and writes the model into `output`.
    ///
    /// Throws errors that name the file and what is wrong with it.
    /// - Parameters:
    ///   - train: the texts to learn from, one after another; each ends with the end mark, if the tokenizer has one.
    ///   - valid: the texts that epochs are judged by, likewise.
    ///   - resuming: whether to go on from the newest checkpoint in `output`.
    ///   - shouldStop: asked between updates; true saves and stops.
    ///   - handle: is told what happens.
    @discardableResult
    public func run(
        train: [String], valid: [String], resuming: Bool = false,
        shouldStop: @escaping () -> Bool = { false },
        handle: @escaping (TrainingTaskEvent) -> Void = { _ in }
    ) throws -> TrainingEnd {
        try optimization.checkPrecision()
        let folder = RunFolder(path: output)
        if !resuming { try folder.checkIsNew() }
        // Asked before the work that comes before the training takes the lock for good.
        if try Folder.kind(of: output) == .folder { _ = try FolderLock(path: output) }
        for (texts, name) in [(train, textNames.training), (valid, textNames.validation)] {
            guard texts.contains(where: { !$0.isEmpty }) else {
                throw CorpusError("\(name): there is no text")
            }
        }
        let tokenizer = try makeTokenizer(train)
        let training = try encoded(train, tokenizer)
        let validation = try encoded(valid, tokenizer)
        try check(training, atLeast: blockLength + 1, textNames.training)
        try check(validation, atLeast: 2, textNames.validation)
        let model = try makeModel(tokenizer)
        handle(.prepared("training: \(training.count) tokens"))
        handle(.prepared("validation: \(validation.count) tokens"))
        handle(
            .prepared(
                """
                \(tokenizer.vocabularySize) pieces, \(model.parameterCount) parameters, \
                \(self.precision)
                """))
        let events = TensorBoardLog(folder)
        var final: String?
        let run = TrainingRun(
            task(model, tokenizer, training, validation), optimization.trainingOptions,
            folder: folder,
            fingerprint: fingerprint(tokenizer, training, validation, model.configuration),
            shouldStop: shouldStop
        ) { event in
            switch event {
            case .epoch(let report) where report.isBest:
                final = score(report.validationLoss, "after update \(report.update)")
            case .average(let report):
                final = score(report.validationLoss, "of \(report.words)")
            default: break
            }
            handle(.training(event))
            if let problem = events.record(event) { handle(.training(.notice(problem))) }
        }
        let end = try run(resuming: resuming) {
            guard let recipe else { return }
            try AtomicFile.write(recipe, to: folder.path(LanguageModelRecipe.fileName))
        }
        if end != .interrupted, let final { handle(.score(final)) }
        return end
    }

    private func makeModel(_ tokenizer: Tokenizer) throws -> LanguageModel {
        let configuration = resolvedConfiguration(tokenizer)
        let shapes = try LanguageModel(
            configuration, builder: ModelBuilder(forWeightsFromFiles: ()))
        try ModelTooLargeError.check(parameterCount: shapes.parameterCount)
        return try LanguageModel(
            configuration,
            builder: ModelBuilder(
                seed: self.seed, initialization: initialization, depth: configuration.layers))
    }

    private func score(_ loss: Double, _ place: String) -> String {
        "validation loss \(String(format: "%.4f", loss)) \(place)"
    }

    private func task(
        _ model: LanguageModel, _ tokenizer: Tokenizer, _ training: [Int32],
        _ validation: [Int32]
    ) -> LanguageModelTask {
        let plan = WindowPlan(
            tokenCount: training.count, length: blockLength,
            batchTokens: batchTokens * self.accumulation,
            shardTokens: model.configuration.shardTokens(
                atMost: shardTokens, in: self.precision, parameterCount: model.parameterCount),
            updatesPerEpoch: evaluationInterval, order: order, seed: self.seed)
        return LanguageModelTask(
            model, tokenizer: tokenizer, training: training, validation: validation,
            blockLength: blockLength, plan: plan, smoothing: self.labelSmoothing)
    }

    private func makeTokenizer(_ texts: [String]) throws -> Tokenizer {
        switch tokenizer {
        case .given(let tokenizer): return tokenizer
        case .characters:
            var trainer = CharacterTrainer()
            for text in texts { trainer.add(text) }
            return try trainer.train()
        case .learned(let vocabulary):
            var trainer = TokenizerTrainer(.bytePairs, vocabularySize: vocabulary)
            trainer.add(texts)
            return try trainer.train()
        }
    }

    /// All texts as ids, each with the end mark after it.
    private func encoded(_ texts: [String], _ tokenizer: Tokenizer) throws -> [Int32] {
        let end = tokenizer.specialTokens.endOfSequence.map { [$0] } ?? []
        return try texts.flatMap { try tokenizer.encodeIDs($0, addingSpecialTokens: false) + end }
    }

    private func check(_ tokens: [Int32], atLeast count: Int, _ name: String) throws {
        guard tokens.count >= count else {
            throw CorpusError(
                """
                \(name): has \(tokens.count) token\(tokens.count == 1 ? "" : "s"); it must have \
                at least \(count)
                """)
        }
    }

    private func resolvedConfiguration(_ tokenizer: Tokenizer) -> LanguageModelConfiguration {
        var configuration = configuration
        configuration.vocabulary = tokenizer.vocabularySize
        configuration.maximumPositions = max(configuration.maximumPositions, blockLength)
        // Sizes may have changed since the configuration was made.
        configuration.headSize = configuration.width / configuration.heads
        configuration.rotary?.size = configuration.headSize
        configuration.endTokens = tokenizer.specialTokens.endOfSequence.map { [Int($0)] } ?? []
        configuration.startToken = configuration.endTokens.first
        configuration.paddingToken = tokenizer.specialTokens.padding.map { Int($0) }
        return configuration
    }

    /// What must be the same for a resumption to end with the same bits: threads and limits may change.
    private func fingerprint(
        _ tokenizer: Tokenizer, _ training: [Int32], _ validation: [Int32],
        _ configuration: LanguageModelConfiguration
    ) -> String {
        let settings: [(String, String)] = [
            ("model", JSONWriter(.compact).string(configuration.json(weights: .float32))),
            ("tokenizer", String(CRC32C.checksum(of: tokenizer.serialized()), radix: 16)),
            ("training data", training.checksumText), ("validation data", validation.checksumText),
            ("block length", "\(blockLength)"),
            ("batch tokens", "\(batchTokens * self.accumulation)"),
            ("shard tokens", "\(shardTokens)"), ("order", order.rawValue),
            ("updates of an epoch", "\(evaluationInterval)"),
        ]
        return (settings + optimization.fingerprint).map { "\($0.0): \($0.1)" }
            .joined(separator: "\n")
    }
}

extension [Int32] {
    /// The CRC-32C of the ids.
    fileprivate var checksumText: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(4 * count)
        for value in self {
            for shift in [0, 8, 16, 24] {
                bytes.append(UInt8(truncatingIfNeeded: value >> Int32(shift)))
            }
        }
        return String(CRC32C.checksum(of: bytes), radix: 16)
    }
}
