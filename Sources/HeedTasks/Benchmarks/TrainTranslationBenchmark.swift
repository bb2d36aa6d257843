public import HeedFormats
public import HeedModels
import HeedNN
public import HeedTensor
import HeedTraining

/// Updates of a Transformer: forward, backward, the gradients' norm, Adam; label smoothing is 0.1.
///
/// Dropout acts on embeddings, attention weights, inner activations and sublayers' outputs.
public struct TrainTranslationBenchmark: Benchmark {
    /// The workload's name.
    public static let name = "train-translation"

    /// The sizes of the model.
    public var preset = TransformerPreset.tiny
    /// Tokens of the vocabulary.
    public var vocabulary = 10_000
    /// Pairs of an update.
    public var pairs = 128
    /// Tokens of each source.
    public var sourceLength = 32
    /// Tokens of each target.
    public var targetLength = 32
    /// Lengths of real pairs, batch by batch; a run is then an update for each batch. nil makes one batch of equal lengths.
    public var batches: [[PairLength]]?
    /// Dropout at all four places.
    public var dropout = 0.1
    /// The arithmetic.
    public var precision = Precision.fastest

    /// The usual sizes.
    public init() {}

    /// The sizes, by the names of their options.
    public var sizes: JSONObject {
        var sizes: JSONObject = JSONObject()
        sizes.insert(.string(preset.rawValue), forName: "preset")
        sizes.insert(.int(vocabulary), forName: "vocabulary")
        sizes.insert(.int(allBatches.reduce(0) { $0 + $1.count }), forName: "pairs")
        if batches == nil {
            sizes.insert(.int(sourceLength), forName: "source_length")
            sizes.insert(.int(targetLength), forName: "target_length")
        } else {
            let lengths = allBatches.joined()
            sizes.insert(.int(allBatches.count), forName: "batches")
            sizes.insert(.int(lengths.reduce(0) { $0 + $1.source }), forName: "source_tokens")
            sizes.insert(.int(lengths.reduce(0) { $0 + $1.target }), forName: "target_tokens")
        }
        sizes.insert(.double(dropout), forName: "dropout")
        return sizes
    }

    private var allBatches: [[PairLength]] {
        let length = PairLength(source: sourceLength, target: targetLength)
        return batches ?? [Array(repeating: length, count: pairs)]
    }

    /// Makes weights and data.
    public func prepare() throws -> PreparedBenchmark {
        var configuration = preset.configuration(vocabulary: vocabulary)
        configuration.dropout = dropout
        configuration.attentionDropout = dropout
        configuration.activationDropout = dropout
        let model = try Transformer(configuration, builder: ModelBuilder(seed: 1))
        let batches = allBatches
        let task = RandomPairsTask(model, batches, precision)
        let options = TrainingOptions(
            schedule: .constant(1e-4), maximumUpdates: .max, maximumEpochs: .max,
            precision: precision, seed: 1)
        let trainer = Trainer(task, options)
        let updates = task.updates(epoch: 1)
        let operations = TransformerOperations(configuration)
        return PreparedBenchmark(
            items: "pairs", itemCount: batches.reduce(0) { $0 + $1.count },
            operations: batches.reduce(0) { $0 + operations.training($1) }
        ) { profiler in
            trainer.profiler = profiler
            for update in updates { _ = try trainer.update(update) }
        }
    }
}

/// Random pairs to learn, cut into shards as in training.
private final class RandomPairsTask: TrainingTask {
    static let smoothing = 0.1

    private let transformer: Transformer
    private var sources: [[Int32]] = []
    private var targets: [[Int32]] = []
    private var batches: [[[Int]]] = []
    let validationShards: [[Int]] = []

    init(_ transformer: Transformer, _ batches: [[PairLength]], _ precision: Precision) {
        self.transformer = transformer
        let shardTokens = BatchPlan.shardTokens(
            BatchPlan.defaultShardTokens, in: precision)
        var sentences = RandomSentences(transformer.configuration)
        for batch in batches {
            let first = sources.count
            for pair in batch {
                sources.append(sentences.next(length: pair.source))
                targets.append(sentences.next(length: pair.target))
            }
            let lengths = zip(sources, targets).map { max($0.count, $1.count) }
            self.batches.append(
                BatchPlan.shards(
                    of: (first..<sources.count).sorted { lengths[$0] < lengths[$1] },
                    lengths: lengths, tokens: shardTokens))
        }
    }

    var model: any Module { transformer }

    func updates(epoch: Int) -> [[[Int]]] { batches }

    func tokenCount(of shard: [Int]) -> Int { shard.reduce(0) { $0 + targets[$1].count } }

    func validationTokenCount(of shard: [Int]) -> Int { tokenCount(of: shard) }

    func run(shard: [Int], firstSequence: Int, scale: Double, _ context: Context) -> ShardResult {
        transformer.loss(
            sources: shard.map { sources[$0] }, targets: shard.map { targets[$0] },
            firstSequence: firstSequence, smoothing: Self.smoothing, scale: scale, context)
    }

    func validate(shard: [Int], scale: Double, _ context: Context) -> ShardResult {
        run(shard: shard, firstSequence: 0, scale: scale, context)
    }

    func scores(epoch: Int, _ context: Context) -> [String: Double] { [:] }

    func write(toFolder folder: String, values: ((Parameter) -> Tensor)?) throws {
        try transformer.write(toFolder: folder, values: values)
    }
}
