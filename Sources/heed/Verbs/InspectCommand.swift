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
            Reads headers alone, so that the largest model is shown at once. A model of a type that Heed does \
            not run is shown with a line that says so.

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
        if let note = inspection.note { lines.append(note) }
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
        return lines + rows(inspection.tensors)
    }

    /// Names, shapes and types in columns. A file may hold a million tensors: each text is measured once.
    private func rows(_ tensors: [TensorEntry]) -> [String] {
        let names = tensors.map { nameForMessage($0.name) }
        let shapes = tensors.map { tensor in
            "[" + tensor.shape.map(String.init).joined(separator: ", ") + "]"
        }
        let widths = [names, shapes].map { $0.map(\.count) }
        let widest = widths.map { $0.max() ?? 0 }
        return tensors.indices.map { index in
            var row = "  "
            for (column, text) in [names[index], shapes[index]].enumerated() {
                row += text
                row += String(repeating: " ", count: widest[column] - widths[column][index] + 2)
            }
            return row + tensors[index].type.rawValue
        }
    }
}
