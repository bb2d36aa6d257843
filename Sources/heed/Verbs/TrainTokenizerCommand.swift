import ArgumentParser
import HeedFormats
import HeedText

/// `heed train tokenizer`: learns a vocabulary from text.
struct TrainTokenizerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenizer",
        abstract: "Learn a tokenizer from text.",
        discussion: """
            Writes a tokenizer.json that Heed, transformers and tokenizers open. bpe cuts bytes as GPT-2 \
            does, so that every text comes back exactly; wordpiece is BERT's, without accents and large \
            letters; unigram is sentencepiece's, with bytes for characters that it does not know. The \
            same texts give the same file.

            EXAMPLES
              heed train tokenizer --vocabulary 8000 --input novels.txt --output tokenizer.json
              heed train tokenizer --type unigram --vocabulary 16000 --input de.txt --input en.txt \\
                --output tokenizer.json
            """
    )

    @Option(help: "The kind of tokenizer: bpe, wordpiece or unigram.")
    var type = TokenizerKind.bpe

    @Option(
        parsing: .unconditional,
        help:
            "How many ids there shall be at most; at least 257 for bpe, 6 for wordpiece, 261 for unigram."
    )
    var vocabulary: Int

    @Option(help: "A file of text; may be given several times. - is standard input.")
    var input: [String]

    @Option(help: "The file to write.")
    var output: String

    @Option(parsing: .unconditional, help: "How often a pair or a piece must occur to be learned.")
    var minimumCount = 2

    @Option(
        name: .customLong("special"),
        help: "A special token; may be given several times. (default: those that are usual)")
    var special: [String] = []

    @Flag(help: "Print what was made as an object.")
    var json = false

    func validate() throws {
        let least = trainer.leastVocabularySize
        guard (least...1 << 24).contains(vocabulary) else {
            throw ValidationError(
                """
                --vocabulary \(vocabulary): must be between \(least), for what \(type.rawValue) always \
                has, and \(1 << 24)
                """)
        }
        guard minimumCount >= 0 else {
            throw ValidationError("--minimum-count \(minimumCount): must not be negative")
        }
        guard !input.isEmpty else { throw ValidationError("give at least one --input") }
        guard input.count(where: { $0 == "-" }) < 2 else {
            throw ValidationError("standard input (-) can be read once")
        }
        guard !special.contains("") else { throw ValidationError("--special must not be empty") }
    }

    /// A trainer that has seen nothing yet.
    private var trainer: TokenizerTrainer {
        TokenizerTrainer(
            type.kind, vocabularySize: vocabulary, minimumCount: minimumCount,
            specialTokens: special.isEmpty ? nil : special)
    }

    func run() throws {
        var trainer = trainer
        var lines = 0
        for file in input {
            var chunks = try LineChunks(texts: [], input: file)
            while let chunk = try chunks.next() {
                // Line breaks belong to the text of byte pairs; elsewhere they are white space.
                for line in chunk { trainer.add(type == .bpe ? line + "\n" : line) }
                lines += chunk.count
            }
        }
        let words = trainer.wordCount
        let showsProgress = StandardStreams.errorIsTerminal && !json
        guard words > 0 else {
            let names = input.map(TextInput.name).joined(separator: ", ")
            throw Failure(.badData, "\(names): \(TokenizerError.nothingToLearnFrom)")
        }
        let tokenizer = try trainer.train { progress in
            guard showsProgress else { return }
            StandardStreams.writeError("\r\(progress.done) of \(progress.total) steps")
        }
        if showsProgress { StandardStreams.writeError("\n") }
        try creatingOutput { try AtomicFile.write(tokenizer.serialized(), to: output) }
        if json {
            try StandardStreams.print(
                JSONWriter(.spaced).string([
                    "type": .string(type.rawValue), "vocabulary": .int(tokenizer.vocabularySize),
                    "lines": .int(lines), "words": .int(words), "output": .string(output),
                ]))
        } else {
            try StandardStreams.print(
                "\(nameForMessage(output)): \(tokenizer.vocabularySize) pieces from \(words) words of \(lines) lines"
            )
        }
    }
}

/// The kinds of tokenizer by their names on the command line.
enum TokenizerKind: String, ExpressibleByArgument, CaseIterable {
    case bpe
    case wordpiece
    case unigram

    var kind: TokenizerTrainer.Kind {
        switch self {
        case .bpe: .bytePairs
        case .wordpiece: .wordPieces
        case .unigram: .unigram
        }
    }
}
