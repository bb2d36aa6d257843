import Foundation
import Testing

/// The rows of the README's table of speeds are those of `Benchmarks/RESULTS.md`, rounded.
@Suite("The README's speeds")
struct SpeedTableTests {
    /// A line of the results: milliseconds of Heed and of its peer, and the ratio.
    private typealias Result = (heed: Double, peer: String, peerTime: Double, ratio: Double)

    /// What each row of the README is, in its order: the case, what is compared, and how many of it make one.
    private static let rows: [(name: String, compared: String, count: Double)] = [
        ("train-tiny", "best", 1), ("train-tiny", "float32", 1), ("decode-beam1", "best", 1),
        ("decode-beam1", "float32", 1), ("attention-1024-64-causal", "best", 1),
        ("attention-4096-64-full", "best", 1), ("decode-1b", "best", 1),
        ("prefill-1b", "best", 512), ("decode-124m", "best", 1), ("train-gpt2", "best", 1),
        ("train-nanogpt", "best", 1),
    ]

    /// The cells of the rows of tables below a heading.
    private static func cells(_ path: String, below heading: String) throws -> [[String]] {
        let lines = try Page(path).text.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0 == "## \(heading)" })
        let part = lines[(start + 1)...].prefix { !$0.hasPrefix("## ") }
        return part.filter { $0.hasPrefix("|") }.dropFirst(2).map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    /// A number of milliseconds and of decimals from a text such as `PyTorch 1.50 s`.
    private static func time(_ text: String) throws -> (value: Double, unit: Double, decimals: Int)
    {
        let found = try #require(text.firstMatch(of: #/(?<number>[\d.]+) (?<unit>ms|s)\b/#))
        let parts = found.number.split(separator: ".")
        return (
            try #require(Double(found.number)), found.unit == "s" ? 1000 : 1,
            parts.count > 1 ? parts[1].count : 0
        )
    }

    private static func results() throws -> [String: Result] {
        var results: [String: Result] = [:]
        for row in try cells("Benchmarks/RESULTS.md", below: "Heed and its peers") {
            guard row.count > 4, let ratio = Double(row[4].prefix { $0 != " " }) else { continue }
            let (heed, peer) = (try time(row[2]), try time(row[3]))
            results["\(row[0]) \(row[1])"] = (
                heed.value * heed.unit, String(row[3].prefix { $0 != " " }), peer.value * peer.unit,
                ratio
            )
        }
        return results
    }

    @Test("every row is the newest result, rounded")
    func rows() throws {
        let results = try Self.results()
        let shown = try Self.cells("README.md", below: "How fast it is")
        #expect(shown.count == Self.rows.count)
        for (cells, row) in zip(shown, Self.rows) {
            let result = try #require(results["\(row.name) \(row.compared)"], "\(row.name)")
            for (cell, measured) in [(cells[1], result.heed), (cells[2], result.peerTime)] {
                let (value, unit, decimals) = try Self.time(cell)
                let step = pow(10, -Double(decimals))
                let difference = abs(measured * row.count / unit - value)
                #expect(difference <= 0.501 * step, "\(cells[0]): \(cell), not \(measured) ms")
            }
            #expect(cells[2].hasPrefix(result.peer), "\(cells[0])")
            let ratio = try #require(Double(cells[3].prefix { $0 != " " }))
            #expect(abs(ratio - result.ratio) <= 0.0501, "\(cells[0]): \(ratio)")
        }
    }
}
