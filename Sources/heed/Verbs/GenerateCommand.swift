import ArgumentParser
import HeedFormats
import HeedGeneration
import HeedTasks
import HeedTensor

/// `heed generate`: text in, what a model goes on with out.
struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Continue text.",
        discussion: """
            Continues --prompt, and prints the text as it comes; or continues each line of --input, or \
            of standard input, on a line of its own, where an empty line gives an empty line. Printed is \
            what follows the prompt. Without --model the small model of English novels that comes with \
            Heed is used; \(DefaultModel.variable) may name another folder.

            Tokens are chosen greedily unless one of --temperature, --top-k, --top-p, --min-p and \
            --seed is given. In this order: --logit-bias is added; --repetition-penalty acts on tokens \
            that occurred before; logits are divided by --temperature; --top-k, --top-p and --min-p \
            leave out what is too unlikely; one of the rest is drawn. The same seed gives the same \
            text, whatever the number of threads and whatever other prompts there are.

            EXAMPLES
              heed generate --prompt 'It was a dark night,' --temperature 0.8 --seed 1
              heed generate --model smollm --prompt 'Once upon a time' --max-length 200
              heed generate --model smollm --input prompts.txt --json > continued.jsonl
            """
    )

    @OptionGroup var model: ModelOptions

    @Option(help: "The text to continue; an empty one begins a text.")
    var prompt: String?

    @Option(help: "A file with a prompt on each line. (default: -, standard input)")
    var input: String?

    @Option(help: "The file to write; it appears when it is whole. (default: standard output)")
    var output: String?

    @Option(help: "Tokens that are added at most.")
    var maxLength = TextGenerationOptions().maximumLength

    @OptionGroup(title: "Choice of tokens")
    var choice: SamplingSettings

    @Option(help: "Continuations that are followed at a time, to find the most probable one.")
    var beam = 1

    @Option(
        parsing: .unconditional,
        help: "The power of the length by which a beam's scores are divided.")
    var lengthPenalty = 1.0

    @Option(help: "A text at which to end, which is not printed; may be repeated.")
    var stop: [String] = []

    @Option(help: "With --json: how probable each token was, and so many others beside it.")
    var logProbabilities: Int?

    @Option(help: "Prompts that are continued together.")
    var batch = TextGenerationOptions().batch

    @Flag(help: "Print an object a line: prompt, text, tokens and why nothing follows.")
    var json = false

    func validate() throws {
        try checkOption("max-length", maxLength, in: 1...1_000_000)
        try checkOption("beam", beam, in: 1...1024)
        try checkOption("batch", batch, in: 1...4096)
        if let logProbabilities {
            try checkOption("log-probabilities", logProbabilities, in: 0...1000)
            guard json else { throw ValidationError("--log-probabilities: needs --json") }
        }
        guard prompt == nil || input == nil else {
            throw ValidationError("give --prompt or --input, not both")
        }
        guard lengthPenalty.magnitude <= 10 else {
            throw ValidationError("--length-penalty \(lengthPenalty): must be from -10 to 10")
        }
        guard !stop.contains("") else { throw ValidationError("--stop: must not be empty") }
    }

    func run() throws {
        model.applyThreads()
        let options = try options()
        var chunks = try prompt == nil ? LineChunks(texts: [], input: input) : nil
        let continuer = try model.continuer()
        let file = try output.map { path in try creatingOutput { try AtomicFile(path: path) } }
        let write = { (text: String) in
            if let file { try file.write(text) } else { try StandardStreams.write(text) }
        }
        if let prompt {
            let streams = !json && options.beam == 1
            let found = try continuer.generate(
                [prompt], options,
                onText: { _, text in
                    if streams { try write(text) }
                })
            try write(json ? format(found[0]) + "\n" : streams ? "\n" : found[0].text + "\n")
        }
        while let lines = try chunks?.next() {
            let found = try continuer.generate(lines, options, skipping: \.isEmpty)
            for generation in found { try write(format(generation) + "\n") }
        }
        if let file { try creatingOutput { try file.commit() } }
    }

    private func options() throws -> TextGenerationOptions {
        var options = TextGenerationOptions(
            sampling: try choice.options(), maximumLength: maxLength, stops: stop)
        options.beam = beam
        options.lengthPenalty = lengthPenalty
        options.logProbabilities = logProbabilities
        options.batch = batch
        return options
    }

    private func format(_ generation: TextGeneration) -> String {
        guard json else { return oneLine(generation.text) }
        var object: JSONObject = [
            "prompt": .string(generation.prompt), "text": .string(generation.text),
            "tokens": .array(generation.tokens.map { .int(Int($0.token)) }),
            "ending": .string(generation.ending.rawValue),
        ]
        if let score = generation.score { object.insert(.double(score), forName: "score") }
        if logProbabilities != nil {
            object.insert(
                .array(generation.tokens.map(probabilities)), forName: "log_probabilities")
        }
        return JSONWriter(.spaced).string(.object(object))
    }

    private func probabilities(_ token: GeneratedToken) -> JSONValue {
        [
            "token": .int(Int(token.token)),
            "log_probability": number(token.logProbability),
            "top": .array(
                token.alternatives.map {
                    [
                        "token": .int(Int($0.token)),
                        "log_probability": number($0.logProbability),
                    ]
                }),
        ]
    }

    /// JSON has no infinity.
    private func number(_ value: Float?) -> JSONValue {
        value.flatMap { $0.isFinite ? .double(Double($0)) : nil } ?? nil
    }
}

/// How tokens are chosen, as options.
struct SamplingSettings: ParsableArguments {
    @Option(
        help: "What logits are divided by; 0 is greedy. (default: 0, or 1 where tokens are drawn)")
    var temperature: Double?

    @Option(help: "Keep so many of the most probable tokens.")
    var topK: Int?

    @Option(help: "Keep the most probable tokens until their probabilities add up to this.")
    var topP: Double?

    @Option(help: "Keep tokens that are at least so probable, as a share of the most probable one.")
    var minP: Double?

    @Option(help: "Makes tokens that occurred before less likely; 1 for not.")
    var repetitionPenalty = 1.0

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "What is added to the logit of a token; may be repeated.", valueName: "id=number"))
    var logitBias: [String] = []

    @Option(help: "The seed of the draws. (default: 0)")
    var seed: UInt64?

    func options() throws -> SamplingOptions {
        let draws = topK != nil || topP != nil || minP != nil || seed != nil
        var options = SamplingOptions(
            temperature: temperature ?? (draws ? 1 : 0), topK: topK, topP: topP, minP: minP,
            repetitionPenalty: repetitionPenalty, seed: seed ?? 0)
        for text in logitBias {
            let parts = text.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let token = Int32(parts[0]), let bias = Float(parts[1]) else {
                throw Failure(.usage, "--logit-bias \(text): is not id=number")
            }
            options.logitBias[token] = bias
        }
        return options
    }
}
