import ArgumentParser
import HeedFormats
import HeedModels
import HeedTasks
import HeedTensor

/// `heed attend`: what a model attends to, as a page, a figure or numbers.
struct AttendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attend",
        abstract: "Show or write what a model attends to.",
        discussion: """
            Writes the attention weights of one --source and its translation, of one --text that a \
            model of language reads, or of each line of --input, into --output, whose ending says how: .html is a page to look at in a browser, \
            .svg a figure for a paper, .json and .npz have the numbers; of many lines .npz and .jsonl. \
            Without --target, the translation is the one that the model makes. Weights are float32, \
            before dropout. Layers and heads are counted from 0, as in the names of tensors; give \
            --layer, --head and --kind several times for several. A figure shows the last layer's \
            attention to the source, or to the text, unless it is told otherwise. docs/attention.md describes the formats.

            EXAMPLES
              heed attend --source 'Ein Hund läuft.' --output attention.html
              heed attend --source 'Ein Hund läuft.' --kind cross --layer 2 --output figure.svg
              heed attend --source 'Guten Morgen!' --target 'Good morning!' --output weights.json
              heed attend --model run --input test.source --kind cross --output weights.npz
              heed attend --model smollm --text 'The cat sat on the mat.' --output text.html
            """
    )

    @Option(help: "The folder of the model. (default: the one that comes with Heed)")
    var model: String?

    @Option(help: "The arithmetic.")
    var precision = Precision.float32

    @Option(
        parsing: .unconditional, help: "Threads that compute. (default: HEED_THREADS, or the cores)"
    )
    var threads: Int?

    @Option(help: "The sentence that is read.")
    var source: String?

    @Option(help: "Its translation. (default: the one that the model makes)")
    var target: String?

    @Option(help: "A text that a model reads which continues text, such as GPT-2.")
    var text: String?

    @Option(help: "A file with a sentence or a text on each line, - for standard input.")
    var input: String?

    @Option(help: "The file to write: .html, .svg, .json, .npz or .jsonl.")
    var output: String

    @Option(help: "Only this kind of attention: encoder, decoder or cross. Repeatable.")
    var kind: [AttentionKind] = []

    @Option(parsing: .unconditionalSingleValue, help: "Only this layer, from 0. Repeatable.")
    var layer: [Int] = []

    @Option(parsing: .unconditionalSingleValue, help: "Only this head, from 0. Repeatable.")
    var head: [Int] = []

    @Option(
        parsing: .unconditional,
        help: """
            Hypotheses that are followed at a time, where a translation is made; 1 is greedy. \
            (default: \(TranslationOptions().beam))
            """)
    var beam: Int?

    @Option(
        help: "Take out what this head contributes, such as cross.2.3. Repeatable.",
        transform: AttentionHead.named)
    var withoutHead: [AttentionHead] = []

    func validate() throws {
        try ThreadOption.check(threads)
        if let beam { try checkOption("beam", beam, in: 1...1024) }
        guard [source, text, input].count(where: { $0 != nil }) == 1 else {
            throw ValidationError("give one of --source, --text and --input")
        }
        guard target == nil || source != nil else {
            throw ValidationError("--target goes with --source alone")
        }
        guard beam == nil || (target == nil && text == nil) else {
            throw ValidationError(
                "--beam goes with neither --target nor --text: nothing is translated")
        }
        if let source, source.allSatisfy(\.isWhitespace) {
            throw ValidationError(
                "--source \(quotedForMessage(source)): there is nothing to attend to")
        }
        guard text != "" else { throw ValidationError("--text '': there is nothing to attend to") }
        _ = try AttentionFile.Format(path: output, isSingle: input == nil)
    }

    func run() throws {
        ThreadOption.apply(threads)
        var chunks = try LineChunks(
            texts: [source, text].compactMap(\.self), input: input, splitting: false)
        let selection = AttentionSelection(
            kind.isEmpty ? .all : AttentionKinds(kind), layers: layer.isEmpty ? nil : layer,
            heads: head.isEmpty ? nil : head)
        let forEachMap = try opened(selection, chunks.name)
        let file = try creatingOutput {
            try AttentionFile(
                path: output, isSingle: input == nil, kinds: kind, layers: layer)
        }
        while let lines = try chunks.next() {
            let before = chunks.lineCount - lines.count
            try namingLines(
                after: before, in: input == nil ? nil : chunks.name,
                option: text == nil ? "--source" : "--text"
            ) {
                try forEachMap(lines, before) { map in try creatingOutput { try file.add(map) } }
            }
        }
        try creatingOutput { try file.commit() }
    }

    /// Makes the maps of lines that stand behind `before` others.
    private typealias MapMaker = (
        _ lines: [String], _ before: Int, _ body: (AttentionMap) throws -> Void
    ) throws -> Void

    /// Opens the model, of whichever family it is.
    ///
    /// - Parameter name: where lines come from.
    private func opened(_ selection: AttentionSelection, _ name: String) throws -> MapMaker {
        let folder = try modelFolder(
            model, default: text == nil ? DefaultModel.name : DefaultModel.languageName)
        switch try ModelType(folder: folder) {
        case .transformer:
            guard text == nil else {
                throw Failure(
                    .usage, "--text: \(nameForMessage(folder)) translates; give it a --source")
            }
            let translator = try SentenceTranslator(
                folder: folder, precision: precision, withoutHeads: withoutHead)
            try translator.check(selection)
            var options = TranslationOptions()
            options.beam = beam ?? options.beam
            return { [target, isSingle = input == nil] lines, before, body in
                try translator.forEachAttention(
                    of: lines, to: target.map { [$0] }, selection, options, body)
                warnOfLength(
                    translator.unusuallyLong(lines), after: before,
                    in: isSingle ? nil : name, option: "--source")
            }
        case .language:
            guard source == nil, beam == nil else {
                throw Failure(
                    .usage,
                    """
                    --\(source == nil ? "beam" : "source"): \(nameForMessage(folder)) continues \
                    text\(source == nil ? "" : "; give it a --text")
                    """)
            }
            let continuer = try PromptContinuer(
                folder: folder, precision: precision, withoutHeads: withoutHead)
            try continuer.check(selection)
            return { lines, _, body in
                try continuer.forEachAttention(of: lines, selection, body)
            }
        }
    }
}
