public import HeedFormats
import HeedGeneration
import HeedModels
import HeedNN
public import HeedTensor

/// Texts that a Llama continues greedily: a prompt is read, and tokens follow one by one.
public struct GenerateBenchmark: Benchmark {
    /// The workload's name.
    public static let name = "generate"

    /// Layers.
    public var layers = 12
    /// The width D.
    public var width = 768
    /// Heads.
    public var heads = 12
    /// Key-value heads; as many as heads when nil.
    public var keyValueHeads: Int?
    /// Inner units of the feed-forward networks.
    public var feedForward = 2048
    /// Tokens of the vocabulary.
    public var vocabulary = 32_000
    /// Tokens of each prompt.
    public var promptLength = 512
    /// Tokens that follow each prompt.
    public var tokens = 64
    /// Texts at a time.
    public var batch = 1
    /// The arithmetic; weights are bfloat16 unless it is float32.
    public var precision = Precision.bfloat16

    /// The usual sizes.
    public init() {}

    /// The sizes, by the names of their options.
    public var sizes: JSONObject {
        var sizes = JSONObject()
        for (name, value) in [
            ("layers", layers), ("width", width), ("heads", heads),
            ("kv_heads", keyValueHeads ?? heads), ("feed_forward", feedForward),
            ("vocabulary", vocabulary), ("prompt_length", promptLength), ("tokens", tokens),
            ("batch", batch),
        ] {
            sizes.insert(.int(value), forName: name)
        }
        return sizes
    }

    /// Makes weights and prompts.
    public func prepare() throws -> PreparedBenchmark {
        guard width % heads == 0, heads % (keyValueHeads ?? heads) == 0 else {
            throw BenchmarkError(
                description: "\(heads) heads must divide the width, and key-value heads these")
        }
        var configuration = LanguageModelConfiguration.llama(
            vocabulary: vocabulary, width: width, layers: layers, heads: heads,
            keyValueHeads: keyValueHeads, inner: feedForward,
            positions: promptLength + tokens)
        configuration.tiesOutput = false
        let model = try LanguageModel(
            configuration, builder: ModelBuilder(forWeightsFromFiles: ()))
        let type: ElementType = precision == .float32 ? .float32 : .bfloat16
        for parameter in model.parameters { parameter.fillForMeasuring(type) }
        let prompts = (0..<batch).map { text in
            (0..<promptLength).map { Int32(($0 * 7919 + text * 104_729) % vocabulary) }
        }
        let clocks = GenerationClocks()
        let (precision, tokens, batch) = (precision, tokens, batch)
        let capacity = promptLength + tokens
        let perToken = 2 * Double(model.parameterCount - vocabulary * width)
        var prepared = PreparedBenchmark(
            items: "tokens", itemCount: batch * (promptLength + tokens),
            operations: perToken * Double(batch * (promptLength + tokens))
        ) { profiler in
            let context = Context(precision: precision, profiler: profiler)
            let decoder = LanguageModelDecoder(
                model, slots: batch, capacity: capacity, context)
            let slots = Array(0..<batch)
            let clock = ContinuousClock()
            let start = clock.now
            var next = Self.largest(decoder.append(prompts, slots: slots))
            let first = clock.now
            for _ in 1..<max(tokens, 2) {
                next = Self.largest(decoder.advance(next, slots: slots))
            }
            clocks.add(prefill: (first - start).seconds, decoding: (clock.now - first).seconds)
        }
        let promptTokens = Double(batch * promptLength)
        let decoded = Double(batch * (max(tokens, 2) - 1))
        prepared.figures = {
            let (prefill, decoding) = clocks.medians
            return [
                ("prefill_tokens_per_s", promptTokens / prefill),
                ("decode_tokens_per_s", decoded / decoding), ("first_token_s", prefill),
            ]
        }
        return prepared
    }

    /// The largest logit of each row.
    private static func largest(_ logits: Tensor) -> [Int32] {
        let (values, columns) = (logits.floats, logits.shape[1])
        return (0..<logits.shape[0]).map { row in
            var best = row * columns
            for index in row * columns..<(row + 1) * columns where values[index] > values[best] {
                best = index
            }
            return Int32(best - row * columns)
        }
    }
}

/// How long prompts and tokens took, run by run.
private final class GenerationClocks {
    private var prefill: [Double] = []
    private var decoding: [Double] = []

    func add(prefill: Double, decoding: Double) {
        self.prefill.append(prefill)
        self.decoding.append(decoding)
    }

    var medians: (prefill: Double, decoding: Double) {
        (prefill.sorted()[prefill.count / 2], decoding.sorted()[decoding.count / 2])
    }
}
