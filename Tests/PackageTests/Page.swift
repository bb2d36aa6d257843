import Foundation

/// A page of documentation: its links, its Swift, and the names in its tables.
struct Page: CustomStringConvertible, Sendable {
    /// The path from the root of the package.
    let path: String
    let text: String

    var description: String { path }

    init(_ path: String) throws {
        self.path = path
        text = try String(contentsOf: SourceTree.root.appending(path: path), encoding: .utf8)
    }

    /// Every page that strangers read.
    static func all() throws -> [Page] {
        let manager = FileManager.default
        let models = try manager.contentsOfDirectory(
            atPath: SourceTree.root.appending(path: "Models").path
        ).map { "Models/\($0)" }
        let folders = ["", "docs", "Examples", "Benchmarks", "Reproductions", "Models"] + models
        let files = try folders.flatMap { folder in
            try manager.contentsOfDirectory(
                atPath: SourceTree.root.appending(path: folder).path
            ).filter { $0.hasSuffix(".md") }.map { folder.isEmpty ? $0 : "\(folder)/\($0)" }
        }
        return try files.sorted().map(Page.init)
    }

    /// The files of this package that it links or shows, from the root.
    var links: [String] {
        let folder = SourceTree.root.appending(path: path).deletingLastPathComponent()
        return prose.matches(of: #/\]\((?<target>[^)#\s]+)(?:#[^)]*)?\)/#)
            .map { String($0.output.target) }.filter { !$0.contains("://") }
            .map { folder.appending(path: $0).standardizedFileURL.path }
    }

    /// What stands between back ticks in the text.
    var spans: [String] {
        prose.matches(of: #/`(?<code>[^`\n]+)`/#).map { String($0.output.code) }
    }

    /// The text without what stands between fences.
    private var prose: String {
        text.components(separatedBy: "\n```").enumerated().filter { $0.offset % 2 == 0 }
            .map(\.element).joined(separator: "\n")
    }

    /// What stands between fences of a language.
    func blocks(of language: String) -> [String] {
        text.components(separatedBy: "\n```").enumerated().compactMap { index, block in
            guard index % 2 == 1, block.hasPrefix(language + "\n") else { return nil }
            return String(block.dropFirst(language.count + 1)) + "\n"
        }
    }

    /// The files of Swift that it shows: a path between back ticks on a line of its own, and what stands below it.
    var files: [(path: String, text: String)] {
        text.matches(of: #/\n`(?<path>[^`\n]+\.swift)`:\n\n```swift\n(?<text>(?:(?!```).*\n)+)```/#)
            .map { (String($0.output.path), String($0.output.text)) }
    }

    /// The code in the columns of tables that have this title.
    func code(inColumn title: String) -> [String] {
        var column: Int?
        var found: [String] = []
        for line in prose.split(separator: "\n", omittingEmptySubsequences: false) {
            guard line.hasPrefix("|") else {
                column = nil
                continue
            }
            let cells = line.dropFirst().dropLast().split(
                separator: "|", omittingEmptySubsequences: false
            ).map { $0.trimmingCharacters(in: .whitespaces) }
            if let column, column < cells.count {
                found += cells[column].matches(of: #/`(?<code>[^`]+)`/#).map {
                    String($0.output.code)
                }
            } else {
                column = cells.firstIndex(of: title)
            }
        }
        return found
    }
}
