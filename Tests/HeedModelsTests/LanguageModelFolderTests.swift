import Glibc
import HeedFormats
import HeedGeneration
import HeedModels
import HeedNN
import HeedTensor
import HeedTestSupport
import Testing

@Suite("Folders of language models of transformers")
struct LanguageModelFolderTests {
    static let names = [
        "gpt2_tiny", "llama_tiny", "llama_linear_tiny", "llama_dynamic_tiny",
        "llama_llama3_tiny", "llama_yarn_tiny", "mistral_tiny", "qwen2_tiny", "qwen3_tiny",
        "phi3_tiny",
    ]

    /// The folders in Tests/Fixtures, and in the folder that HEED_LANGUAGE_MODEL_FOLDERS names, if it is set.
    static let folders: [String] = {
        let tiny = names.map { Fixture.path("models/\($0)") }
        guard let more = unsafe getenv("HEED_LANGUAGE_MODEL_FOLDERS") else { return tiny }
        let path = unsafe String(cString: more)
        let found = (try? Folder.names(in: path)) ?? []
        return tiny + found.sorted().map { RelativePath.join(path, $0) }
    }()

    @Test("logits and hidden states are those of transformers", arguments: folders)
    func forward(folder: String) throws {
        let model = try LanguageModel(folder: folder, as: .float32)
        let rows = try LanguageFolder(folder).rows
        let file = try SafetensorsFile(path: RelativePath.join(folder, "expected.safetensors"))
        for (name, tensors) in outputs(model, rows.map(\.ids)) {
            guard file.entry(named: name) != nil else { continue }
            let expected = try Tensor(reading: name, from: file)
            for (row, tensor) in zip(rows, tensors) {
                let wanted = row.part(of: expected)
                #expect(distance(tensor, wanted) <= 1e-4, "\(name), row \(row.index)")
            }
        }
    }

    @Test("a text in a batch gives the bits that it gives alone", arguments: folders)
    func alone(folder: String) throws {
        let model = try LanguageModel(folder: folder)
        let texts = try LanguageFolder(folder).rows.map(\.ids)
        let together = try #require(outputs(model, texts)["logits"])
        for (text, logits) in zip(texts, together) {
            let alone = try #require(outputs(model, [text])["logits"])
            #expect(sameBits(alone[0], logits), "\(text.count) tokens")
        }
    }

    @Test("token by token, or piece by piece, gives the bits of the whole", arguments: folders)
    func cached(folder: String) throws {
        // Weights of bfloat16 are read by one kernel for steps and by another for prompts: as float32 both are one.
        let model = try LanguageModel(folder: folder, as: .float32)
        // There, positions of one text are turned by its length at the time when each was read.
        if model.configuration.type != .phi3,
            model.configuration.rotary?.scaling.changingLength != nil
        {
            return
        }
        let texts = try LanguageFolder(folder).rows.map(\.ids)
        for text in texts {
            let whole = try #require(outputs(model, [text])["logits"])[0]
            for step in [1, 7] {
                let decoder = LanguageModelDecoder(
                    model, slots: 2, capacity: text.count, Context())
                for start in stride(from: 0, to: text.count, by: step) {
                    let end = min(start + step, text.count)
                    let logits = decoder.append([Array(text[start..<end])], slots: [1])
                    // Until its whole length is known, a text may have other frequencies.
                    let known = try #require(outputs(model, [Array(text[..<end])])["logits"])[0]
                    #expect(sameBits(logits, known.rowsView(end - 1..<end)), "token \(end)")
                    if end == text.count {
                        #expect(sameBits(logits, whole.rowsView(end - 1..<end)))
                    }
                }
            }
        }
    }

    @Test("bfloat16 weights where the file has them give the logits of float32 ones, step by step")
    func streamed() throws {
        let folder = Fixture.path("models/mistral_tiny")
        let (streamed, plain) = (
            try LanguageModel(folder: folder), try LanguageModel(folder: folder, as: .float32)
        )
        #expect(streamed.embedding.tokens.weight.elementType == .bfloat16)
        for text in try LanguageFolder(folder).rows.map(\.ids) {
            let whole = try #require(outputs(plain, [text])["logits"])[0]
            #expect(distance(try #require(outputs(streamed, [text])["logits"])[0], whole) <= 1e-4)
            let decoder = LanguageModelDecoder(
                streamed, slots: 1, capacity: text.count, Context())
            for (index, token) in text.enumerated() {
                let logits = decoder.advance([token], slots: [0])
                #expect(distance(logits, whole.rowsView(index..<index + 1)) <= 1e-4)
            }
        }
    }

    @Test("greedy search finds the 64 tokens of transformers", arguments: folders)
    func greedy(folder: String) throws {
        let model = try LanguageModel(folder: folder, as: .float32)
        let expected = try LanguageFolder(folder)
        var options = GenerationOptions()
        options.maximumLength = 64
        let prompts = expected.rows.map { TokenGenerator.Prompt($0.ids) }
        // Fewer slots than texts: they take each other's places.
        let decoder = LanguageModelDecoder(
            model, slots: 2, capacity: 64 + (prompts.map(\.tokens.count).max() ?? 0), Context())
        var generator = try TokenGenerator(prompts, options, with: decoder)
        let found = try generator.run()
        for (row, result) in zip(expected.rows, found) {
            let wanted = try expected.tokens("greedy.\(row.index)")
            #expect(result.tokens.map(\.token) == wanted, "row \(row.index)")
        }
    }

