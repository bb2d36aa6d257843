import ArgumentParser
import Foundation
import HeedFormats
import HeedTasks
import HeedTensor

/// `heed translate`: text in, translations out.
struct TranslateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "translate",
        abstract: "Translate text.",
        discussion: """
            Translates TEXT, or the lines of --input, or those of standard input, in their order; an \
            empty line gives an empty line. Without --model the German-English model that comes with \
            Heed is used; \(DefaultModel.variable) may name another folder. Input that is longer \
            than any sentence the model was trained on is translated with a warning.

            A line of --n-best is: line TAB rank TAB score TAB text. A score is the sum of the \
            tokens' log-probabilities, divided by length to the power of --length-penalty.

            EXAMPLES
              heed translate 'Ein Hund läuft über die Wiese.'
              heed translate --model run --input test.source --output test.translated
              heed translate --n-best 3 --json < letters.txt
              heed translate --without-head cross.2.3 --input test.source
            """
    )

    @OptionGroup var model: ModelOptions

    @Option(help: "A file with a sentence on each line. (default: -, standard input)")
    var input: String?

    @Option(help: "The file to write; it appears when it is whole. (default: standard output)")
    var output: String?

    @Option(
        parsing: .unconditional, help: "Hypotheses that are followed at a time; 1 is greedy.")
    var beam = TranslationOptions().beam

    @Option(
        parsing: .unconditional, help: "The power of the length by which scores are divided.")
    var lengthPenalty = TranslationOptions().lengthPenalty

    @Option(
        parsing: .unconditional,
        help: """
            Tokens of a translation at most; more than the model has positions has no effect. \
            (default: twice the source's and 32 more)
            """)
    var maxLength: Int?

    @Option(
        parsing: .unconditional,
        help: "Print this many hypotheses of each sentence, best first. (default: the best)")
    var nBest: Int?

    @Option(help: "Source tokens that are translated at a time, counted with every hypothesis.")
    var batchTokens = TranslationOptions().batchTokens

    @Flag(help: "Print the score before each translation.")
    var scores = false

    @Flag(help: "Print an object a line: source, and hypotheses with text and score.")
    var json = false

    @Flag(help: "Draw under each translation which words of the source its words attend to.")
    var drawAttention = false

    @Option(
        help: """
            Take out what this head contributes: kind, layer and head, the last two from 0, such as \
            cross.2.3. Repeatable.
            """, transform: AttentionHead.named)
    var withoutHead: [AttentionHead] = []

    @Argument(help: ArgumentHelp("What to translate.", valueName: "text"))
    var texts: [String] = []

    func validate() throws {
        try checkOption("beam", beam, in: 1...1024)
        if let nBest { try checkOption("n-best", nBest, in: 1...beam) }
        if let maxLength { try checkOption("max-length", maxLength, in: 1...1_000_000) }
        try checkOption("batch-tokens", batchTokens, in: 1...(1 << 30))
        guard lengthPenalty.magnitude <= 10 else {
            throw ValidationError("--length-penalty \(lengthPenalty): must be from -10 to 10")
        }
        guard texts.isEmpty || input == nil else {
            throw ValidationError("give texts or --input, not both")
        }
        guard !drawAttention || (!json && nBest == nil) else {
            throw ValidationError("--draw-attention goes with neither --json nor --n-best")
        }
    }

    func run() throws {
        model.applyThreads()
        var chunks = try LineChunks(texts: texts, input: input)
        let translator = try model.translator(withoutHeads: withoutHead)
        var options = TranslationOptions()
        options.beam = beam
        options.lengthPenalty = lengthPenalty
        options.maximumLength = maxLength
        options.hypothesisCount = nBest ?? 1
        options.batchTokens = batchTokens
        let file = try output.map { path in try creatingOutput { try AtomicFile(path: path) } }
        var line = 0
        while let lines = try chunks.next() {
            let translations = try namingLines(after: line, in: chunks.name) {
                try translator.translate(
                    lines, options, recording: drawAttention ? .cross : [])
            }
            warnOfLength(translator.unusuallyLong(lines), after: line, in: chunks.name)
            let text = translations.enumerated().map {
                format($1, line: line + $0 + 1) + "\n"
            }.joined()
            if let file {
                try file.write(text)
            } else {
                try StandardStreams.write(text)
            }
            line += lines.count
        }
        if let file { try creatingOutput { try file.commit() } }
    }

    private func format(_ translation: Translation, line: Int) -> String {
        let hypotheses = translation.hypotheses
        if json {
            let list = hypotheses.map { hypothesis -> JSONValue in
                ["text": .string(hypothesis.text), "score": .double(hypothesis.score)]
            }
            return JSONWriter(.spaced).string(
                ["source": .string(translation.source), "hypotheses": .array(list)])
        }
        if nBest != nil {
            return hypotheses.enumerated().map { rank, hypothesis in
                "\(line)\t\(rank + 1)\t\(fixed(hypothesis.score))\t\(oneLine(hypothesis.text))"
            }.joined(separator: "\n")
        }
        let text = oneLine(translation.text)
        let result = scores ? "\(fixed(translation.score))\t\(text)" : text
        guard drawAttention, let drawing = translation.attention.flatMap(AttentionDrawing.init)
        else { return result }
        return ([result, ""] + drawing.lines + [""]).joined(separator: "\n")
    }

    private func fixed(_ score: Double) -> String { String(format: "%.6f", score) }
}
