import Foundation
import HeedFormats
import HeedTestSupport
import Testing

@Suite("heed forward")
struct ForwardCommandTests {
    @Test(
        "logits, states and attentions are those of transformers, with zeros at padding",
        arguments: ["marian_tiny", "marian_separate_tiny", "pegasus_tiny"])
    func parity(name: String) throws {
        let folder = try TemporaryFolder()
        let model = "\(Repository.models)/\(name)"
        let output = folder.path(of: "output")
        try Program.require([
            "forward", "--model", model, "--input", "\(model)/inputs.safetensors", "--output",
            output,
        ])
        let expected = try SafetensorsFile(path: "\(model)/expected.safetensors")
        let found = try SafetensorsFile(path: output)
        #expect(Set(found.names) == Set(expected.names))
        for entry in expected.entries {
            let other = try #require(found.entry(named: entry.name))
            #expect(other.shape == entry.shape && other.type == .float32)
            let (a, b) = (
                try expected.floats(of: entry.name), try found.floats(of: entry.name)
            )
            let difference = zip(a, b).contains { !(abs($0 - $1) <= 1e-4) }
            #expect(a.count == b.count && !difference, "\(entry.name)")
            #expect(zip(a, b).allSatisfy { $0 != 0 || $1 == 0 }, "padding of \(entry.name)")
        }
    }

    @Test("padding on the left counts for positions alone, and no mask means no padding")
    func masks() throws {
        let folder = try TemporaryFolder()
        func logits(_ name: String, ids: [Int64], mask: [Int64]?) throws -> [Float] {
            var tensors: [(String, [Int], [Int64])] = [
                ("input_ids", [1, ids.count], ids), ("decoder_input_ids", [1, 2], [22, 3]),
            ]
            if let mask { tensors.append(("attention_mask", [1, mask.count], mask)) }
            let output = folder.path(of: "\(name).out")
            try Program.require([
                "forward", "--model", "\(Repository.models)/marian_tiny", "--input",
                try write(tensors, folder.path(of: name)), "--output", output,
            ])
            return try SafetensorsFile(path: output).floats(of: "logits")
        }
        let plain = try logits("plain", ids: [4, 5, 0], mask: nil)
        #expect(try logits("full", ids: [4, 5, 0], mask: [1, 1, 1]) == plain)
        #expect(try logits("right", ids: [4, 5, 0, 99], mask: [1, 1, 1, 0]) == plain)
        let left = try logits("left", ids: [-1, 4, 5, 0], mask: [0, 1, 1, 1])
        #expect(left != plain && left.count == plain.count)
    }

    @Test("inputs that a model cannot take end with 65 and name the tensor")
    func badInputs() throws {
        let folder = try TemporaryFolder()
        let (ids, target) = ("input_ids", "decoder_input_ids")
        let good: (String, [Int], [Int64]) = (target, [1, 1], [22])
        let cases: [([(String, [Int], [Int64])], String)] = [
            ([(ids, [1, 2], [4, 23]), good], "row 0, token 1 is 23"),
            ([(ids, [1, 1], [-1]), good], "is -1"), ([(ids, [2], [4, 5]), good], "[sequences"),
            ([(ids, [2, 1], [4, 5]), good], "has 1 sequences, but input_ids has 2"),
            ([(ids, [1 << 40, 0], []), good], "sequences of 0 tokens; at most 1024"),
            ([(ids, [1025, 0], []), good], "sequences of 0 tokens; at most 1024"),
            (
                [(ids, [65_537, 1], [Int64](repeating: 4, count: 65_537)), good],
                "sequences of 1 tokens; at most 65536"
            ),
            ([(ids, [0, 1 << 40], []), (target, [0, 1 << 40], [])], "tokens a row; at most"),
            ([good], "input_ids"), ([(ids, [1, 1], [4])], "decoder_input_ids"),
            (
                [(ids, [1, 3], [4, 5, 6]), ("attention_mask", [1, 3], [1, 0, 1]), good],
                "padding between tokens"
            ),
            (
                [(ids, [1, 2], [4, 5]), ("attention_mask", [2, 1], [1, 1]), good], "attention_mask"
            ),
            ([(ids, [1, 2], [4, 5]), ("attention_mask", [1, 2], [1, 2]), good], "holds 2"),
        ]
        for (index, (tensors, words)) in cases.enumerated() {
            let input = try write(tensors, folder.path(of: "\(index)"))
            let output = folder.path(of: "output")
            let result = try Program.run([
                "forward", "--model", "\(Repository.models)/marian_tiny", "--input", input,
                "--output",
                output,
            ])
            #expect(result.isFailure(65, naming: words), "\(words): \(result.errors)")
            #expect(!FileManager.default.fileExists(atPath: output))
        }
        let input = try write([(ids, [1, 1], [4]), good], folder.path(of: "good"))
        let nowhere = try Program.run([
            "forward", "--model", "\(Repository.models)/marian_tiny", "--input", input, "--output",
            folder.path(of: "no/file"),
        ])
        #expect(nowhere.isFailure(73, naming: "no/file"))
    }

    private func write(_ tensors: [(String, [Int], [Int64])], _ path: String) throws -> String {
        let writer = try SafetensorsWriter(
            path: path, tensors: tensors.map { TensorDescription($0.0, .int64, $0.1) })
        for (name, _, values) in tensors {
            try unsafe values.withUnsafeBytes { try unsafe writer.write($0, to: name) }
        }
        try writer.commit()
        return path
    }
}
