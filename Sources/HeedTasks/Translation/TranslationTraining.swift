import HeedFormats
public import HeedModels
public import HeedNN
import HeedTensor
import HeedText
public import HeedTraining

/// Trains a Transformer to translate, from text files to a model folder.
///
/// ```swift
/// var training = TranslationTraining(preset: .tiny, output: "run")
/// training.mergeCount = 4000
/// try training.run(train: pairs, valid: others) { event in print(event) }
/// ```
@dynamicMemberLookup
public struct TranslationTraining: Sendable {
    /// The run folder.
    public var output: String
    /// Sizes and choices of the model; what it knows of vocabularies is set from the tokenizers.
    public var configuration: TransformerConfiguration
    /// How its weights are drawn.
    public var initialization = WeightInitialization.normal
    /// The tokenizers.
    public var tokenizer = TokenizerSource.learned(merges: 8000, style: .rawText)
    /// Whether source and target share a vocabulary.
    public var vocabularies = Vocabularies.joint
    /// Tokens of an update, counted as the longest sentence times the number of sentences.
    public var batchTokens = 8192
    /// Pairs of an update, in place of its tokens; nil counts tokens.
    public var batchPairs: Int?
    /// Tokens of a shard at most: what is in memory at a time.
    public var shardTokens = BatchPlan.defaultShardTokens
    /// How training goes; its settings are members of this value, too.
    public var optimization = OptimizationSettings()
    /// Pairs with more tokens on a side are left out.
    public var maximumLength = 1024
    /// BLEU on the validation text is measured after the epoch in which this many updates more were made; 0 measures it
    /// at the end alone.
    public var bleuInterval = 0
    /// The text of `training.json`, which the run keeps.
    var recipe: String?

    /// A training with the sizes of a preset.
    public init(preset: TransformerPreset, output: String) {
        self.output = output
        configuration = preset.configuration(vocabulary: 1)
        if preset == .base || preset == .big {
            // The peak of the paper's schedule with its 4,000 updates of warm-up.
            optimization.warmup = 4000
            optimization.learningRate = LearningRateSchedule.paperPeak(
                width: configuration.width, warmup: 4000)
        }
    }

    /// A setting of how training goes.
    public subscript<Value>(
        dynamicMember path: WritableKeyPath<OptimizationSettings, Value>
    ) -> Value {
        get { optimization[keyPath: path] }
        set { optimization[keyPath: path] = newValue }
    }

    /// What happens before, in and after a training.
    public typealias Event = TrainingTaskEvent

    /// Trains, and writes the model into `output`.
    ///
    /// Throws errors that name the file and what is wrong with it.
    /// - Parameters:
    ///   - train: the training text.
    ///   - valid: the validation text.
    ///   - resuming: whether to go on from the newest checkpoint in `output`.
    ///   - shouldStop: asked between updates; true saves and stops.
    ///   - handle: is told what happens.
    @discardableResult
    public func run(
        train: ParallelText, valid: ParallelText, resuming: Bool = false,
        shouldStop: @escaping () -> Bool = { false }, handle: @escaping (Event) -> Void = { _ in }
    ) throws -> TrainingEnd {
        try optimization.checkPrecision()
        let folder = RunFolder(path: output)
        if !resuming { try folder.checkIsNew() }
        // Asked before the work that comes before the training takes the lock for good.
        if try Folder.kind(of: output) == .folder { _ = try FolderLock(path: output) }
        let tokenizers = try makeTokenizers(train)
        let (training, validation) = try encode(train, valid, tokenizers)
        let configuration = try resolvedConfiguration(tokenizers, training, validation)
        try ModelTooLargeError.check(configuration)
        let model = try Transformer(
            configuration,
            builder: ModelBuilder(seed: optimization.seed, initialization: initialization))
        handle(.prepared(describe(train, training, "training")))
        handle(.prepared(describe(valid, validation, "validation")))
        handle(
            .prepared(
                "\(tokenizers.sizes) pieces, \(model.parameterCount) parameters, \(optimization.precision)"
            ))
        let task = task(model, tokenizers, training, validation, judgedBy: valid)
        let events = TensorBoardLog(folder)
        let run = TrainingRun(
            task, optimization.trainingOptions, folder: folder,
            fingerprint: fingerprint(tokenizers, training, validation, model.configuration),
            shouldStop: shouldStop
        ) { event in
            handle(.training(event))
            if let problem = events.record(event) { handle(.training(.notice(problem))) }
        }
        let end = try run(resuming: resuming) {
            guard let recipe else { return }
            try AtomicFile.write(recipe, to: folder.path(TranslationRecipe.fileName))
        }
        if end != .interrupted {
            let final = try Transformer(folder: output)
            handle(.score("\(try bleu(final, tokenizers, valid))"))
        }
        return end
    }

