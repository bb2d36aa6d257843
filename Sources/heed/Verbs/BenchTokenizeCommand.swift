import ArgumentParser
import HeedTasks

extension BenchCommand {
    /// `heed bench tokenize`.
    struct Tokenize: ParsableCommand {
        private static let defaults = TokenizeBenchmark()

        static let configuration = CommandConfiguration(
            commandName: TokenizeBenchmark.name,
            abstract: "A text that is cut into tokens, line by line or as a whole.",
            discussion: """
                Beside the time it tells load_s, how long the file of the tokenizer took to be read, and \
                bytes_per_token. Only lines can be shared among threads.

                EXAMPLES
                  heed bench tokenize --file tokenizer.json --input text.txt --threads 1
                  heed bench tokenize --whole --offsets --json
                """
        )

        @Option(help: "A file or folder of a tokenizer. (default: the one that comes with Heed)")
        var file: String?
        @Option(help: "A text file. (default: made-up words)")
        var input: String?
        @Option(parsing: .unconditional, help: "Lines of made-up words.")
        var lines = defaults.lines
        @Flag(help: "Encode the text as one, line breaks included.")
        var whole = false
        @Flag(help: "Compute offsets, too.")
        var offsets = false
        @OptionGroup var options: BenchmarkOptions

        func validate() throws {
            try checkOption("lines", lines, in: 1...10_000_000)
            if options.precision != nil || options.profile {
                throw ValidationError("--precision and --profile do not go with tokenize")
            }
        }

        func run() throws {
            var benchmark = Self.defaults
            benchmark.file = file
            benchmark.input = input
            benchmark.lines = lines
            benchmark.isWhole = whole
            benchmark.hasOffsets = offsets
            try options.run(benchmark)
        }
    }
}
