import Foundation
import HeedFormats
import HeedTestSupport
import Testing

@Suite("--precision")
struct PrecisionTests {
    @Test("logits of int8 are near those of float32, and not the same")
    func forward() throws {
        let folder = try TemporaryFolder()
        let model = "\(Repository.models)/marian_tiny"
        let logits = try ["float32", "int8"].map { precision in
            let output = folder.path(of: precision)
            try Program.require([
                "forward", "--model", model, "--input", "\(model)/inputs.safetensors", "--output",
                output, "--precision", precision,
            ])
            return try SafetensorsFile(path: output).floats(of: "logits")
        }
        let size = logits[0].reduce(0) { max($0, abs($1)) }
        #expect(logits[0] != logits[1])
        #expect(zip(logits[0], logits[1]).allSatisfy { abs($0 - $1) <= 0.1 * size })
    }

    @Test("translations and benchmarks of products and decoding know int8")
    func known() throws {
        let translated = try Program.require(
            ["translate", "--precision", "int8"], input: "Ein Hund läuft.\n\n")
        #expect(
            translated.output.split(separator: "\n", omittingEmptySubsequences: false).count == 3)
        for arguments in [
            ["matmul", "--m", "4", "--n", "5", "--k", "6"],
            [
                "decode-translation", "--preset", "tiny", "--vocabulary", "50", "--sentences", "3",
                "--source-length", "4", "--target-length", "5", "--beam", "2",
            ],
        ] {
            let result = try Program.require(
                ["bench"] + arguments + ["--precision", "int8", "--repeat", "1", "--json"])
            #expect(try JSONParser().parse(result.output)["precision"] == "int8")
        }
    }

    @Test("training, and attention alone, refuse int8 with one line and 64")
    func refused() throws {
        let folder = try TemporaryFolder()
        let text = try folder.file("text", "a\n")
        let files = ["train-source", "train-target", "valid-source", "valid-target"]
            .flatMap { ["--\($0)", text] }
        let training = ["train", "translation", "--output", folder.path(of: "run")] + files
        for arguments in [
            ["bench", "train-translation", "--precision", "int8"],
            ["bench", "attention", "--precision", "int8"],
            training + ["--precision", "int8"], training + ["--set", "precision=int8"],
        ] {
            let result = try Program.run(arguments)
            #expect(result.status == 64, "\(arguments)")
            #expect(result.errors.contains("int8") && result.errors.contains("float32"))
            #expect(result.errorLines.count == 1, "\(result.errors)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path(of: "run")))
    }

    @Test("an arithmetic that nobody knows is refused")
    func unknown() throws {
        let result = try Program.run(["translate", "--precision", "int4"])
        #expect(result.status == 64 && result.errors.contains("int4"))
    }
}
