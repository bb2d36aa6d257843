import Foundation
import HeedFormats
import HeedTestSupport
import Testing

@Suite("Where models are, and what is wrong with them")
struct ModelFolderTests {
    @Test("a program that was moved finds its model beside it, and HEED_MODELS counts more")
    func moved() throws {
        let folder = try TemporaryFolder()
        let model = try SmallRun.shared.get().model
        let shared = folder.url.appending(path: "share/heed/tatoeba-de-en")
        let program = folder.url.appending(path: "bin/heed")
        for parent in [shared, program].map({ $0.deletingLastPathComponent() }) {
            try FileManager.default.createDirectory(
                at: parent, withIntermediateDirectories: true)
        }
        try FileManager.default.copyItem(at: Program.url(), to: program)
        let link = folder.url.appending(path: "link")
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: program)
        #expect(
            try run(program, ["translate", "a b"]).isFailure(
                66, naming: "no model", shared.path, "HEED_MODELS"))

        try copyModel(model, to: shared.path)
        let expected = try Program.require(["translate", "--model", model, "a b"]).output
        #expect(try run(program, ["translate", "a b"]).output == expected)
        #expect(try run(link, ["translate", "a b"]).output == expected)

        let models = folder.url.appending(path: "models")
        try copyModel(model, to: models.appending(path: "tatoeba-de-en").path)
        try FileManager.default.removeItem(at: shared)
        for place in [models.path, model] {
            let result = try run(
                program, ["translate", "a b"], environment: ["HEED_MODELS": place])
            #expect(result.output == expected, "\(result.errors)")
        }
        let wrong = try run(
            program, ["translate", "a b"], environment: ["HEED_MODELS": folder.path])
        #expect(wrong.isFailure(66, naming: folder.path))
    }

    @Test("a folder without a model, and models that do not fit their files, are refused")
    func broken() throws {
        let folder = try TemporaryFolder()
        let run = try SmallRun.shared.get()
        #expect(
            try translate(folder.path(of: "missing")).isFailure(66, naming: "missing"))
        let model = folder.path(of: "model")
        try copyModel(run.model, to: model)
        let weights = try InputFile.bytes(path: "\(model)/model.safetensors", limit: 1 << 30)
        let configuration = try TextFile.string(path: "\(model)/config.json")
        let tokenizer = try TextFile.string(path: "\(model)/tokenizer.json")
        func check(_ name: String, _ text: String, _ code: Int32, _ words: String) throws {
            let original = try InputFile.bytes(path: "\(model)/\(name)", limit: 1 << 30)
            try AtomicFile.write(text, to: "\(model)/\(name)")
            let result = try translate(model)
            #expect(result.isFailure(code, naming: words), "\(result)")
            try AtomicFile.write(original, to: "\(model)/\(name)")
        }
        let change = { (old: String, new: String) in
            configuration.replacing("\"\(old)", with: "\"\(new)")
        }
        try check("config.json", "{", 65, "config.json")
        try check(
            "config.json", change("d_model\": 32", "d_model\": 33"), 65, "must divide d_model")
        try check(
            "config.json", change("d_model\": 32", "d_model\": 64"), 65, "model.shared.weight")
        try check(
            "config.json", change("model_type\": \"marian", "model_type\": \"bert"), 65, "bert")
        try check("tokenizer.json", "[]", 65, "tokenizer.json")
        try check(
            "model.safetensors", String(decoding: weights.prefix(100), as: UTF8.self), 65,
            "model.safetensors")
        #expect(tokenizer.contains("\"merges\""))
        try FileManager.default.removeItem(atPath: "\(model)/model.safetensors")
        #expect(try translate(model).isFailure(66, naming: "model.safetensors"))
    }

    private func translate(_ model: String) throws -> ProgramResult {
        try Program.run(["translate", "--model", model, "a b"])
    }

    private func copyModel(_ model: String, to folder: String) throws {
        try Folder.create(folder)
        for name in ["config.json", "model.safetensors", "tokenizer.json"] {
            try FileManager.default.copyItem(
                atPath: "\(model)/\(name)", toPath: "\(folder)/\(name)")
        }
    }

    private func run(
        _ program: URL, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> ProgramResult {
        try Program.run(arguments, environment: environment, program: program)
    }
}
