import ArgumentParser
import HeedFormats
import HeedTasks

/// `heed doctor`: what this machine can do, and what is missing.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Show what this machine does for Heed, and what is missing.",
        discussion: """
            Measures for some seconds. HEED_ISA (generic, avx2, avx512, avx512bf16, amx) and \
            HEED_THREADS change what is used.

            EXAMPLES
              heed doctor
              HEED_ISA=avx2 heed doctor --json
            """
    )

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let report = MachineReport()
        guard !json else {
            return try StandardStreams.print(JSONWriter(.pretty).string(report.json))
        }
        let width = report.facts.map(\.name.count).max() ?? 0
        var lines = report.facts.map { fact in
            let name = fact.name.replacing("_", with: " ")
            return name + String(repeating: " ", count: width - name.count + 2) + fact.words
        }
        lines += report.problems.isEmpty ? ["nothing is missing"] : []
        lines += report.problems.map { "missing: \($0)" }
        try StandardStreams.write(lines.joined(separator: "\n") + "\n")
    }
}
