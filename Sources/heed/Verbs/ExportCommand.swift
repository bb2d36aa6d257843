import ArgumentParser
import HeedTasks

/// `heed export`: writes a trained model as a small folder to hand on.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a trained model as a folder to hand on.",
        discussion: """
            The folder holds the model and its tokenizer.json and nothing of the training. bfloat16 halves \
            its size. What Heed does not use of another program's folder is not handed on, such as a chat \
            template, and a temperature in generation_config.json.

            EXAMPLES
              heed export --model run --precision bfloat16 --output my-model
            """
    )

    @Option(name: .long, help: "The folder of a model, such as that of a training.")
    var model: String

    @Option(name: .long, help: "The type of the weights in the file: float32 or bfloat16.")
    var precision = WeightType.bfloat16

    @Option(name: .long, help: "The folder to write; it must be empty or not exist.")
    var output: String

    func run() throws {
        let translator = try ModelExport(folder: modelFolder(model))
        try creatingOutput { try translator.write(toFolder: output, weights: precision) }
    }
}
