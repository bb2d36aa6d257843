import ArgumentParser
import Foundation
import HeedFormats
import HeedTasks

/// `heed inspect`: what is in a model, a checkpoint or a file of tensors.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show the tensors and the configuration of a model, a checkpoint or a file.",
        discussion: """
            Reads headers alone, so that the largest model is shown at once.

            EXAMPLES
              heed inspect run
              heed inspect run/checkpoints/step-1000
              heed inspect model.safetensors --json
            """
    )

    @Argument(help: "A model folder, a checkpoint of a run, or a .safetensors file.")
    var path: String

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let inspection = try ModelInspection(path: path)
        guard !json else {
            return try StandardStreams.print(JSONWriter(.pretty).string(inspection.json))
        }
        try StandardStreams.write(text(inspection).joined(separator: "\n") + "\n")
    }

    private func text(_ inspection: ModelInspection) -> [String] {
        var lines = ["\(nameForMessage(path)): \(inspection.kind.rawValue)"]
        if let configuration = inspection.configuration { lines.append("\(configuration)") }
        if inspection.kind == .checkpoint, let state = inspection.description {
            lines += state.entries.filter { $0.name != "fingerprint" }.map {
                "\($0.name): \(JSONWriter(.spaced).string($0.value))"
            }
        }
        lines += inspection.metadata.map {
            "metadata \(nameForMessage($0.name)): \(nameForMessage($0.value))"
        }
        let types = inspection.typeCounts.map { "\($0.elements) \($0.type.rawValue)" }
        lines.append(
            """
            \(inspection.parameterCount) parameters in \(inspection.tensors.count) tensors, \
            \(inspection.byteCount) bytes (\(types.joined(separator: ", ")))
            """)
        let rows = inspection.tensors.map { tensor in
            (
                nameForMessage(tensor.name),
                "[" + tensor.shape.map(String.init).joined(separator: ", ") + "]",
                tensor.type.rawValue
            )
        }
        let widths = (rows.map(\.0.count).max() ?? 0, rows.map(\.1.count).max() ?? 0)
        lines += rows.map { name, shape, type in
            "  \(padded(name, widths.0))  \(padded(shape, widths.1))  \(type)"
        }
        return lines
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
