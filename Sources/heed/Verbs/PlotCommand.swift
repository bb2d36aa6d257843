import ArgumentParser
import HeedFormats
import HeedTasks
import HeedTraining

/// `heed plot`: the curves of trainings.
struct PlotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plot",
        abstract: "Draw the curves of trainings: losses, scores, learning rate, tokens per second.",
        discussion: """
            Reads metrics.jsonl and the events of each run, which may be going on. A .html file is a \
            page that needs no network and shows values under the pointer and with the arrow keys; \
            a .svg file is a picture for a document. Both are light or dark as their surroundings \
            are.

            EXAMPLES
              heed plot run --output curves.html
              heed plot seed-1 seed-2 seed-3 --by epoch --output seeds.svg
            """
    )

    @Argument(help: ArgumentHelp("Folders of trainings.", valueName: "run"))
    var runs: [String]

    @Option(name: .long, help: "The file to write; its name ends with .html or .svg.")
    var output: String

    @Option(name: .long, help: "What runs along the horizontal axis.")
    var by = RunPlot.Horizontal.update

    func validate() throws {
        _ = try PictureFile(path: output)
        if runs.count > 16 { throw ValidationError("at most 16 runs can be told apart") }
    }

    func run() throws {
        let file = try PictureFile(path: output)
        let histories = try runs.map { try RunHistory(path: $0) }
        for notice in histories.flatMap(\.notices) {
            StandardStreams.printError("heed: warning: \(notice)")
        }
        let plot = RunPlot(histories, by: by)
        guard !plot.isEmpty else {
            let names = runs.map { nameForMessage($0) }.joined(separator: ", ")
            let words = by == .epoch ? "no epoch is over yet" : "nothing has been measured yet"
            throw Failure(.badData, "\(names): \(words)")
        }
        try file.write(plot.page)
    }
}
