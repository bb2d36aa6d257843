import ArgumentParser

/// `heed train`: learns models from text.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a model.",
        discussion: """
            EXAMPLES
              heed train translation --help
              heed train language-model --help
              heed train tokenizer --help
            """,
        subcommands: [
            TrainTranslationCommand.self, TrainLanguageModelCommand.self,
            TrainTokenizerCommand.self,
        ]
    )
}
