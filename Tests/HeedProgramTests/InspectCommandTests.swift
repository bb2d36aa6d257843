import Foundation
import HeedFormats
import HeedTestSupport
import Testing

@Suite("heed inspect and heed doctor")
struct InspectCommandTests {
    @Test("a model, a checkpoint and a file show what is in them")
    func kinds() throws {
        let model = try SmallRun.shared.get().model
        let text = try Program.require(["inspect", model]).output
        #expect(text.contains("marian: 1 + 1 layers, width 32, feed-forward 48 (relu), 2 heads"))
        #expect(text.contains("model.shared.weight"))
        var counts: [Int] = []
        for (path, kind) in [
            (model, "model"), ("\(model)/checkpoints/step-30", "checkpoint"),
            ("\(model)/epochs/\(try Folder.names(in: model + "/epochs")[0])", "weights"),
            ("\(model)/model.safetensors", "file"),
        ] {
            let result = try Program.require(["inspect", path, "--json"])
            let object = try JSONParser().parse(result.output)
            #expect(object["kind"]?.stringValue == kind)
            counts.append(try #require(object["parameters"]?.intValue))
            let tensors = try #require(object["tensors"]?.arrayValue)
            #expect(
                tensors.contains { $0["name"] == "model.shared.weight" && $0["dtype"] == "F32" })
            let sizes = tensors.map { tensor in
                (tensor["shape"]?.arrayValue ?? []).reduce(1) { $0 * ($1.intValue ?? 0) }
            }
            #expect(sizes.reduce(0, +) == counts.last)
        }
        #expect(Set(counts).count == 1)
    }

    @Test("what cannot be read ends with one line and its code")
    func badInput() throws {
        let folder = try TemporaryFolder()
        #expect(try Program.run(["inspect", folder.path(of: "no")]).isFailure(66))
        #expect(try Program.run(["inspect", folder.path]).isFailure(66))
        let file = try folder.file("x.safetensors", "nonsense")
        #expect(try Program.run(["inspect", file]).isFailure(65, naming: "x.safetensors"))
        let configuration = try folder.file("config.json", "{\"model_type\": 5}")
        #expect(
            try Program.run(["inspect", folder.path]).isFailure(65, naming: configuration, "5"))
    }

    @Test("the doctor says what is used, what was measured, and what is wrong")
    func doctor() throws {
        let result = try Program.require(
            ["doctor", "--json"], environment: ["HEED_ISA": "mmx", "HEED_THREADS": "2"])
        let object = try JSONParser().parse(result.output)
        #expect(object["threads"]?.intValue == 2)
        #expect(object["instruction_sets"]?.arrayValue?.contains("generic") == true)
        #expect(object["onednn"]?.stringValue?.contains(".") == true)
        #expect(object["rows_invariant_float32"]?.boolValue != nil)
        for name in ["gflops_float32", "gflops_int8", "read_gb_per_second"] {
            #expect(try #require(object[name]?.doubleValue) > 0)
        }
        let problems = try #require(object["problems"]?.arrayValue).compactMap(\.stringValue)
        #expect(problems.contains { $0.contains("HEED_ISA=mmx is unknown") })
        let text = try Program.require(["doctor"])
        for name in ["default precision  ", "oneDNN  ", "reads from memory  "] {
            #expect(text.output.contains("\n\(name)"))
        }
    }
}
