import HeedFormats
import HeedModels
package import HeedText

/// The tokenizers of a model's two sides, which are one where source and target share their vocabulary.
package struct TranslationTokenizers: Sendable {
    /// The source's, or that of both.
    package let source: Tokenizer
    /// The target's.
    package let target: Tokenizer
    /// Whether the target has one of its own.
    package let areSeparate: Bool

    /// The file of a target's own tokenizer in a model's folder; the other one is in `tokenizer.json`.
    package static let targetFileName = "target_tokenizer.json"

    /// The tokenizer of both sides, or of the source and the target.
    package init(_ source: Tokenizer, target: Tokenizer? = nil) {
        // What spells out a special token in a sentence is text: nobody can end a sentence so.
        var (source, other) = (source, target)
        source.parsesSpecialTokens = false
        other?.parsesSpecialTokens = false
        source.removeLengthRules()
        other?.removeLengthRules()
        self.source = source
        self.target = other ?? source
        areSeparate = target != nil
    }

    /// Reads the tokenizers of a model's folder.
    ///
    /// Throws `FileError`, `JSONError`, or `JSONFieldError` which names the field.
    package init(folder: String) throws {
        let path = RelativePath.join(folder, Self.targetFileName)
        let target = try Folder.kind(of: path) != nil ? try Tokenizer(file: path) : nil
        self.init(try Tokenizer(folder: folder), target: target)
    }

    /// Throws `CorpusError` if a side has pieces for which the model in this folder has no vectors.
    func check(against configuration: TransformerConfiguration, in folder: String) throws {
        for (side, tokenizer, limit) in [
            ("", source, configuration.sourceVocabulary),
            ("target's ", target, configuration.targetVocabulary),
        ] where tokenizer.vocabularySize > limit {
            throw CorpusError(
                """
                \(folder): the \(side)tokenizer has \(tokenizer.vocabularySize) pieces, the model \
                \(limit)
                """)
        }
    }

    /// Writes them into a model's folder that exists; throws `FileError`.
    func write(to folder: String, maximumLength: Int) throws {
        try source.write(to: folder, maximumLength: maximumLength)
        guard areSeparate else { return }
        try AtomicFile.write(
            target.serialized(), to: RelativePath.join(folder, Self.targetFileName))
    }

    /// The tokens that begin, end and fill sentences, which both sides must have under the same ids.
    ///
    /// Throws `CorpusError`.
    func specialTokens() throws -> (end: Int, padding: Int) {
        let ids = try [source, target].map { tokenizer in
            guard let end = tokenizer.specialTokens.endOfSequence,
                let padding = tokenizer.specialTokens.padding
            else { throw CorpusError("the tokenizer has no end mark or no padding token") }
            return (end: Int(end), padding: Int(padding))
        }
        guard ids[0] == ids[1] else {
            throw CorpusError(
                """
                the tokenizers of source and target have different ids for the end mark or the \
                padding token: \(ids[0].end) and \(ids[0].padding), \(ids[1].end) and \
                \(ids[1].padding)
                """)
        }
        return ids[0]
    }

    /// The numbers of pieces, in words.
    var sizes: String {
        areSeparate
            ? "\(source.vocabularySize) + \(target.vocabularySize)" : "\(source.vocabularySize)"
    }
}
