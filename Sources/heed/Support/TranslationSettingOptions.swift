import ArgumentParser
import HeedTasks

/// The options of a translation training alone that are settings, too.
struct TranslationSettingOptions: ParsableArguments {
    @Option(help: .setting("tokenizer-type", of: TranslationRecipe.self))
    var tokenizerType: TranslationTraining.TokenizerType?

    @Option(parsing: .unconditional, help: .setting("merges", of: TranslationRecipe.self))
    var merges: Int?

    @Option(parsing: .unconditional, help: .setting("minimum-count", of: TranslationRecipe.self))
    var minimumCount: Int?

    @Option(help: .setting("vocabularies", of: TranslationRecipe.self))
    var vocabularies: TranslationTraining.Vocabularies?

    @Flag(help: "Words stand between white space already (and BLEU is over them).")
    var pretokenized = false

    @Option(parsing: .unconditional, help: .setting("batch-pairs", of: TranslationRecipe.self))
    var batchPairs: Int?

    @Option(parsing: .unconditional, help: .setting("max-length", of: TranslationRecipe.self))
    var maxLength: Int?

    @Option(parsing: .unconditional, help: .setting("bleu-every", of: TranslationRecipe.self))
    var bleuEvery: Int?

    /// What the options ask for.
    var options: [SettingAssignment] {
        .given([
            ("tokenizer-type", tokenizerType?.rawValue), ("merges", merges),
            ("minimum-count", minimumCount), ("vocabularies", vocabularies?.rawValue),
            ("pretokenized", pretokenized ? true : nil), ("batch-pairs", batchPairs),
            ("max-length", maxLength), ("bleu-every", bleuEvery),
        ])
    }
}
