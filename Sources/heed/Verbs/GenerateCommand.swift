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

    @Option(parsing: .unconditional, help: "The text to continue; an empty one begins a text.")
    var prompt: String?

    @Option(help: "A file with a prompt on each line. (default: -, standard input)")
    var input: String?

    @Option(help: "The file to write; it appears when it is whole. (default: standard output)")
    var output: String?

    @Option(parsing: .unconditional, help: "Tokens that are added at most.")
    var maxLength = TextGenerationOptions().maximumLength

    @Option(
        parsing: .unconditional, help: "Tokens that are added before the model may end the text.")
    var minLength = 0

    @OptionGroup(title: "Choice of tokens")
    var choice: SamplingSettings

    @Option(
        parsing: .unconditional,
        help: "Continuations that are followed at a time, to find the most probable one."
    )
    var beam = 1

    @Option(
        parsing: .unconditional,
        help: "The power of the length by which a beam's scores are divided.")
    var lengthPenalty = 1.0

    @Option(
        parsing: .unconditionalSingleValue,
        help: "A text at which to end, which is not printed; may be repeated."
    )
    var stop: [String] = []

    @Option(
        parsing: .unconditional,
        help: "With --json: how probable each token was, and so many others beside it.")
    var logProbabilities: Int?

    @Option(parsing: .unconditional, help: "Prompts that are continued together.")
    var batch = TextGenerationOptions().batch

    @Flag(help: "Print an object a line: prompt, text, tokens and why nothing follows.")
    var json = false

    func validate() throws {
        try checkOption("max-length", maxLength, in: 1...1_000_000)
        try checkOption("min-length", minLength, in: 0...maxLength)
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
        guard beam == 1 || !choice.draws else {
            throw ValidationError(
                """
                --beam \(beam): goes without --temperature, --top-k, --top-p, --min-p and --seed: \
                nothing is drawn
                """)
        }
        guard beam == 1 || (!choice.changesLogits && logProbabilities == nil) else {
            throw ValidationError(
                """
                --beam \(beam): goes without --logit-bias, --repetition-penalty and \
                --log-probabilities
                """)
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
            let found = try namingLines(after: 0, in: nil, option: "--prompt") {
                try continuer.generate(
                    [prompt], options,
                    onText: { _, text in
                        if streams { try write(text) }
                    })
            }
            try write(json ? format(found[0]) + "\n" : streams ? "\n" : found[0].text + "\n")
        }
        while let lines = try chunks?.next() {
            let before = (chunks?.lineCount ?? 0) - lines.count
            let found = try namingLines(after: before, in: chunks?.name) {
                try continuer.generate(lines, options, skipping: \.isEmpty)
            }
            for generation in found { try write(format(generation) + "\n") }
        }
        if let file { try creatingOutput { try file.commit() } }
    }

    private func options() throws -> TextGenerationOptions {
        var options = TextGenerationOptions(
            sampling: try choice.options(), maximumLength: maxLength, stops: stop)
        options.minimumLength = minLength
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
        parsing: .unconditional,
        help: "What logits are divided by; 0 is greedy. (default: 0, or 1 where tokens are drawn)")
    var temperature: Double?

    @Option(parsing: .unconditional, help: "Keep so many of the most probable tokens.")
    var topK: Int?

    @Option(
        parsing: .unconditional,
        help: "Keep the most probable tokens until their probabilities add up to this.")
    var topP: Double?

    @Option(
        parsing: .unconditional,
        help: "Keep tokens that are at least so probable, as a share of the most probable one.")
    var minP: Double?

    @Option(
        parsing: .unconditional, help: "Makes tokens that occurred before less likely; 1 for not.")
    var repetitionPenalty = 1.0

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "What is added to the logit of a token; may be repeated.", valueName: "id=number"))
    var logitBias: [String] = []

    @Option(parsing: .unconditional, help: "The seed of the draws. (default: 0)")
    var seed: UInt64?

    /// Whether an option says how to draw.
    private var saysHowToDraw: Bool { topK != nil || topP != nil || minP != nil || seed != nil }

    /// Whether tokens are drawn, or an option would have no effect where they are not.
    var draws: Bool { saysHowToDraw || temperature ?? 0 != 0 }

    /// Whether logits are changed before a token is chosen.
    var changesLogits: Bool { !logitBias.isEmpty || repetitionPenalty != 1 }

    func validate() throws {
        do {
            try options().validate()
        } catch let error as InvalidSearchOption {
            throw ValidationError(error.onCommandLine)
        }
    }

    func options() throws -> SamplingOptions {
        var options = SamplingOptions(
            temperature: temperature ?? (saysHowToDraw ? 1 : 0), topK: topK, topP: topP,
            minP: minP, repetitionPenalty: repetitionPenalty, seed: seed ?? 0)
        for text in logitBias {
            let parts = text.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let token = Int32(parts[0]), let bias = Float(parts[1]) else {
                throw ValidationError("--logit-bias \(text): is not id=number")
            }
            options.logitBias[token] = bias
        }
        return options
    }
}
