import ArgumentParser
import HeedFormats
import HeedText

/// `heed score`: compares hypotheses with references.
struct ScoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Score translations against references with BLEU or chrF.",
        discussion: """
            The numbers are sacreBLEU's. The line printed starts with the signature, which says how \
            the score was computed; quote it with the score. Use --tokenize none for text that is \
            tokenized already. A file named - is standard input.

            EXAMPLES
              heed score --hypothesis output.txt --reference test.target
              heed score --metric chrf --json --hypothesis - --reference a.txt b.txt
            """
    )

    enum Metric: String, CaseIterable, ExpressibleByArgument {
        case bleu, chrf
    }

    @Option(help: "The translations, one a line.")
    var hypothesis: String

    @Option(parsing: .upToNextOption, help: "One or more references, as many lines each.")
    var reference: [String]

    @Option(help: "What to compute.")
    var metric = Metric.bleu

    @Option(help: "How BLEU cuts sentences into words; chrF does not.")
    var tokenize = BLEU.Tokenization.mteval13a

    @Flag(help: "Put both sides into lower case first.")
    var lowercase = false

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        if ([hypothesis] + reference).count(where: { $0 == "-" }) > 1 {
            throw ValidationError("standard input can be read once: give - for one file alone")
        }
    }

    func run() throws {
        let hypotheses = try TextInput.lines(of: hypothesis)
        let references = try reference.map { file in
            let lines = try TextInput.lines(of: file)
            guard lines.count == hypotheses.count else {
                throw Failure(
                    .badData,
                    """
                    \(TextInput.name(of: file)): has \(counted(lines.count, "line")), but \
                    \(TextInput.name(of: hypothesis)) has \(hypotheses.count)
                    """)
            }
            return lines
        }
        let (text, object) = try score(hypotheses, references)
        try StandardStreams.print(json ? JSONWriter(.spaced).string(.object(object)) : text)
    }

    /// The score as a line for people and as an object.
    private func score(
        _ hypotheses: [String], _ references: [[String]]
    ) throws -> (String, JSONObject) {
        switch metric {
        case .bleu:
            let bleu = BLEU(tokenization: tokenize, isLowercased: lowercase)
            let score = try bleu.score(hypotheses: hypotheses, references: references)
            return (
                "\(score)",
                [
                    "metric": "bleu", "score": .double(score.value),
                    "signature": .string(score.signature),
                    "precisions": .array(score.precisions.map(JSONValue.double)),
                    "brevity_penalty": .double(score.brevityPenalty),
                    "hypothesis_length": .int(score.hypothesisLength),
                    "reference_length": .int(score.referenceLength),
                ]
            )
        case .chrf:
            let chrf = CHRF(isLowercased: lowercase)
            let score = try chrf.score(hypotheses: hypotheses, references: references)
            return (
                "\(score)",
                [
                    "metric": "chrf", "score": .double(score.value),
                    "signature": .string(score.signature),
                ]
            )
        }
    }
}