    /// Both texts as ids; throws where no pair of one is left.
    private func encode(
        _ train: ParallelText, _ valid: ParallelText, _ tokenizers: TranslationTokenizers
    ) throws -> (training: EncodedCorpus, validation: EncodedCorpus) {
        let training = try EncodedCorpus(train, tokenizers, maximumLength: maximumLength)
        let validation = try EncodedCorpus(valid, tokenizers, maximumLength: maximumLength)
        guard !training.sources.isEmpty, !validation.sources.isEmpty else {
            throw CorpusError(
                """
                \(training.sources.isEmpty ? "training" : "validation") text: every pair has more \
                than \(maximumLength) tokens on a side, or a target without tokens
                """)
        }
        return (training, validation)
    }

    /// The task, which measures BLEU after the epochs that `bleuInterval` chooses.
    private func task(
        _ model: Transformer, _ tokenizers: TranslationTokenizers, _ training: EncodedCorpus,
        _ validation: EncodedCorpus, judgedBy text: ParallelText
    ) -> TranslationTask {
        let plan = plan(training)
        // The number of updates depends on the lengths alone and is the same in every epoch.
        let epochUpdates = plan.updates(epoch: 1).count
        return TranslationTask(
            model, tokenizers: tokenizers, training: training, validation: validation, plan: plan,
            smoothing: optimization.labelSmoothing,
            score: { epoch, _ in
                guard bleuInterval > 0,
                    epoch * epochUpdates / bleuInterval > (epoch - 1) * epochUpdates / bleuInterval
                else { return [:] }
                return ["valid_bleu": try bleu(model, tokenizers, text).value]
            })
    }

    /// BLEU of the model's translations of the validation text, over its tokens if they are given as such.
    private func bleu(
        _ model: Transformer, _ tokenizers: TranslationTokenizers, _ text: ParallelText
    ) throws -> BLEUScore {
        let translator = SentenceTranslator(model, tokenizers, optimization.precision)
        let hypotheses = try translator.translate(text.sources, TranslationOptions())
        var metric = BLEU()
        if self.tokenizer.style == .pretokenized { metric.tokenization = .none }
        return try metric.score(
            hypotheses: hypotheses.map(\.text), references: [text.targets])
    }

    private func resolvedConfiguration(
        _ tokenizers: TranslationTokenizers, _ training: EncodedCorpus,
        _ validation: EncodedCorpus
    ) throws -> TransformerConfiguration {
        var configuration = configuration
        configuration.trainedLength = training.lengths.max()
        configuration.sourceVocabulary = tokenizers.source.vocabularySize
        configuration.targetVocabulary = tokenizers.target.vocabularySize
        if tokenizers.areSeparate { configuration.sharesEmbeddings = false }
        let special = try tokenizers.specialTokens()
        configuration.endToken = special.end
        configuration.paddingToken = special.padding
        configuration.startToken = special.padding
        configuration.maximumPositions =
            (training.lengths + validation.lengths).reduce(configuration.maximumPositions, max)
        return configuration
    }

    private func plan(_ training: EncodedCorpus) -> BatchPlan {
        let shardTokens = BatchPlan.shardTokens(self.shardTokens, in: optimization.precision)
        guard let batchPairs else {
            return BatchPlan(
                lengths: training.lengths, batchTokens: batchTokens * optimization.accumulation,
                shardTokens: shardTokens, seed: optimization.seed)
        }
        return BatchPlan(
            lengths: training.lengths, batchExamples: batchPairs * optimization.accumulation,
            shardTokens: shardTokens, seed: optimization.seed)
    }

    private func describe(_ text: ParallelText, _ corpus: EncodedCorpus, _ name: String) -> String {
        let tokens = corpus.targets.reduce(0) { $0 + $1.count }
        var words = "\(name): \(corpus.sources.count) pairs, \(tokens) target tokens"
        if text.skippedCount > 0 { words += ", \(text.skippedCount) skipped for an empty side" }
        if corpus.longCount > 0 {
            words += ", \(corpus.longCount) skipped for more than \(maximumLength) tokens"
        }
        if corpus.emptyCount > 0 {
            words += ", \(corpus.emptyCount) skipped for a target without tokens"
        }
        return words
    }

    /// What must be the same for a resumption to end with the same bits: threads and limits may change.
    private func fingerprint(
        _ tokenizers: TranslationTokenizers, _ training: EncodedCorpus,
        _ validation: EncodedCorpus, _ configuration: TransformerConfiguration
    ) -> String {
        let sums =
            (tokenizers.areSeparate ? [tokenizers.source, tokenizers.target] : [tokenizers.source])
            .map { String(CRC32C.checksum(of: $0.serialized()), radix: 16) }
        let settings: [(String, String)] = [
            ("model", JSONWriter(.compact).string(configuration.json)),
            ("tokenizer", sums.joined(separator: " ")),
            ("training data", String(training.checksum, radix: 16)),
            ("validation data", String(validation.checksum, radix: 16)),
            batchPairs.map { ("batch pairs", "\($0 * optimization.accumulation)") }
                ?? ("batch tokens", "\(batchTokens * optimization.accumulation)"),
            ("shard tokens", "\(shardTokens)"),
        ]
        return (settings + optimization.fingerprint).map { "\($0.0): \($0.1)" }.joined(
            separator: "\n")
    }
}
