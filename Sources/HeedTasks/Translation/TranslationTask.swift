import HeedModels
import HeedNN
import HeedTensor
import HeedTraining

/// The task of learning to translate, as the trainer sees it.
final class TranslationTask: TrainingTask {
    let transformer: Transformer
    private let tokenizers: TranslationTokenizers
    private let training: EncodedCorpus
    private let validation: EncodedCorpus
    private let plan: BatchPlan
    private let smoothing: Double
    private let score: (Int, Context) throws -> [String: Double]
    let validationShards: [[Int]]

    init(
        _ transformer: Transformer, tokenizers: TranslationTokenizers, training: EncodedCorpus,
        validation: EncodedCorpus, plan: BatchPlan, smoothing: Double,
        score: @escaping (Int, Context) throws -> [String: Double] = { _, _ in [:] }
    ) {
        self.transformer = transformer
        self.tokenizers = tokenizers
        self.training = training
        self.validation = validation
        self.plan = plan
        self.smoothing = smoothing
        self.score = score
        let lengths = validation.lengths
        validationShards = BatchPlan.shards(
            of: lengths.indices.sorted { (lengths[$0], $0) < (lengths[$1], $1) },
            lengths: lengths, tokens: BatchPlan.defaultShardTokens)
    }

    var model: any Module { transformer }

    func updates(epoch: Int) -> [[[Int]]] { plan.updates(epoch: epoch) }

    func tokenCount(of shard: [Int]) -> Int {
        shard.reduce(0) { $0 + training.targets[$1].count }
    }

    func validationTokenCount(of shard: [Int]) -> Int {
        shard.reduce(0) { $0 + validation.targets[$1].count }
    }

    func run(shard: [Int], firstSequence: Int, scale: Double, _ context: Context) -> ShardResult {
        run(training, shard, firstSequence, scale, context)
    }

    func validate(shard: [Int], scale: Double, _ context: Context) -> ShardResult {
        run(validation, shard, 0, scale, context)
    }

    private func run(
        _ corpus: EncodedCorpus, _ shard: [Int], _ firstSequence: Int, _ scale: Double,
        _ context: Context
    ) -> ShardResult {
        transformer.loss(
            sources: shard.map { corpus.sources[$0] }, targets: shard.map { corpus.targets[$0] },
            firstSequence: firstSequence, smoothing: smoothing, scale: scale, context)
    }

    func scores(epoch: Int, _ context: Context) throws -> [String: Double] {
        try score(epoch, context)
    }

    func write(toFolder folder: String, values: ((Parameter) -> Tensor)?) throws {
        try transformer.write(toFolder: folder, values: values)
        try tokenizers.write(
            to: folder, maximumLength: transformer.configuration.maximumPositions)
    }
}

extension Transformer {
    /// Runs the model over pairs of ids, each side ending with the end mark; `firstSequence` is the number in the global
    /// batch of the first pair, `scale` multiplies the sum of the tokens' losses.
    func loss(
        sources: [[Int32]], targets: [[Int32]], firstSequence: Int, smoothing: Double,
        scale: Double, _ context: Context
    ) -> ShardResult {
        var context = context
        context.startsBackwardAtLoss = true
        let ids = sources.indices.map { UInt32(firstSequence + $0) }
        let packed = PackedIDs(sources, sequenceIDs: ids)
        let start = Int32(configuration.startToken)
        // The decoder reads the target shifted by one: the start token, then all tokens but the end mark.
        let inputs = PackedIDs(targets.map { [start] + $0.dropLast() }, sequenceIDs: ids)
        let states = self(
            source: packed.ids, sourcePacking: packed.packing, target: inputs.ids,
            targetPacking: inputs.packing, context)
        let loss = loss(
            states, targets: Tensor(targets.flatMap { $0 }), smoothing: smoothing, scale: scale,
            context)
        return ShardResult(loss: loss.loss, negativeLogLikelihood: loss.negativeLogLikelihood)
    }
}

/// Sentences of ids, packed one after another.
struct PackedIDs {
    let ids: Tensor
    let packing: SequencePacking

    init(_ sentences: [[Int32]], sequenceIDs: [UInt32]? = nil) {
        ids = Tensor(sentences.flatMap { $0 })
        packing = SequencePacking(
            lengths: sentences.map(\.count), sequenceIDs: sequenceIDs)
    }
}
