import ArgumentParser
import HeedModels
import HeedTasks
import HeedTensor

/// `heed forward`: one pass of a model, with all that it computes.
struct ForwardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forward",
        abstract: "Run a model once and write its logits, hidden states and attention weights.",
        discussion: """
            For whoever compares implementations. Reads a safetensors file with the integers \
            input_ids [B, S] and decoder_input_ids [B, T], and attention_mask and \
            decoder_attention_mask, 0 at padding, where there is any. Writes float32 logits, \
            encoder_hidden_states.N, decoder_hidden_states.N, encoder_attentions.N, \
            decoder_attentions.N and cross_attentions.N, shaped as in transformers. Padding is zero: \
            its rows, and its columns as keys.

            A model that continues text reads input_ids and attention_mask alone, and writes logits, \
            hidden_states.N and attentions.N. A row that is padded on the left gives what it gives \
            alone: its positions begin at its first token.

            EXAMPLES
              heed forward --model run --input in.safetensors --output out.safetensors
            """
    )

    @Option(help: "The folder of the model. (default: the one that comes with Heed)")
    var model: String?

    @Option(help: "The inputs.")
    var input: String

    @Option(help: "The file to write.")
    var output: String

    @Option(help: "The arithmetic.")
    var precision = Precision.float32

    @Option(
        parsing: .unconditional, help: "Threads that compute. (default: HEED_THREADS, or the cores)"
    )
    var threads: Int?

    func validate() throws {
        try ThreadOption.check(threads)
    }

    func run() throws {
        ThreadOption.apply(threads)
        let pass = try ForwardPass(folder: modelFolder(model), precision: precision)
        let outputs = try pass.run(input: input)
        try creatingOutput { try outputs.write(to: output) }
    }
}
