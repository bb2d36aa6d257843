import HeedModels
import HeedNN
import HeedTensor
import HeedText

extension PromptContinuer {
    /// Throws `AttentionRangeError` for a kind, a layer or a head that the model does not have.
    package func check(_ selection: AttentionSelection) throws { try model.check(selection) }

    /// The attention weights of texts that the model reads, in their order; the maps are made one after another, so that
    /// one at a time is in memory. An empty text has a map without parts.
    ///
    /// Throws `AttentionRangeError` and `SentenceTooLongError`.
    ///
    /// - Parameters:
    ///   - texts: what is read.
    ///   - selection: the layers and heads that are wanted.
    ///   - body: receives each map.
    package func forEachAttention(
        of texts: [String], _ selection: AttentionSelection, _ body: (AttentionMap) throws -> Void
    ) throws {
        try check(selection)
        for (index, text) in texts.enumerated() {
            try body(
                text.isEmpty
                    ? AttentionMap(
                        source: nil, target: text, parts: [], removedHeads: model.removedHeads)
                    : attention(of: text, number: index + 1, selection))
        }
    }

    private func attention(
        of text: String, number: Int, _ selection: AttentionSelection
    ) throws -> AttentionMap {
        let ids = try idsRead(of: text, number: number)
        if let limit = model.configuration.positionLimit, ids.count > limit {
            throw SentenceTooLongError(number: number, tokenCount: ids.count, limit: limit)
        }
        let capture = AttentionCapture(selection, model.attentions)
        let packed = PackedIDs([ids])
        _ = model(
            packed.ids, packing: packed.packing,
            Context(precision: precision, attentionObserver: capture.observer))
        let tokens = try tokenizer.readablePieces(of: ids)
        return AttentionMap(
            source: nil, target: text, parts: capture.parts { _ in (tokens, tokens) },
            removedHeads: model.removedHeads)
    }
}
