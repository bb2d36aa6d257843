import ArgumentParser
import HeedTasks
import HeedTensor

extension BenchCommand {
    /// `heed bench generate`.
    struct Generate: ParsableCommand {
        private static let defaults = GenerateBenchmark()

        static let configuration = CommandConfiguration(
            commandName: GenerateBenchmark.name,
            abstract: "Texts that a Llama continues: a prompt is read, tokens follow one by one.",
            discussion: """
                Beside the time of all, it tells prefill_tokens_per_s, decode_tokens_per_s and \
                first_token_s. Weights are bfloat16, and are read where a model's file would be mapped; with \
                --precision float32 they are float32.
                """
        )

        @Option(parsing: .unconditional, help: "Layers.")
        var layers = defaults.layers
        @Option(parsing: .unconditional, help: "The width.")
        var width = defaults.width
        @Option(parsing: .unconditional, help: "Heads.")
        var heads = defaults.heads
        @Option(
            parsing: .unconditional, help: "Heads of keys and values. (default: as many as heads)")
        var kvHeads: Int?
        @Option(parsing: .unconditional, help: "Inner units of the feed-forward networks.")
        var feedForward = defaults.feedForward
        @Option(parsing: .unconditional, help: "Tokens of the vocabulary.")
        var vocabulary = defaults.vocabulary
        @Option(parsing: .unconditional, help: "Tokens of each prompt.")
        var promptLength = defaults.promptLength
        @Option(parsing: .unconditional, help: "Tokens that follow each prompt.")
        var tokens = defaults.tokens
        @Option(parsing: .unconditional, help: "Texts at a time.")
        var batch = defaults.batch
        @OptionGroup var options: BenchmarkOptions

        func validate() throws {
            try BenchmarkOptions.check([
                ("layers", layers), ("width", width), ("heads", heads),
                ("kv-heads", kvHeads ?? heads), ("feed-forward", feedForward),
                ("vocabulary", vocabulary), ("prompt-length", promptLength), ("tokens", tokens),
                ("batch", batch),
            ])
            try checkOption("layers", layers, in: 1...1024)
            try checkOption("width", width, in: 1...(1 << 16))
            try checkOption("feed-forward", feedForward, in: 1...(1 << 18))
            try checkOption("heads", heads, in: 1...4096)
        }

        func run() throws {
            var benchmark = Self.defaults
            benchmark.layers = layers
            benchmark.width = width
            benchmark.heads = heads
            benchmark.keyValueHeads = kvHeads
            benchmark.feedForward = feedForward
            benchmark.vocabulary = vocabulary
            benchmark.promptLength = promptLength
            benchmark.tokens = tokens
            benchmark.batch = batch
            benchmark.precision = options.precision ?? .bfloat16
            try options.run(benchmark)
        }
    }

    /// `heed bench train-language-model`.
    struct TrainLanguageModel: ParsableCommand {
        private static let defaults = TrainLanguageModelBenchmark()

        static let configuration = CommandConfiguration(
            commandName: TrainLanguageModelBenchmark.name,
            abstract: "Updates of a GPT-2: forward, backward, AdamW."
        )

        @Option(parsing: .unconditional, help: "Layers.")
        var layers = defaults.layers
        @Option(parsing: .unconditional, help: "The width.")
        var width = defaults.width
        @Option(parsing: .unconditional, help: "Heads.")
        var heads = defaults.heads
        @Option(parsing: .unconditional, help: "Tokens of the vocabulary.")
        var vocabulary = defaults.vocabulary
        @Option(parsing: .unconditional, help: "Tokens of each block.")
        var length = defaults.length
        @Option(parsing: .unconditional, help: "Blocks of an update.")
        var batch = defaults.batch
        @OptionGroup var options: BenchmarkOptions

        func validate() throws {
            try BenchmarkOptions.check([
                ("layers", layers), ("width", width), ("heads", heads), ("length", length),
                ("vocabulary", vocabulary), ("batch", batch),
            ])
            try checkOption("layers", layers, in: 1...1024)
            try checkOption("width", width, in: 1...(1 << 16))
            try PrecisionOption.checkHasGradients(options.precision)
        }

        func run() throws {
            var benchmark = Self.defaults
            benchmark.layers = layers
            benchmark.width = width
            benchmark.heads = heads
            benchmark.vocabulary = vocabulary
            benchmark.length = length
            benchmark.batch = batch
            benchmark.precision = options.precision ?? .fastest
            try options.run(benchmark)
        }
    }
}
