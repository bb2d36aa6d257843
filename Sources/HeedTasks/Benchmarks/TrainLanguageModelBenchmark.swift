public import HeedFormats
import HeedModels
import HeedNN
public import HeedTensor
import HeedTraining

/// Updates of a GPT-2: forward, backward, the gradients' norm, AdamW; no dropout.
public struct TrainLanguageModelBenchmark: Benchmark {
    /// The workload's name.
    public static let name = "train-language-model"

    /// Layers.
    public var layers = 12
    /// The width D.
    public var width = 768
    /// Heads.
    public var heads = 12
    /// Tokens of the vocabulary.
    public var vocabulary = 50_257
    /// Tokens of each block.
    public var length = 256
    /// Blocks of an update.
    public var batch = 4
    /// The arithmetic.
    public var precision = Precision.fastest

    /// The usual sizes.
    public init() {}

    /// The sizes, by the names of their options.
    public var sizes: JSONObject {
        var sizes = JSONObject()
        for (name, value) in [
            ("layers", layers), ("width", width), ("heads", heads), ("vocabulary", vocabulary),
            ("length", length), ("batch", batch),
        ] {
            sizes.insert(.int(value), forName: name)
        }
        return sizes
    }

    /// Makes weights and data.
    public func prepare() throws -> PreparedBenchmark {
        guard width % heads == 0 else {
            throw BenchmarkError(description: "\(heads) heads must divide the width, \(width)")
        }
        let configuration = LanguageModelConfiguration.gpt2(
            vocabulary: vocabulary, width: width, layers: layers, heads: heads,
            positions: length)
        let model = try LanguageModel(
            configuration,
            builder: ModelBuilder(seed: 1, initialization: .gpt2, depth: layers))
        let task = RandomTextTask(model, length: length, batch: batch, precision)
        var options = TrainingOptions(
            schedule: .constant(1e-4), maximumUpdates: .max, maximumEpochs: .max,
            precision: precision, seed: 1)
        options.clipNorm = 1
        options.adam.isDecoupled = true
        options.adam.weightDecay = 0.1
        options.adam.decaysVectors = false
        let trainer = Trainer(task, options)
        let update = task.updates(epoch: 1)[0]
        let tokens = Double(batch * length)
        let products = 2 * tokens * Double(model.parameterCount - length * width)
        let attention =
            TransformerOperations.attention(
                pairs: TransformerOperations.causalPairs(length) * Double(batch),
                width: Double(width)) * Double(layers)
        return PreparedBenchmark(
            items: "tokens", itemCount: batch * length,
            operations: products * TransformerOperations.trainingFactor + attention
                * TransformerOperations.attentionTrainingFactor
        ) { profiler in
            trainer.profiler = profiler
            _ = try trainer.update(update)
        }
    }
}

/// Random blocks to learn, cut into shards as in training.
private final class RandomTextTask: TrainingTask {
    private let languageModel: LanguageModel
    private let length: Int
    private let text: [Int32]
    private let shards: [[Int]]
    let validationShards: [[Int]] = []

    init(_ languageModel: LanguageModel, length: Int, batch: Int, _ precision: Precision) {
        self.languageModel = languageModel
        self.length = length
        let vocabulary = languageModel.configuration.vocabulary
        text = (0...batch * length).map {
            let rest = $0 % 104_729
            return Int32(($0 * 7919 + rest * rest % 104_729) % vocabulary)
        }
        shards = WindowPlan.covering(
            tokenCount: text.count, length: length,
            shardTokens: languageModel.configuration.shardTokens(
                atMost: BatchPlan.defaultShardTokens, in: precision,
                parameterCount: languageModel.parameterCount))
    }

    var model: any Module { languageModel }

    func updates(epoch: Int) -> [[[Int]]] { [shards] }

    func tokenCount(of shard: [Int]) -> Int { shard.count * length }

    func validationTokenCount(of shard: [Int]) -> Int { tokenCount(of: shard) }

    func run(shard: [Int], firstSequence: Int, scale: Double, _ context: Context) -> ShardResult {
        languageModel.loss(
            inputs: shard.map { Array(text[$0..<$0 + length]) },
            targets: shard.flatMap { text[$0 + 1..<$0 + length + 1] },
            firstSequence: firstSequence, smoothing: 0, scale: scale, context)
    }

    func validate(shard: [Int], scale: Double, _ context: Context) -> ShardResult {
        run(shard: shard, firstSequence: 0, scale: scale, context)
    }

    func scores(epoch: Int, _ context: Context) -> [String: Double] { [:] }

    func write(toFolder folder: String, values: ((Parameter) -> Tensor)?) throws {
        try languageModel.write(toFolder: folder, values: values)
    }
}
