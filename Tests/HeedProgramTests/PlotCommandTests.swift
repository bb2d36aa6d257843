import Foundation
import HeedTestSupport
import Testing

@Suite("heed plot")
struct PlotCommandTests {
    private static let lines = """
        {"epoch": 1, "update": 10, "train_loss": 4, "valid_loss": 3.5, "learning_rate": 0.1}
        {"epoch": 2, "update": 20, "train_loss": 3, "valid_loss": 2.5, "learning_rate": 0.2}

        """

    private func makeRun(_ folder: TemporaryFolder, _ name: String, _ lines: String) throws
        -> String
    {
        let path = folder.path(of: name)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Data(lines.utf8).write(to: URL(filePath: path + "/metrics.jsonl"))
        return path
    }

    @Test("draws the curves of a training that the program has made, as a page and as a picture")
    func training() throws {
        let run = try SmallRun.shared.get().model
        let folder = try TemporaryFolder()
        for name in ["curves.html", "curves.svg"] {
            let result = try Program.run(["plot", run, "--output", folder.path(of: name)])
            #expect(result.status == 0 && result.errors.isEmpty && result.output.isEmpty)
            let text = try String(contentsOfFile: folder.path(of: name), encoding: .utf8)
            for words in ["Loss per token", "Learning rate", "Tokens per second"] {
                #expect(text.contains(words))
            }
            #expect(
                !text.contains("http://")
                    || text.components(separatedBy: "http://").allSatisfy {
                        $0.hasPrefix("www.w3.org/2000/svg") || !$0.hasPrefix("www")
                    })
        }
        let svg = try String(contentsOfFile: folder.path(of: "curves.svg"), encoding: .utf8)
        _ = try WellFormedXML(svg)
    }

    @Test("several runs, and one that is going on")
    func several() throws {
        let folder = try TemporaryFolder()
        let first = try makeRun(folder, "first", Self.lines)
        let second = try makeRun(folder, "second", String(Self.lines.dropLast(20)))
        let output = folder.path(of: "curves.svg")
        let result = try Program.run(["plot", first, second, "--by", "epoch", "--output", output])
        #expect(result.status == 0)
        #expect(result.errors.contains("heed: warning:") && result.errors.contains("line 2"))
        let text = try String(contentsOfFile: output, encoding: .utf8)
        #expect(text.contains("first: validation") && text.contains("second: validation"))
    }

    @Test("bad input ends with one line and its code, and writes nothing")
    func badInput() throws {
        let folder = try TemporaryFolder()
        let run = try makeRun(folder, "run", Self.lines)
        let broken = try makeRun(folder, "broken", "{}\n")
        let empty = try makeRun(folder, "empty", "")
        let plain = try folder.file("plain", "x")
        let output = folder.path(of: "out.svg")
        let cases: [(runs: [String], output: String, status: Int32, words: String)] = [
            ([folder.path(of: "none")], output, 66, "none: "),
            ([folder.path], output, 66, "is no run: metrics.jsonl is missing"),
            ([plain], output, 66, "plain: "),
            ([broken], output, 65, "broken/metrics.jsonl: line 1: update: is missing"),
            ([empty], output, 65, "empty: nothing has been measured yet"),
            ([run, broken], output, 65, "line 1"),
            ([run], folder.path(of: "out.png"), 64, "must end with .html or .svg"),
            ([run], folder.path(of: "none/out.svg"), 73, "out.svg"),
            ([], output, 64, ""),
        ]
        for one in cases {
            let result = try Program.run(["plot"] + one.runs + ["--output", one.output])
            #expect(result.isFailure(one.status, naming: one.words), "\(result)")
            #expect(!FileManager.default.fileExists(atPath: one.output))
        }
    }
}
