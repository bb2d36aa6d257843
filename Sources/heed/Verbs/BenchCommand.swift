import ArgumentParser
import HeedModels
import HeedTasks
import HeedTensor

/// `heed bench`: how fast Heed is on this machine.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure how fast Heed trains, translates and attends on this machine.",
        discussion: """
            Weights and tokens are random. Shown are the median time of a run, and the matrix \
            products that it contains as a share of what 'heed doctor' measures of one large product. \
            --profile says where the time goes, by operator. To measure other programs beside Heed, \
            see Benchmarks/README.md.

            EXAMPLES
              heed bench train-translation --preset tiny --profile
              heed bench decode-translation --beam 1 --json
              heed bench generate --layers 22 --width 2048 --heads 32 --kv-heads 4 --feed-forward 5632
              heed bench attention --length 4096 --causal --backward
              heed bench matmul --precision int8 --threads 1
              heed bench tokenize --file tokenizer.json --threads 1
            """,
        subcommands: [
            TrainTranslation.self, DecodeTranslation.self, Generate.self,
            TrainLanguageModel.self, Attention.self, MatrixProduct.self, Tokenize.self,
        ]
    )
}

extension BenchCommand {
    /// `heed bench train-translation`.
    struct TrainTranslation: ParsableCommand {
        private static let defaults = TrainTranslationBenchmark()

        static let configuration = CommandConfiguration(
            commandName: TrainTranslationBenchmark.name,
            abstract: "Updates of a Transformer: forward, backward, Adam.",
            discussion: """
                A file of --lengths has a line 'SOURCE TARGET' with the tokens of each pair, and an \
                empty line between batches; a run is then an update for each batch.
                """
        )

        @Option(help: "The sizes of the model.")
        var preset = defaults.preset
        @Option(parsing: .unconditional, help: "Tokens of the vocabulary.")
        var vocabulary = defaults.vocabulary
        @Option(parsing: .unconditional, help: "Pairs of an update.")
        var pairs = defaults.pairs
        @Option(parsing: .unconditional, help: "Tokens of each source.")
        var sourceLength = defaults.sourceLength
        @Option(parsing: .unconditional, help: "Tokens of each target.")
        var targetLength = defaults.targetLength
        @Option(help: "A file of lengths, instead of --pairs of equal lengths.")
        var lengths: String?
        @Option(
            parsing: .unconditional,
            help: "Dropout of embeddings, attention weights, inner units and sublayers' outputs.")
        var dropout = defaults.dropout
        @OptionGroup var options: BenchmarkOptions

        func validate() throws {
            try BenchmarkOptions.check([
                ("vocabulary", vocabulary), ("pairs", pairs), ("source-length", sourceLength),
                ("target-length", targetLength),
            ])
            try checkOption("vocabulary", vocabulary, in: 8...(1 << 24))
            try PrecisionOption.checkHasGradients(options.precision)
        }

        func run() throws {
            var benchmark = Self.defaults
            benchmark.preset = preset
            benchmark.vocabulary = vocabulary
            benchmark.pairs = pairs
            benchmark.sourceLength = sourceLength
            benchmark.targetLength = targetLength
            benchmark.batches = try lengths.map { try PairLength.batches(path: $0) }
            benchmark.dropout = dropout
            benchmark.precision = options.precision ?? .fastest
            try options.run(benchmark)
        }
    }

    /// `heed bench decode-translation`.
    struct DecodeTranslation: ParsableCommand {
        private static let defaults = DecodeTranslationBenchmark()

        static let configuration = CommandConfiguration(
            commandName: DecodeTranslationBenchmark.name,
            abstract: "Translations by beam search, each of exactly --target-length tokens."
        )

        @Option(help: "The sizes of the model.")
        var preset = defaults.preset
        @Option(parsing: .unconditional, help: "Tokens of the vocabulary.")
        var vocabulary = defaults.vocabulary
        @Option(parsing: .unconditional, help: "Sentences.")
        var sentences = defaults.sentences
        @Option(parsing: .unconditional, help: "Tokens of each source.")
        var sourceLength = defaults.sourceLength
        @Option(parsing: .unconditional, help: "Tokens of each translation, the end mark included.")
        var targetLength = defaults.targetLength
        @Option(
            parsing: .unconditional, help: "Hypotheses that are followed at a time; 1 is greedy.")
        var beam = defaults.beam
        @OptionGroup var options: BenchmarkOptions

        func validate() throws {
            try BenchmarkOptions.check([
                ("sentences", sentences), ("source-length", sourceLength),
                ("target-length", targetLength),
            ])
            try checkOption("vocabulary", vocabulary, in: 8...(1 << 24))
            try checkOption("beam", beam, in: 1...4096)
        }

        func run() throws {
            var benchmark = Self.defaults
            benchmark.preset = preset
            benchmark.vocabulary = vocabulary
            benchmark.sentences = sentences
            benchmark.sourceLength = sourceLength
            benchmark.targetLength = targetLength
            benchmark.beam = beam
            benchmark.precision = options.precision ?? .fastest
            try options.run(benchmark)
        }
    }

    /// `heed bench attention`.
    struct Attention: ParsableCommand {
        private static let defaults = AttentionBenchmark()

        static let configuration = CommandConfiguration(
            commandName: AttentionBenchmark.name,
            abstract: "Self-attention of sequences of one length, without its projections.")

        @Option(parsing: .unconditional, help: "Sequences.")
        var batch = defaults.batch
        @Option(parsing: .unconditional, help: "Heads.")
        var heads = defaults.heads
        @Option(parsing: .unconditional, help: "The width of each head.")
        var headSize = defaults.headSize
        @Option(parsing: .unconditional, help: "Tokens of each sequence.")
        var length = defaults.length
        @Flag(help: "Hide later tokens.")
        var causal = false
        @Flag(help: "Compute gradients, too.")
        var backward = false
        @OptionGroup var options: BenchmarkOptions

        func validate() throws {
            try BenchmarkOptions.check([
                ("batch", batch), ("heads", heads), ("head-size", headSize), ("length", length),
            ])
            // Attention has no weights to quantise.
            try PrecisionOption.checkHasGradients(options.precision)
        }

        func run() throws {
            var benchmark = Self.defaults
            benchmark.batch = batch
            benchmark.heads = heads
            benchmark.headSize = headSize
            benchmark.length = length
            benchmark.isCausal = causal
            benchmark.computesGradients = backward
            benchmark.precision = options.precision ?? .fastest
            try options.run(benchmark)
        }
    }

    /// `heed bench matmul`.
    struct MatrixProduct: ParsableCommand {
        private static let defaults = MatrixProductBenchmark()

        static let configuration = CommandConfiguration(
            commandName: MatrixProductBenchmark.name,
            abstract:
                "A matrix product [m, k] · [k, n] with packed weights: the machine's own limit.")

        @Option(parsing: .unconditional, help: "Rows of the product.")
        var m = defaults.m
        @Option(parsing: .unconditional, help: "Columns of the product.")
        var n = defaults.n
        @Option(parsing: .unconditional, help: "The length of the sums.")
        var k = defaults.k
        @OptionGroup var options: BenchmarkOptions

        func validate() throws {
            try BenchmarkOptions.check([("m", m), ("n", n), ("k", k)])
        }

        func run() throws {
            var benchmark = Self.defaults
            benchmark.m = m
            benchmark.n = n
            benchmark.k = k
            benchmark.precision = options.precision ?? .fastest
            try options.run(benchmark)
        }
    }
}
