import HeedFormats
import HeedModels
import HeedNN
import HeedTensor
import HeedTestSupport
import Testing

@Suite("Configurations of language models")
struct LanguageConfigurationTests {
    private func configuration(_ json: JSONValue) throws -> LanguageModelConfiguration {
        try LanguageModelConfiguration(JSONObjectReader(json, file: "config.json"))
    }

    /// The field that is refused in a small Llama with these fields changed.
    private func refused(_ changes: JSONObject) -> String? {
        var object: JSONObject = [
            "model_type": "llama", "vocab_size": 11, "hidden_size": 8, "intermediate_size": 12,
            "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 32,
        ]
        for entry in changes.entries { object[entry.name] = entry.value }
        do {
            _ = try configuration(.object(object))
            return nil
        } catch let error as JSONFieldError {
            return error.field
        } catch {
            return "\(error)"
        }
    }

    @Test("an unknown type is refused with a list of what is supported")
    func unknownType() throws {
        let error = #expect(throws: JSONFieldError.self) {
            try configuration(["model_type": "mamba"])
        }
        let words = try #require(error?.description)
        for name in ["marian", "gpt2", "llama", "mistral", "qwen2", "qwen3", "phi3", "mamba"] {
            #expect(words.contains(name), "\(name)")
        }
    }

    @Test("what a file leaves out has the defaults of its family")
    func defaults() throws {
        let gpt2 = try configuration(["model_type": "gpt2"])
        #expect(gpt2.vocabulary == 50_257 && gpt2.width == 768 && gpt2.inner == 3072)
        #expect(gpt2.endTokens == [50_256] && gpt2.tiesOutput && gpt2.rotary == nil)
        let llama = try configuration(["model_type": "llama"])
        #expect(llama.width == 4096 && llama.headSize == 128 && llama.keyValueHeads == 32)
        #expect(llama.startToken == 1 && llama.endTokens == [2] && !llama.tiesOutput)
        let mistral = try configuration(["model_type": "mistral"])
        #expect(mistral.window == 4096 && mistral.windowedLayers.count == 32)
        #expect(mistral.keyValueHeads == 8)
        let qwen = try configuration(["model_type": "qwen2"])
        #expect(qwen.window == nil && qwen.hasAttentionInputBias)
        #expect(!qwen.hasAttentionOutputBias && qwen.endTokens == [])
        #expect(try configuration(["model_type": "qwen3"]).headSize == 128)
    }

    @Test(
        "a null number of key-value heads is that of the heads, in every type",
        arguments: LanguageModelType.allCases)
    func nullKeyValueHeads(type: LanguageModelType) throws {
        let found = try configuration([
            "model_type": .string(type.rawValue), "hidden_size": 96, "n_embd": 96,
            "num_attention_heads": 6, "n_head": 6, "num_key_value_heads": nil,
        ])
        #expect(found.keyValueHeads == 6)
    }

    @Test("Phi-3's long positions are written as its own configuration has them")
    func phi3Fields() throws {
        var source: JSONObject = [
            "model_type": "phi3", "hidden_size": 16, "num_attention_heads": 2,
            "vocab_size": 100, "max_position_embeddings": 96, "bos_token_id": nil,
            "original_max_position_embeddings": 16,
            "rope_scaling": [
                "type": "longrope", "short_factor": [1.0, 1.1, 1.3, 1.7],
                "long_factor": [1.5, 2.0, 5.0, 9.0],
            ],
        ]
        let found = try configuration(.object(source))
        let json = found.json(weights: .float32)
        #expect(
            Set(json["rope_scaling"]?.objectValue?.names ?? [])
                == ["type", "short_factor", "long_factor"])
        #expect(json["original_max_position_embeddings"]?.intValue == 16)
        #expect(json["hidden_act"]?.stringValue == "silu")
        #expect(try configuration(json) == found)
        source["rope_scaling"] = [
            "type": "longrope", "short_factor": [1.0, 1.1, 1.3, 1.7],
            "long_factor": [1.5, 2.0, 5.0, 9.0], "attention_factor": 1.25,
        ]
        let other = try configuration(.object(source))
        let written = other.json(weights: .float32)
        #expect(written["rope_scaling"]?["attention_factor"]?.doubleValue == 1.25)
        #expect(try configuration(written) == other && other != found)
    }

    @Test("a refusal names the field as the file does, and its value once")
    func refusals() {
        let cases: [(JSONValue, String)] = [
            (
                ["model_type": "llama", "num_hidden_layers": .int(1_000_000)],
                "config.json: num_hidden_layers = 1000000: must be between 1 and 1024"
            ),
            (
                ["model_type": "gpt2", "n_embd": 10, "n_head": 3],
                "config.json: n_head = 3: must divide 10"
            ),
            (
                ["model_type": "gpt2", "n_embd": .int(1 << 17)],
                "config.json: n_embd = 131072: must be between 1 and 65536"
            ),
        ]
        for (json, message) in cases {
            let error = #expect(throws: JSONFieldError.self) { try configuration(json) }
            #expect(error?.description == message)
        }
    }

    @Test("newer and older forms of rotary positions mean the same")
    func rotaryForms() throws {
        let scaling: JSONObject = ["rope_type": "linear", "factor": 2.0]
        let older = try configuration([
            "model_type": "llama", "rope_theta": 5000.0,
            "rope_scaling": ["type": "linear", "factor": 2.0],
        ])
        var parameters = scaling
        parameters.insert(5000.0, forName: "rope_theta")
        let newer = try configuration([
            "model_type": "llama", "rope_parameters": .object(parameters),
        ])
        #expect(older == newer)
        #expect(older.rotary?.base == 5000 && older.rotary?.scaling == .linear(factor: 2))
    }

    @Test("several tokens may end a text")
    func endTokens() throws {
        let several = try configuration([
            "model_type": "llama", "eos_token_id": [5, 7], "vocab_size": 9,
        ])
        #expect(several.endTokens == [5, 7])
        // Small models keep the end marks of large ones, which never come.
        let beyond = try configuration([
            "model_type": "gpt2", "vocab_size": 9, "eos_token_id": 50_256, "bos_token_id": 9,
            "pad_token_id": -1,
        ])
        #expect(beyond.endTokens == [] && beyond.startToken == nil)
        #expect(beyond.paddingToken == nil)
        #expect(refused(["eos_token_id": ["5"]]) == "eos_token_id[0]")
    }

    @Test("sizes that cannot work are refused, by the field's name")
    func sizes() {
        #expect(refused([:]) == nil)
        let cases: [(String, JSONValue)] = [
            ("vocab_size", 0), ("vocab_size", -1), ("vocab_size", .int(1 << 40)),
            ("hidden_size", 0), ("hidden_size", .int(1 << 20)), ("hidden_size", "8"),
            ("num_hidden_layers", 0), ("num_hidden_layers", .int(1 << 20)),
            ("num_attention_heads", 0), ("num_attention_heads", 3),
            ("num_key_value_heads", 3), ("num_key_value_heads", 0),
            ("intermediate_size", 0), ("head_dim", 0), ("head_dim", .int(1 << 20)),
            ("head_dim", 5), ("max_position_embeddings", 0), ("rms_norm_eps", 0.0),
            ("rms_norm_eps", 2.0), ("rms_norm_eps", 1e-46), ("hidden_act", "mish"),
            ("dtype", "int4"),
            ("quantization_config", ["bits": 4]), ("rope_theta", 0.0), ("attention_dropout", 1.0),
        ]
        for (field, value) in cases {
            #expect(refused([field: value]) == field, "\(field) = \(value)")
        }
    }

    @Test("scalings that cannot work are refused")
    func scalings() {
        let cases: [(JSONObject, String)] = [
            (["rope_type": "linear"], "rope_scaling.factor"),
            (["rope_type": "linear", "factor": 0.0], "factor"),
            (["rope_type": "cubic"], "rope_scaling.rope_type"),
            (["rope_type": "linear", "factor": 1e300], "factor"),
            (
                [
                    "rope_type": "llama3", "factor": 2.0, "low_freq_factor": 4.0,
                    "high_freq_factor": 1.0,
                ], "high_freq_factor"
            ),
            (
                ["rope_type": "longrope", "short_factor": [1.0], "long_factor": [1.0, 1.0]],
                "short_factor"
            ),
            (
                ["rope_type": "longrope", "short_factor": [1.0, 0.0], "long_factor": [1.0, 1.0]],
                "short_factor"
            ),
            (["rope_type": "yarn", "factor": 2.0, "attention_factor": -1.0], "attention_factor"),
            (["rope_type": "yarn", "factor": 2.0, "beta_fast": 0.5], "beta_fast"),
            (["full_attention": ["rope_type": "default"]], "rope_scaling.full_attention"),
        ]
        for (scaling, field) in cases {
            #expect(refused(["rope_scaling": .object(scaling)]) == field, "\(scaling)")
        }
    }

    @Test("every configuration is written so that it reads back")
    func roundTrip() throws {
        for model in LanguageModelCase.all {
            let json = model.configuration.json(weights: .float32)
            #expect(try configuration(json) == model.configuration, "\(model.name)")
        }
    }

    @Test("a model visits every parameter that it stores", arguments: LanguageModelCase.all)
    func visits(model: LanguageModelCase) throws {
        let made = try LanguageModel(model.configuration, builder: ModelBuilder(seed: 1))
        #expect(unvisitedParameters(of: made) == [])
        #expect(repeatedNames(of: made) == [])
    }

    @Test("weights are drawn as GPT-2's: N(0, 0.02²), less where results are added up")
    func initialization() throws {
        let configuration = LanguageModelConfiguration.gpt2(
            vocabulary: 300, width: 64, layers: 2, heads: 4, positions: 128)
        let model = try LanguageModel(
            configuration, builder: ModelBuilder(seed: 3, initialization: .gpt2, depth: 2))
        for binding in model.bindings {
            let values = binding.parameter.value.floats.map(Double.init)
            let mean = values.reduce(0, +) / Double(values.count)
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            let deviation = (variance / Double(values.count)).squareRoot()
            if binding.name.hasSuffix("bias") {
                #expect(values.allSatisfy { $0 == 0 }, "\(binding.name)")
            } else if binding.name.contains("ln_") {
                #expect(values.allSatisfy { $0 == 1 }, "\(binding.name)")
            } else {
                let wanted = binding.name.hasSuffix("c_proj.weight") ? 0.01 : 0.02
                #expect(abs(deviation / wanted - 1) < 0.05, "\(binding.name): \(deviation)")
            }
        }
    }
}

