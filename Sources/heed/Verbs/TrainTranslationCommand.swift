import ArgumentParser
import HeedFormats
import HeedModels
import HeedTasks
import HeedTensor
import HeedTraining

/// `heed train translation`: from pairs of sentences to a model folder.
struct TrainTranslationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "translation",
        abstract: "Train a Transformer to translate.",
        discussion: """
            Reads pairs of sentences, one a line, and writes a run: the model, its checkpoints, best \
            and last epochs, metrics.jsonl, and events for TensorBoard. Ctrl-C saves and stops; \
            --resume goes on from there, needs --output alone, and ends with the same bits as a \
            training that was never interrupted.

            Text is cut into byte pairs that are learned from both sides. With --pretokenized \
            --tokenizer-type word its words stay whole, and rare ones become <unk>; \
            --vocabularies separate learns from each side alone, and writes target_tokenizer.json \
            beside tokenizer.json. Batches hold so many tokens, or so many pairs (--batch-pairs).

            A setting has the value of its option, else of --set, else of --config, else of the \
            preset. The names for --set and --config, with the values of the preset tiny:
            \(RecipeSource<TranslationRecipe>.settingList(.tiny))

            EXAMPLES
              heed data dates --output dates
              heed train translation --preset tiny --output run \\
                --train-source dates/train.source --train-target dates/train.target \\
                --valid-source dates/valid.source --valid-target dates/valid.target
              heed train translation --output run --resume
              heed translate --model run 'the third of May 2021'
            """
    )

    @Option(help: "The sentences to learn from, one a line.")
    var trainSource: String?

    @Option(help: "Their translations, as many lines.")
    var trainTarget: String?

    @Option(help: "The sentences that epochs are judged by.")
    var validSource: String?

    @Option(help: "Their translations.")
    var validTarget: String?

    @Option(help: "The run: a folder that is empty or does not exist, unless --resume.")
    var output: String

    @Option(
        help: """
            The sizes: tiny (4+4 layers, D 128), small (3+3, 256), base (6+6, 512) or big (6+6, \
            1024). (default: small)
            """)
    var preset: TransformerPreset?

    @OptionGroup(title: "Text")
    var text: TranslationSettingOptions

    @OptionGroup(title: "Settings")
    var settings: TrainingSettingOptions<TranslationRecipe>

    @Option(help: "A tokenizer.json to use instead of learning one.")
    var tokenizer: String?

    @Option(help: "The target's tokenizer.json beside it, where vocabularies are separate.")
    var targetTokenizer: String?

    @Option(
        parsing: .unconditional, help: "Threads that compute. (default: HEED_THREADS, or the cores)"
    )
    var threads: Int?

    @Flag(help: "Go on from the newest checkpoint in --output.")
    var resume = false

    func validate() throws {
        try ThreadOption.check(threads)
        guard tokenizer == nil || text.merges == nil else {
            throw ValidationError("give --merges or --tokenizer, not both")
        }
    }

    func run() throws {
        ThreadOption.apply(threads)
        let source = RecipeSource<TranslationRecipe>(
            output: output, preset: preset,
            assignments: try settings.assignments() + settings.options + text.options
        ) { recipe, isNew in
            for (role, path) in texts {
                guard path != nil || !isNew else {
                    throw Failure(.usage, "--\(role.rawValue) is missing")
                }
                if let path { recipe.files[role] = absolute(path) }
            }
            if let tokenizer { recipe.tokenizerFile = absolute(tokenizer) }
            if let targetTokenizer { recipe.targetTokenizerFile = absolute(targetTokenizer) }
        }
        try source.recipe(resuming: resume).train(resuming: resume, output: output)
    }

    private var texts: [(TranslationRecipe.TextRole, String?)] {
        [
            (.trainSource, trainSource), (.trainTarget, trainTarget), (.validSource, validSource),
            (.validTarget, validTarget),
        ]
    }
}
