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
            \(settingList)

            EXAMPLES
              heed data dates --output dates
              heed train translation --preset tiny --output run \\
                --train-source dates/train.source --train-target dates/train.target \\
                --valid-source dates/valid.source --valid-target dates/valid.target
              heed train translation --output run --resume
              heed translate --model run 'the third of May 2021'
            """
    )

    private static var settingList: String {
        let tiny = TranslationRecipe(preset: .tiny, output: "")
        return TranslationSetting.all.map {
            let words = wrapped("\($0.summary) (\($0.values))", indent: 6)
            return "  \($0.name)=\($0.value(in: tiny))\n\(words)"
        }.joined(separator: "\n")
    }

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

    @OptionGroup(title: "Settings")
    var settings: TranslationSettingOptions

    @Option(help: "A tokenizer.json to use instead of learning one.")
    var tokenizer: String?

    @Option(help: "The target's tokenizer.json beside it, where vocabularies are separate.")
    var targetTokenizer: String?

    @Option(help: "Threads that compute. (default: HEED_THREADS, or the cores)")
    var threads: Int?

    @Flag(help: "Go on from the newest checkpoint in --output.")
    var resume = false

    func validate() throws {
        try ThreadOption.check(threads)
        guard tokenizer == nil || settings.merges == nil else {
            throw ValidationError("give --merges or --tokenizer, not both")
        }
    }

    func run() throws {
        ThreadOption.apply(threads)
        let recipe = try resume ? resumedRecipe() : freshRecipe()
        let report = TrainingReport()
        let end = try recipe.run(
            resuming: resume, shouldStop: { Interruption.isRequested },
            handle: { event in
                switch event {
                case .training(.started): Interruption.save(true)
                case .training(.finished): Interruption.save(false)
                default: break
                }
                report.show(event)
            })
        if end == .interrupted { throw Failure(.interrupted, "interrupted; \(output) is saved") }
        if let score = report.finalScore { try StandardStreams.print("\(score)") }
    }

    /// What the options, --set and --config ask for, in the order in which they override each other.
    private func assignments() throws -> [SettingAssignment] {
        try (settings.config.map(SettingsFile.assignments) ?? []) + settings.assignments()
            + settings.options
    }

    /// The recipe of a new run.
    private func freshRecipe() throws -> TranslationRecipe {
        _ = try creatingOutput { try NewFolder(path: output) }
        let assignments = try assignments()
        var recipe = TranslationRecipe(
            preset: try preset(in: assignments) ?? .small, output: output)
        for (role, path) in texts {
            guard let path else {
                throw Failure(.usage, "--\(role.rawValue) is missing")
            }
            recipe.files[role] = absolute(path)
        }
        recipe.tokenizerFile = tokenizer.map(absolute)
        recipe.targetTokenizerFile = targetTokenizer.map(absolute)
        for assignment in assignments { try assignment.apply(to: &recipe) }
        try recipe.validate(given: Set(assignments.map(\.name)))
        return recipe
    }

    /// The recipe of the run in `output`, with other limits where they are given.
    private func resumedRecipe() throws -> TranslationRecipe {
        guard try Folder.kind(of: output) != nil else {
            throw Failure(.missingInput, "\(nameForMessage(output)): there is no run to resume")
        }
        let saved = try TranslationRecipe(run: output)
        let assignments = try assignments()
        let preset = try preset(in: assignments)
        var recipe = saved
        for (role, path) in texts {
            if let path { recipe.files[role] = absolute(path) }
        }
        if let tokenizer { recipe.tokenizerFile = absolute(tokenizer) }
        if let targetTokenizer { recipe.targetTokenizerFile = absolute(targetTokenizer) }
        for assignment in assignments { try assignment.apply(to: &recipe) }
        var changed = recipe.fixedDifferences(from: saved)
        if let preset, preset != saved.preset { changed.append("preset") }
        guard changed.isEmpty else {
            throw Failure(
                .usage,
                """
                \(output) was begun with another \(changed.joined(separator: ", ")); resume it \
                without, or begin a new run
                """)
        }
        return recipe
    }

    private func preset(in assignments: [SettingAssignment]) throws -> TransformerPreset? {
        if let preset { return preset }
        guard let name = assignments.last(where: { $0.name == "preset" })?.value else {
            return nil
        }
        guard let preset = TransformerPreset(rawValue: name) else {
            let known = TransformerPreset.allCases.map(\.rawValue).joined(separator: "|")
            throw Failure(.usage, "preset = \(name): must be \(known)")
        }
        return preset
    }

    private var texts: [(TranslationRecipe.TextRole, String?)] {
        [
            (.trainSource, trainSource), (.trainTarget, trainTarget), (.validSource, validSource),
            (.validTarget, validTarget),
        ]
    }
}
