import ArgumentParser
import HeedFormats
import HeedTasks

/// `heed data`: writes pairs of the program's own making.
struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Write made-up pairs to train on, without any download.",
        discussion: """
            The folder gets train, valid and test files, one sentence a line (train.source, \
            train.target, ...), and dataset.json, which says how they were made. A twentieth of \
            the pairs, at most 1000, is held back for validation and as many for testing. No \
            source occurs twice. The same task, count and seed give the same files on every machine.

            TASKS
            \(SyntheticTask.allCases.map { "  \($0.rawValue): \($0.summary)" }
                .joined(separator: "\n"))

            EXAMPLES
              heed data dates --count 20000 --seed 1 --output dates
              heed data reverse --output reverse
            """
    )

    @Argument(help: "The language of the pairs.")
    var task: SyntheticTask

    @Option(name: .long, parsing: .unconditional, help: "The number of pairs, 3 to 500000.")
    var count = 20_000

    @Option(name: .long, parsing: .unconditional, help: "The seed of the draw.")
    var seed: UInt64 = 1

    @Option(name: .long, help: "The folder to write; it must be empty or not exist.")
    var output: String

    func run() throws {
        let pairs = try SyntheticPairs(task: task, count: count, seed: seed)
        try creatingOutput { try pairs.write(toFolder: output) }
        try StandardStreams.print(
            """
            \(nameForMessage(output)): \(pairs.training.count) training, \(pairs.validation.count) validation and \
            \(pairs.test.count) test pairs
            """)
    }
}
