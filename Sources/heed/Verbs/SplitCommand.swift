import ArgumentParser
import HeedFormats
import HeedTasks

/// `heed split`: divides pairs for training, validation and test.
struct SplitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "split",
        abstract: "Divide pairs for training, validation and test without overlap.",
        discussion: """
            The input has a pair on each line, in columns between tab stops. Pairs that share a \
            source or a target, directly or through others, go to the same part, so that no \
            sentence of the held-out parts is trained on. Quotes that the table's writer doubled \
            are undone, and equal pairs count once. The same input and seed give the same files.

            EXAMPLES
              heed split --input deu.txt --source-column 2 --target-column 1 \\
                --skip-lines 1 --output pairs
            """
    )

    @Option(name: .long, help: "The file of pairs; - is standard input.")
    var input: String

    @Option(name: .long, parsing: .unconditional, help: "The source's column, from 1.")
    var sourceColumn = 1

    @Option(name: .long, parsing: .unconditional, help: "The target's column, from 1.")
    var targetColumn = 2

    @Option(name: .long, parsing: .unconditional, help: "Lines at the beginning that are no pairs.")
    var skipLines = 0

    @Option(name: .long, parsing: .unconditional, help: "Pairs for validation, about.")
    var valid = 1000

    @Option(name: .long, parsing: .unconditional, help: "Pairs for the test, about.")
    var test = 1000

    @Option(name: .long, parsing: .unconditional, help: "The seed of the draw.")
    var seed: UInt64 = 1

    @Option(name: .long, help: "The folder to write; it must be empty or not exist.")
    var output: String

    func validate() throws {
        for (name, value, least) in [
            ("source-column", sourceColumn, 1), ("target-column", targetColumn, 1),
            ("valid", valid, 1), ("test", test, 1), ("skip-lines", skipLines, 0),
        ] where value < least {
            throw ValidationError("--\(name) \(value): must be at least \(least)")
        }
    }

    func run() throws {
        let pairs = try TextPair.read(
            path: input, sourceColumn: sourceColumn, targetColumn: targetColumn,
            skippingLines: skipLines)
        let split: ParallelSplit
        do {
            split = try ParallelSplit(
                pairs, validationCount: valid, testCount: test, seed: seed)
        } catch let error as CorpusError {
            throw Failure(.badData, "\(TextInput.name(of: input)): \(error)")
        }
        try creatingOutput { try split.write(toFolder: output) }
        try StandardStreams.print(
            """
            \(nameForMessage(output)): \(split.training.count) training, \(split.validation.count) validation and \
            \(split.test.count) test pairs
            """)
    }
}
