import ArgumentParser
import HeedFormats
import HeedTasks

/// `heed train language-model`: from text to a model folder that continues text.
struct TrainLanguageModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "language-model",
        abstract: "Train a model to continue text.",
        discussion: """
            Reads plain text and writes a run: the model, its checkpoints, best and last epochs, \
            metrics.jsonl, and events for TensorBoard. Ctrl-C saves and stops; --resume goes on from \
            there, needs --output alone, and ends with the same bits as a training that was never \
            interrupted. --max-updates may be another number then, but not with the schedule cosine, which \
            falls over all updates.

            An update sees blocks of --block-length tokens from anywhere in the text (--order random), or \
            all of the text in random order (--order shuffled). After every --evaluate-every updates the \
            loss on the whole validation text is measured; the best of these models is the one that is \
            written. Presets name sizes and settings: nanogpt-cpu and nanogpt-gpu have nanoGPT's sizes for \
            tiny Shakespeare, by characters.

            A setting has the value of its option, else of --set, else of --config, else of the \
            preset. The names for --set and --config, with the values of the preset nanogpt-cpu:
            \(RecipeSource<LanguageModelRecipe>.settingList(.nanoGPTSmall))

            EXAMPLES
              heed train language-model --preset nanogpt-cpu --train train.txt --valid valid.txt \\
                --output shakespeare
              heed train language-model --train novels/*.txt --valid other.txt --vocabulary 4000 \\
                --output novels
              heed generate --model shakespeare --prompt 'ROMEO:' --temperature 0.8
            """
    )

    @Option(parsing: .upToNextOption, help: "The texts to learn from.")
    var train: [String] = []

    @Option(parsing: .upToNextOption, help: "The texts that the model is judged by.")
    var valid: [String] = []

    @Option(help: "The run: a folder that is empty or does not exist, unless --resume.")
    var output: String

    @Option(help: "Sizes and settings. (default: llama-small)")
    var preset: LanguageModelPreset?

    @Option(help: "A tokenizer.json to use instead of learning one.")
    var tokenizer: String?

    @Flag(help: "Learn a tokenizer of single characters.")
    var characters = false

    @Option(parsing: .unconditional, help: "Learn byte pairs, so many pieces in all.")
    var vocabulary: Int?

    @Option(parsing: .unconditional, help: .setting("block-length", of: LanguageModelRecipe.self))
    var blockLength: Int?

    @Option(help: .setting("order", of: LanguageModelRecipe.self))
    var order: String?

    @Option(parsing: .unconditional, help: .setting("evaluate-every", of: LanguageModelRecipe.self))
    var evaluateEvery: Int?

    @OptionGroup(title: "Settings")
    var settings: TrainingSettingOptions<LanguageModelRecipe>

    @Option(
        parsing: .unconditional, help: "Threads that compute. (default: HEED_THREADS, or the cores)"
    )
    var threads: Int?

    @Flag(help: "Go on from the newest checkpoint in --output.")
    var resume = false

    func validate() throws {
        try ThreadOption.check(threads)
        let tokenizers = [tokenizer != nil, characters, vocabulary != nil].count { $0 }
        guard tokenizers <= 1 else {
            throw ValidationError("give one of --tokenizer, --characters and --vocabulary")
        }
    }

    func run() throws {
        ThreadOption.apply(threads)
        let source = RecipeSource<LanguageModelRecipe>(
            output: output, preset: preset,
            assignments: try settings.assignments() + settings.options + options
        ) { recipe, isNew in
            for (name, paths) in [("train", train), ("valid", valid)]
            where isNew && paths.isEmpty {
                throw Failure(.usage, "--\(name) is missing")
            }
            if !train.isEmpty { recipe.trainFiles = train.map(absolute) }
            if !valid.isEmpty { recipe.validFiles = valid.map(absolute) }
            if let tokenizer { recipe.tokenizerFile = absolute(tokenizer) }
        }
        try source.recipe(resuming: resume).train(resuming: resume, output: output)
    }

    private var options: [SettingAssignment] {
        let type = characters ? "characters" : vocabulary == nil ? nil : "bpe"
        return .given([
            ("tokenizer-type", type), ("vocabulary", vocabulary), ("block-length", blockLength),
            ("order", order), ("evaluate-every", evaluateEvery),
        ])
    }
}
