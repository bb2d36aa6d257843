public import HeedFormats
import HeedGeneration
public import HeedModels
import HeedNN
public import HeedTensor

/// Translations by beam search, each of exactly as many tokens as `targetLength` says.
public struct DecodeTranslationBenchmark: Benchmark {
    /// The workload's name.
    public static let name = "decode-translation"

    /// The sizes of the model.
    public var preset = TransformerPreset.base
    /// Tokens of the vocabulary.
    public var vocabulary = 10_000
    /// Sentences.
    public var sentences = 64
    /// Tokens of each source.
    public var sourceLength = 24
    /// Tokens of each translation, the end mark included.
    public var targetLength = 24
    /// Hypotheses that are followed at a time; 1 is greedy.
    public var beam = 4
    /// The arithmetic.
    public var precision = Precision.fastest

    /// The usual sizes.
    public init() {}

    /// The sizes, by the names of their options.
    public var sizes: JSONObject {
        var sizes = JSONObject()
        sizes.insert(.string(preset.rawValue), forName: "preset")
        sizes.insert(.int(vocabulary), forName: "vocabulary")
        sizes.insert(.int(sentences), forName: "sentences")
        sizes.insert(.int(sourceLength), forName: "source_length")
        sizes.insert(.int(targetLength), forName: "target_length")
        sizes.insert(.int(beam), forName: "beam")
        return sizes
    }

    /// Makes weights and data.
    public func prepare() throws -> PreparedBenchmark {
        let configuration = preset.configuration(vocabulary: vocabulary)
        let model = try Transformer(configuration, builder: ModelBuilder(seed: 1))
        var random = RandomSentences(configuration)
        let sources = (0..<sentences).map { _ in random.next(length: sourceLength) }
        var options = TranslationOptions()
        options.beam = beam
        options.minimumLength = targetLength
        options.maximumLength = targetLength
        let (precision, targetLength) = (precision, targetLength)
        return PreparedBenchmark(
            items: "sentences", itemCount: sentences,
            operations: TransformerOperations(configuration).decoding(
                sentences: sentences, source: sourceLength, target: targetLength, beam: beam)
        ) { [options, configuration] profiler in
            let context = Context(precision: precision, profiler: profiler)
            let found = try model.search(
                sources, options, forbidding: [Int32(configuration.paddingToken)], context)
            for hypothesis in found.joined() {
                let length = hypothesis.logProbabilities.count
                guard length == targetLength else {
                    throw BenchmarkError(
                        description: "a translation has \(length) tokens, not \(targetLength)")
                }
            }
        }
    }
}
