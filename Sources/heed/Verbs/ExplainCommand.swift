import ArgumentParser
import HeedFormats
import HeedTasks

/// `heed explain`: the lecture's pictures.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Draw a picture of how a part of the Transformer works, from the code itself.",
        discussion: """
            Without a topic, the topics are listed. What is drawn is what Heed's own operators and \
            layers compute. A .html file is a page that needs no network and shows values under the \
            pointer; a .svg file is a picture for a document.

            TOPICS
            \(listing.map { "  " + $0 }.joined(separator: "\n"))

            EXAMPLES
              heed explain
              heed explain positions --output positions.html
              heed explain neighbours --model run --output neighbours.svg
            """
    )

    @Argument(help: ArgumentHelp("What to draw.", valueName: "topic"))
    var topic: LectureTopic?

    @Option(name: .long, help: "The file to write; its name ends with .html or .svg.")
    var output: String?

    @Option(
        name: .long,
        help:
            "The folder of a model, for a topic that needs one. (default: the one that comes with Heed)"
    )
    var model: String?

    @Flag(help: "List the topics as a JSON array.")
    var json = false

    private static var listing: [String] {
        let width = LectureTopic.allCases.map(\.rawValue.count).max() ?? 0
        return LectureTopic.allCases.map { topic in
            let space = String(repeating: " ", count: width - topic.rawValue.count + 2)
            return topic.rawValue + space + topic.summary
        }
    }

    func validate() throws {
        guard let topic else {
            guard output == nil, model == nil else { throw ValidationError("say which topic") }
            return
        }
        guard let output else { throw ValidationError("--output is missing: where to draw") }
        _ = try PictureFile(path: output)
        if json { throw ValidationError("--json is for the list of topics") }
        if model != nil, !topic.needsModel {
            throw ValidationError("--model: the topic \(topic.rawValue) has no model")
        }
    }

    func run() throws {
        guard let topic, let output else {
            guard json else {
                return try StandardStreams.print(Self.listing.joined(separator: "\n"))
            }
            let list = LectureTopic.allCases.map { topic -> JSONValue in
                ["topic": .string(topic.rawValue), "summary": .string(topic.summary)]
            }
            return try StandardStreams.print(JSONWriter(.spaced).string(.array(list)))
        }
        ThreadOption.apply(nil)
        let file = try PictureFile(path: output)
        try file.write(topic.page(model: model))
    }
}
