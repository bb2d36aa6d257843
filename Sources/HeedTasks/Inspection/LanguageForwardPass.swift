import HeedFormats
import HeedModels
import HeedNN
import HeedTensor

extension ForwardPass {
    /// Reads `input_ids` and `attention_mask`, and computes.
    func run(
        _ model: LanguageModel, _ file: SafetensorsFile, _ precision: Precision
    ) throws -> Outputs {
        let configuration = model.configuration
        let batch = try TokenBatch(
            "input_ids", mask: "attention_mask", vocabulary: configuration.vocabulary, in: file)
        // Positions begin at a row's first token.
        try Self.check(batch.longestCount, "input_ids", model.embedding, file)
        var outputs = Outputs()
        let recorder = AttentionRecorder()
        let context = Context(precision: precision, attentionObserver: recorder)
        var hidden: [Tensor] = []
        let states = model(batch.packedIDs, packing: batch.packingFromTokens, context) {
            hidden.append(batch.padded($0))
        }
        outputs.add("logits", batch.padded(model.logits(states, context)))
        for (index, tensor) in hidden.enumerated() {
            outputs.add("hidden_states.\(index)", tensor)
        }
        for layer in 0..<configuration.layers {
            let entries = recorder.entries.filter { $0.attention == "decoder.\(layer).self" }
            outputs.add(
                "attentions.\(layer)",
                Self.padded(entries, heads: configuration.heads, batch, batch))
        }
        return outputs
    }
}
