public import HeedText

extension TranslationTraining {
    /// Where the tokenizers come from.
    public enum TokenizerSource: Sendable {
        /// Byte-pair encoding learned from the training text.
        case learned(merges: Int, style: BytePairTrainer.Style)
        /// The words between white space that occur at least so often in the training text.
        case words(minimumCount: Int)
        /// One that is given, or one for each side, and what the texts are.
        case given(Tokenizer, target: Tokenizer? = nil, style: BytePairTrainer.Style = .rawText)

        /// What the texts are.
        var style: BytePairTrainer.Style {
            switch self {
            case .learned(_, let style), .given(_, _, let style): style
            case .words: .pretokenized
            }
        }
    }

    /// The kinds of tokenizer that can be learned.
    public enum TokenizerType: String, Sendable, CaseIterable {
        /// Byte-pair encoding.
        case bytePairs = "bpe"
        /// Whole words.
        case words = "word"
    }

    /// Which vocabularies source and target have.
    public enum Vocabularies: String, Sendable, CaseIterable {
        /// One for both, learned from both texts, with one table of embeddings.
        case joint
        /// One for each side, with a table of its own.
        case separate
    }

    /// The tokenizers that are given, or learned from a text.
    func makeTokenizers(_ text: ParallelText) throws -> TranslationTokenizers {
        if case .given(let source, let target, _) = tokenizer {
            guard (target != nil) == (vocabularies == .separate) else {
                throw CorpusError(
                    vocabularies == .separate
                        ? "separate vocabularies need a tokenizer for each side"
                        : "a joint vocabulary has one tokenizer for both sides")
            }
            return TranslationTokenizers(source, target: target)
        }
        switch vocabularies {
        case .joint:
            return TranslationTokenizers(try learn([text.sources, text.targets]))
        case .separate:
            return TranslationTokenizers(
                try learn([text.sources]), target: try learn([text.targets]))
        }
    }

    private func learn(_ texts: [[String]]) throws -> Tokenizer {
        switch tokenizer {
        case .given(let tokenizer, _, _): return tokenizer
        case .learned(let merges, let style):
            var trainer = BytePairTrainer(style: style, mergeCount: merges)
            for text in texts { trainer.add(text) }
            return try trainer.train()
        case .words(let minimumCount):
            var trainer = WordTrainer(minimumCount: minimumCount)
            for text in texts { trainer.add(text) }
            return try trainer.train()
        }
    }
}
