import Foundation
import Testing

/// The package in `Examples`, built once for all tests as whoever uses Heed would build it.
private enum Examples {
    static let folder = Result { try build() }

    private static func build() throws -> URL {
        let script = Repository.root.appending(path: "Tools/build-examples.sh")
        let result = try Program.run(["-q"], program: script)
        guard result.status == 0 else {
            throw Program.Failed(arguments: [script.path], result: result)
        }
        #expect(!(result.output + result.errors).contains("warning: "), "\(result.output)")
        return Repository.root.appending(path: ".build/examples/release")
    }

    /// Runs an example, which must end with 0, and gives what it printed.
    static func run(_ name: String, input: String = "") throws -> String {
        let program = try folder.get().appending(path: name)
        let models = Repository.root.appending(path: "Models").path
        let result = try Program.run(
            [], input: input, environment: ["HEED_MODELS": models], program: program)
        guard result.status == 0 else { throw Program.Failed(arguments: [name], result: result) }
        return result.output
    }
}

@Suite("Examples")
struct ExamplesTests {
    @Test("a model learns to copy in 300 updates")
    func copyTask() throws {
        let lines = try Examples.run("CopyTask").split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines.dropLast().allSatisfy { $0.hasPrefix("update ") })
        let right = try #require(lines.last?.split(separator: " ").first.flatMap { Int($0) })
        #expect(right >= 60, "\(lines)")
    }

    @Test("a layer of one's own has the right gradients, and the check would notice wrong ones")
    func customLayer() throws {
        #expect(
            try Examples.run("CustomLayer") == """
                tensors: transform.weight [6, 6], transform.bias [6], gate.weight [6, 6], gate.bias [6]
                forgotten: []
                wrong gradients: []
                an error of 0.1 % is noticed: true

                """)
    }

    @Test("handlers translate at the same time, and refuse what they cannot take")
    func server() throws {
        let long = String(repeating: "a", count: 501)
        let questions = (0..<20).flatMap { _ in
            ["/translate?text=Wo%20ist%20der%20Bahnhof%3F", "/translate?text=Guten%20Morgen!"]
        }
        let others = ["/", "/translate", "/translate?text=\(long)", "/translate?text="]
        let input = (questions + others).map { "GET \($0)\n" }.joined()
        let lines = try Examples.run("TranslationServer", input: input)
            .split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 45)
        for (index, line) in lines.prefix(40).enumerated() {
            #expect(line == (index % 2 == 0 ? "200 Where's the station?" : "200 Good morning."))
        }
        #expect(lines.dropFirst(40).map { $0.prefix(3) } == ["404", "400", "413", "200", ""])
    }

    @Test("attention is captured of a translation, and of layers and heads that are chosen")
    func captureAttention() throws {
        let lines = try Examples.run("CaptureAttention").split(separator: "\n")
        #expect(lines.contains { $0.hasSuffix("← Bahnhof") }, "\(lines)")
        let heads = lines.filter { $0.hasPrefix("encoder.") }
        #expect(
            heads
                == [(0, 0), (0, 3), (1, 0), (1, 3)].map { layer, head in
                    "encoder.\(layer).self, head \(head): [4, 4], rows sum to 1: true"
                })
        #expect(lines.last == "the same bits: true")
    }

    @Test("weights come back as they were written, and what does not fit is told whole")
    func weights() throws {
        let output = try Examples.run("Weights")
        let lines = output.split(separator: "\n")
        #expect(lines.first?.hasSuffix("parameters, read as written: true") == true, "\(output)")
        #expect(lines.contains { $0.hasSuffix("q_proj.weight: [128, 128]") })
        #expect(lines.contains { $0.hasSuffix("q_proj.weight: float32, bfloat16") })
        #expect(lines.contains("unexpected: [\"bias\"]"))
        #expect(lines.last?.contains("[3, 5]") == true && lines.last?.contains("[3, 4]") == true)
    }
}
