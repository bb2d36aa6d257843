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
        let rows = report.facts.map { (Self.words(for: $0.name), $0.words) }
        let width = rows.map(\.0.count).max() ?? 0
        var lines = rows.map { name, words in
            name + String(repeating: " ", count: width - name.count + 2) + words
        }
        lines += report.problems.isEmpty ? ["nothing is missing"] : []
        lines += report.problems.map { "problem: \($0)" }
        try StandardStreams.write(lines.joined(separator: "\n") + "\n")
    }

    /// The name of a fact for people.
    private static func words(for name: String) -> String {
        let words = [
            "onednn": "oneDNN", "cpu_quota": "CPU quota", "memory_bytes": "memory",
            "gflops_float32": "products float32", "gflops_bfloat16": "products bfloat16",
            "gflops_int8": "products int8",
            "read_gb_per_second": "reads from memory",
        ]
        return words[name] ?? name.replacing("_", with: " ")
    }
}
