import Foundation
import HeedFormats
import HeedTestSupport
import Testing

@Suite("heed score")
struct ScoreCommandTests {
    private static let hypotheses = "The cat sat on the mat.\n\nA dog runs!\n"
    private static let references = "The cat sat on a mat.\n\nThe dog runs.\n"

    @Test("prints sacreBLEU's numbers with the signature")
    func bleu() throws {
        let folder = try TemporaryFolder()
        let hypothesis = try folder.file("hypothesis", Self.hypotheses)
        let reference = try folder.file("reference", Self.references)
        let result = try Program.run([
            "score", "--hypothesis", hypothesis, "--reference", reference,
        ])
        #expect(result.status == 0 && result.errors.isEmpty)
        let signature = "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:"
        #expect(result.output.hasPrefix("BLEU|\(signature)"))
        #expect(result.output.contains(" = 38.98 72.7/55.6/28.6/20.0 (BP = 1.000 "))

        let json = try Program.run([
            "score", "--hypothesis", hypothesis, "--reference", reference, "--json",
        ])
        let object = try JSONParser().parse(json.output)
        #expect(object["metric"] == "bleu")
        let score = try #require(object["score"]?.doubleValue)
        #expect(abs(score - 38.980_435_513) < 1e-6)
        #expect(object["signature"]?.stringValue?.hasPrefix(signature) == true)
    }

    @Test("options choose metric, words and case, and several references count")
    func options() throws {
        let folder = try TemporaryFolder()
        let hypothesis = try folder.file("hypothesis", "the cat sat on a mat .\n")
        let first = try folder.file("first", "The cat sat on a rug .\n")
        let second = try folder.file("second", "The dog sat on a mat .\n")
        func score(_ options: [String]) throws -> JSONValue {
            let result = try Program.run(
                ["score", "--hypothesis", hypothesis, "--json"] + options)
            return try JSONParser().parse(result.output)
        }
        let none = try score(["--reference", first, "--tokenize", "none"])
        #expect(none["signature"]?.stringValue?.contains("|tok:none|") == true)
        let lower = try score(["--reference", first, "--lowercase"])
        #expect(lower["signature"]?.stringValue?.contains("|case:lc|") == true)
        #expect(try #require(lower["score"]?.doubleValue) > #require(none["score"]?.doubleValue))
        let both = try score(["--lowercase", "--reference", first, second])
        let repeated = try score(["--lowercase", "--reference", first, "--reference", second])
        #expect(both["signature"]?.stringValue?.hasPrefix("nrefs:2|") == true)
        #expect(both == repeated)
        #expect(try #require(both["score"]?.doubleValue) > #require(lower["score"]?.doubleValue))
        let chrf = try score(["--reference", first, "--metric", "chrf"])
        #expect(chrf["metric"] == "chrf")
        #expect(chrf["signature"]?.stringValue?.contains("|nc:6|nw:0|") == true)
    }

    @Test("a file named - is standard input")
    func standardInput() throws {
        let folder = try TemporaryFolder()
        let reference = try folder.file("reference", Self.references)
        let result = try Program.run(
            ["score", "--hypothesis", "-", "--reference", reference], input: Self.references)
        #expect(result.output.contains(" = 100.00 "))
    }

    @Test("bad input ends with one line that names file and place")
    func badInput() throws {
        let folder = try TemporaryFolder()
        let good = try folder.file("good", Self.references)
        let short = try folder.file("short", "one\n")
        let latin = try folder.file("latin", bytes: Array("a\n".utf8) + [0x62, 0xE4, 0x0A])
        let empty = try folder.file("empty", "")
        let cases: [(hypothesis: String, reference: String, status: Int32, words: String)] = [
            (folder.path(of: "none"), good, 66, "none: cannot open"),
            (good, folder.path, 66, "is a folder"),
            (good, short, 65, "short: has 1 line, but"),
            (latin, good, 65, "latin: line 2: not valid UTF-8: byte 0xE4 at byte 2"),
            (empty, empty, 65, "no hypothesis"),
        ]
        for (hypothesis, reference, status, words) in cases {
            let result = try Program.run([
                "score", "--hypothesis", hypothesis, "--reference", reference,
            ])
            #expect(result.status == status, "\(words)")
            #expect(result.output.isEmpty && result.errorLines.count == 1)
            #expect(result.errors.hasPrefix("heed: "))
            #expect(result.errors.contains(words), "\(result.errors)")
        }
        let twice = try Program.run(["score", "--hypothesis", "-", "--reference", "-"])
        #expect(twice.isFailure(64, naming: "standard input can be read once"))
        let piped = try Program.run(
            ["score", "--hypothesis", "-", "--reference", good], input: "one\n")
        #expect(piped.isFailure(65, naming: "has 3 lines, but standard input has 1"))
        let usage = try Program.run(["score", "--hypothesis", good])
        #expect(usage.status == 64 && usage.errorLines.count == 1)
    }
}
