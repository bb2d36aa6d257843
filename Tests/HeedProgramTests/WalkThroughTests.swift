import Foundation
import HeedFormats
import HeedTestSupport
import Testing

/// Pages whose commands run as they are written: those in fences below `<!-- run -->`, in one folder and in their order.
@Suite("Commands on pages")
struct WalkThroughTests {
    private static func text(_ page: String) throws -> String {
        try String(contentsOf: Repository.root.appending(path: page), encoding: .utf8)
    }

    /// The fences of a page that run.
    private static func commands(_ page: String) throws -> [String] {
        try text(page).matches(of: #/<!-- run -->\n```sh\n(?<lines>(?:(?!```).*\n)+)```/#)
            .map { String($0.output.lines) }
    }

    /// Runs the fences of a page by a shell that stops at the first failure; gives what they printed.
    private static func run(_ page: String, in folder: TemporaryFolder) throws -> String {
        let programs = try Program.url().deletingLastPathComponent().path
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        var output = ""
        for lines in try commands(page) {
            let result = try Program.run(
                ["-euc", lines], environment: ["PATH": "\(programs):\(path)"],
                program: URL(filePath: "/bin/bash"), directory: folder.url)
            if result.status != 0 { throw Program.Failed(arguments: [lines], result: result) }
            output += result.output
        }
        return output
    }

    @Test("the README's commands work, and its model is right for 99 % of new dates")
    func readme() throws {
        let folder = try TemporaryFolder()
        let output = try Self.run("README.md", in: folder)
        #expect(output.contains("2021-05-03"))
        #expect(output.contains("BLEU|"))
        #expect(output.contains("\"prompt\": \"The old house\""))
        let found = try TextFile.lines(path: folder.path(of: "translated"))
        let expected = try TextFile.lines(path: folder.path(of: "dates/test.target"))
        #expect(found.count == expected.count && expected.count == 1000)
        let right = zip(found, expected).count { $0 == $1 }
        #expect(right >= 990, "\(right) of 1000")
    }

    @Test("a translator comes out of two text files, by the commands of its page")
    func ownTranslator() throws {
        let folder = try TemporaryFolder()
        let output = try Self.run("docs/training-your-own-translator.md", in: folder)
        let found = try TextFile.lines(path: folder.path(of: "test.translated"))
        let expected = try TextFile.lines(path: folder.path(of: "pairs/test.target"))
        let right = zip(found, expected).count { $0 == $1 }
        #expect(right >= expected.count * 9 / 10, "\(right) of \(expected.count)")
        #expect(output.contains("BLEU|"))
    }

    @Test("what a model attends to is written by the commands of its page")
    func attention() throws {
        let folder = try TemporaryFolder()
        let output = try Self.run("docs/attention.md", in: folder)
        let names = try folder.names()
        for name in [
            "attention.html", "attention.json", "figure.svg", "text.html", "weights.npz",
            "cross-attention.svg", "without",
        ] {
            #expect(names.contains(name), "\(name)")
        }
        #expect(output.contains("BLEU|"))
    }

    @Test("every block of commands of the README runs but those of make")
    func all() throws {
        let text = try Self.text("README.md")
        let blocks = text.matches(of: #/```sh\n(?<lines>(?:(?!```).*\n)+)```/#)
        let others = blocks.count { !$0.output.lines.hasPrefix("make ") }
        #expect(try Self.commands("README.md").count == others && blocks.count > others)
    }

    @Test("every verb and every target of make that a page names is there")
    func names() throws {
        let help = try Program.run(["--help"]).output
        let makefile = try Self.text("Makefile")
        let pages = try FileManager.default.contentsOfDirectory(
            atPath: Repository.root.appending(path: "docs").path
        ).filter { $0.hasSuffix(".md") }.map { "docs/\($0)" }
        for page in pages + ["README.md", "CONTRIBUTING.md"] {
            let text = try Self.text(page)
            for verb in Self.words(after: "heed", in: text) where verb != "help" {
                #expect(help.contains("\n  \(verb) "), "heed \(verb) in \(page)")
            }
            for target in Self.words(after: "make", in: text) {
                #expect(makefile.contains("\n\(target):"), "make \(target) in \(page)")
            }
        }
    }

    /// What follows a command at the beginning of a line or of a span of code.
    private static func words(after command: String, in text: String) -> Set<String> {
        let starts = ["\n\(command) ", "`\(command) "]
        return Set(
            starts.flatMap { start in
                text.components(separatedBy: start).dropFirst().map { rest in
                    String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "-" })
                }
            }
        ).subtracting([""])
    }
}
