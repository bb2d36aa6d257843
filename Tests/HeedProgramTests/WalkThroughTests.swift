import Foundation
import HeedFormats
import Testing

@Suite("The walk through the README")
struct WalkThroughTests {
    private static let readme = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "README.md")

    /// The command lines of the walk: those that begin with `heed` between its marks, with continuation lines joined.
    private func commands() throws -> [[String]] {
        let text = try String(contentsOf: Self.readme, encoding: .utf8)
        let parts = text.components(separatedBy: "<!-- walk -->")
        let walk = try #require(parts.count == 3 ? parts[1] : nil)
        return walk.replacing("\\\n", with: " ").split(separator: "\n")
            .filter { $0.hasPrefix("heed ") }
            .map { $0.split(separator: " ").dropFirst().map(String.init) }
    }

    @Test("a model of dates is right for at least 99 % of what it has not seen")
    func dates() throws {
        let folder = try TemporaryFolder()
        let commands = try commands()
        #expect(commands.map { $0[0] } == ["data", "train", "translate", "score"])
        for command in commands.dropLast() {
            let result = try Program.run(command, directory: folder.url)
            #expect(result.status == 0, "\(result.errors)")
        }
        let found = try TextFile.lines(path: folder.path(of: "translated"))
        let expected = try TextFile.lines(path: folder.path(of: "dates/test.target"))
        #expect(found.count == expected.count && expected.count == 1000)
        let right = zip(found, expected).count { $0 == $1 }
        #expect(right >= 990, "\(right) of 1000")
        let score = try Program.run(commands[3], directory: folder.url)
        #expect(score.output.hasPrefix("BLEU|"))
    }
}