/// A small configuration of every family.
struct LanguageModelCase: CustomTestStringConvertible, Sendable {
    let name: String
    let configuration: LanguageModelConfiguration

    var testDescription: String { name }

    private static func llama(
        _ name: String, _ change: (inout LanguageModelConfiguration) -> Void = { _ in }
    ) -> LanguageModelCase {
        var configuration = LanguageModelConfiguration.llama(
            vocabulary: 19, width: 16, layers: 2, heads: 4, keyValueHeads: 2, inner: 24,
            positions: 64)
        change(&configuration)
        return LanguageModelCase(name: name, configuration: configuration)
    }

    static let all: [LanguageModelCase] = [
        LanguageModelCase(
            name: "gpt2",
            configuration: .gpt2(
                vocabulary: 19, width: 15, layers: 2, heads: 3, positions: 40)),
        llama("llama"),
        llama("biases") {
            $0.hasAttentionInputBias = true
            $0.hasAttentionOutputBias = true
            $0.hasFeedForwardBias = true
            $0.tiesOutput = false
        },
        llama("mistral") {
            $0.type = .mistral
            $0.window = 5
            $0.windowedLayers = [0, 1]
        },
        llama("qwen2") {
            $0.type = .qwen2
            $0.hasAttentionInputBias = true
            $0.window = 5
            $0.windowedLayers = [1]
        },
        llama("qwen3") {
            $0.type = .qwen3
            $0.headSize = 10
            $0.rotary?.size = 10
        },
        llama("phi3") {
            $0.type = .phi3
            $0.rotary?.size = 2
        },
        llama("yarn") {
            $0.rotary?.scaling = .yarn(
                factor: 4, betaFast: 32, betaSlow: 1, originalLength: 16, isTruncated: true,
                attentionFactor: 1.1)
        },
    ]
}
