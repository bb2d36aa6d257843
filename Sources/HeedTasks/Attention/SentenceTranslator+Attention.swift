import HeedModels
import HeedNN
import HeedTensor
import HeedText

extension SentenceTranslator {
    /// Throws `AttentionRangeError` for a layer or a head that the model does not have.
    package func check(_ selection: AttentionSelection) throws { try model.check(selection) }

    /// The attention weights for a sentence and its translation: the one that is given, or the one that is found.
    package func attention(
        of source: String, to target: String?, _ selection: AttentionSelection,
        _ options: TranslationOptions
    ) throws -> AttentionMap {
        var result: AttentionMap?
        try forEachAttention(of: [source], to: target.map { [$0] }, selection, options) {
            result = $0
        }
        return result ?? AttentionMap(source: source, target: target ?? "", parts: [])
    }

    /// The attention weights of sentences in their order; the maps are made one after another, so that one at a time is in
    /// memory. An empty sentence has a map without parts.
    ///
    /// - Parameters:
    ///   - targets: as many translations; nil for those that are found.
    ///   - body: receives each map.
    package func forEachAttention(
        of sentences: [String], to targets: [String]?, _ selection: AttentionSelection,
        _ options: TranslationOptions, _ body: (AttentionMap) throws -> Void
    ) throws {
        try check(selection)
        let sources = try encoded(sentences)
        let results = try targets.map(encodedTargets) ?? found(for: sentences, options)
        for (index, target) in results.enumerated() {
            guard !sentences[index].isBlank else {
                try body(
                    AttentionMap(
                        source: sentences[index], target: target.text, parts: [],
                        removedHeads: model.removedHeads))
                continue
            }
            try body(attention((sentences[index], sources[index]), target, selection))
        }
    }

    /// A text and its tokens, the end mark included where there is one.
    typealias Tokens = (text: String, ids: [Int32])

    /// A hypothesis' tokens with the end mark, if the model ended it by itself.
    func ended(_ hypothesis: TranslationHypothesis) -> [Int32] {
        hypothesis.tokens
            + (hypothesis.isComplete ? [Int32(model.configuration.endToken)] : [])
    }

    private func found(
        for sentences: [String], _ options: TranslationOptions
    ) throws -> [Tokens] {
        try translate(sentences, options).map { translation in
            (translation.text, translation.hypotheses.first.map(ended) ?? [])
        }
    }

    private func encodedTargets(_ texts: [String]) throws -> [Tokens] {
        let configuration = model.configuration
        let limit = model.decoder.embedding.positionLimit ?? configuration.maximumPositions
        return try texts.enumerated().map { index, text in
            let ids =
                try tokenizers.target.encodeIDs(text, addingSpecialTokens: false)
                + [Int32(configuration.endToken)]
            guard ids.count <= limit else {
                throw SentenceTooLongError(
                    number: index + 1, tokenCount: ids.count, limit: limit, isTarget: true)
            }
            return (text, ids)
        }
    }

    /// Runs the model once over a sentence and a translation, and captures the weights that are asked for.
    func attention(
        _ source: Tokens, _ target: Tokens, _ selection: AttentionSelection
    ) throws -> AttentionMap {
        let capture = AttentionCapture(selection, model.attentions)
        let context = Context(precision: precision, attentionObserver: capture.observer)
        let inputs = Array(([Int32(model.configuration.startToken)] + target.ids).dropLast())
        let (packedSource, packedTarget) = (PackedIDs([source.ids]), PackedIDs([inputs]))
        _ = model(
            source: packedSource.ids, sourcePacking: packedSource.packing,
            target: packedTarget.ids, targetPacking: packedTarget.packing, context)
        let sources = try tokenizers.source.readablePieces(of: source.ids)
        // A row of the decoder is the step that predicts the next token: it is named by what it predicts.
        let predicted = try tokenizers.target.readablePieces(of: target.ids)
        let read = try tokenizers.target.readablePieces(of: inputs)
        return AttentionMap(
            source: source.text, target: target.text,
            parts: capture.parts { kind in
                switch kind {
                case .encoder: (sources, sources)
                case .decoder: (predicted, read)
                case .cross: (predicted, sources)
                }
            }, removedHeads: model.removedHeads)
    }
}