    @Test("beam search finds what transformers finds", arguments: folders)
    func beam(folder: String) throws {
        let model = try LanguageModel(folder: folder, as: .float32)
        let expected = try LanguageFolder(folder)
        for name in ["beam", "ended"] where expected.has("\(name).0") {
            var options = BeamSearchOptions(
                startToken: 0, endToken: Int32(model.configuration.endTokens.first ?? 0))
            options.beamWidth = 4
            options.maximumLength = 64
            options.hasEndToken = name == "ended" && !model.configuration.endTokens.isEmpty
            let prompts = expected.rows.map(\.ids)
            let decoder = LanguageModelDecoder(
                model, prompts: prompts, slots: 8,
                capacity: 64 + (prompts.map(\.count).max() ?? 0), Context())
            let found = try BeamSearch(options).search(
                Array(prompts.indices), startTokens: prompts.compactMap(\.last), with: decoder)
            for (row, hypotheses) in zip(expected.rows, found) {
                let best = try #require(hypotheses.first)
                let end = best.isComplete ? [options.endToken] : []
                let wanted = try expected.tokens("\(name).\(row.index)")
                #expect(best.tokens + end == wanted, "\(name), row \(row.index)")
                let score = try expected.score("\(name).\(row.index)")
                #expect(abs(best.score - score) <= 1e-4, "\(name), row \(row.index)")
            }
        }
    }

    @Test("a folder that is written again holds the same model", arguments: folders)
    func roundTrip(folder: String) throws {
        let model = try LanguageModel(folder: folder)
        let texts = try LanguageFolder(folder).rows.map(\.ids)
        try withTemporaryFolder { path in
            try model.write(toFolder: path)
            let again = try LanguageModel(folder: path)
            #expect(again.configuration == model.configuration)
            for (one, other) in zip(model.parameters, again.parameters) {
                #expect(one.name == other.name && sameBits(one.value, other.value))
            }
            let (before, after) = (outputs(model, texts), outputs(again, texts))
            for (name, tensors) in before {
                for (one, other) in zip(tensors, try #require(after[name])) {
                    #expect(sameBits(one, other), "\(name)")
                }
            }
        }
    }

    /// Logits and hidden states of texts that run through the model together.
    private func outputs(_ model: LanguageModel, _ texts: [[Int32]]) -> [String: [Tensor]] {
        let packing = SequencePacking(lengths: texts.map(\.count))
        var found: [String: [Tensor]] = [:]
        var index = 0
        let states = model(Tensor(texts.flatMap(\.self)), packing: packing, Context()) { states in
            found["hidden_states.\(index)"] = packing.rows.map { states.rowsView($0) }
            index += 1
        }
        let logits = model.logits(states, Context())
        found["logits"] = packing.rows.map { logits.rowsView($0) }
        return found
    }
}

/// The inputs of a folder, and what transformers generated from them.
private struct LanguageFolder {
    /// A row of the inputs, without its padding.
    struct Row {
        let index: Int
        let ids: [Int32]
        let columns: Range<Int>

        /// The row's part of a padded tensor [B, T, D].
        func part(of tensor: Tensor) -> Tensor {
            let context = Context()
            let own = context.sliced(tensor, axis: 0, index..<index + 1)
            let width = tensor.shape[2]
            return context.sliced(
                context.reshaped(own, [tensor.shape[1], width]), axis: 0, columns)
        }
    }

    let rows: [Row]
    private let generated: SafetensorsFile

    init(_ folder: String) throws {
        let file = try SafetensorsFile(path: RelativePath.join(folder, "inputs.safetensors"))
        let ids = try Tensor(reading: "input_ids", from: file)
        let values = ids.scalars(as: Int64.self)
        let mask = try Tensor(reading: "attention_mask", from: file).scalars(as: Int64.self)
        let width = ids.shape[1]
        rows = (0..<ids.shape[0]).map { row in
            let columns = (0..<width).filter { mask[row * width + $0] == 1 }
            let first = columns.first ?? 0
            return Row(
                index: row, ids: columns.map { Int32(values[row * width + $0]) },
                columns: first..<first + columns.count)
        }
        generated = try SafetensorsFile(
            path: RelativePath.join(folder, "generated.safetensors"))
    }

    func has(_ name: String) -> Bool { generated.entry(named: name) != nil }

    func tokens(_ name: String) throws -> [Int32] {
        try Tensor(reading: name, from: generated).scalars(as: Int64.self).map { Int32($0) }
    }

    func score(_ name: String) throws -> Double {
        Double(try Tensor(reading: "\(name).score", from: generated).floats[0])
    }
}
