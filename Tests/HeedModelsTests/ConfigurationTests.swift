import HeedFormats
import HeedModels
import HeedNN
import HeedTensor
import HeedTestSupport
import Testing

@Suite("Configurations from outside")
struct ConfigurationTests {
    /// A configuration that can be used, with one field changed; nil removes the field.
    private static func json(_ field: String = "", _ value: JSONValue? = nil) -> JSONValue {
        var object = JSONObject()
        let fields: [(String, JSONValue)] = [
            ("model_type", "heed-transformer"), ("vocab_size", 20), ("d_model", 16),
            ("encoder_layers", 2), ("decoder_layers", 2), ("encoder_ffn_dim", 24),
            ("decoder_ffn_dim", 24), ("encoder_attention_heads", 4),
            ("decoder_attention_heads", 4), ("activation_function", "relu"),
            ("pad_token_id", 2), ("eos_token_id", 0), ("decoder_start_token_id", 2),
        ]
        for (name, known) in fields where name != field { object.insert(known, forName: name) }
        if let value { object.insert(value, forName: field) }
        return .object(object)
    }

    private static func read(_ json: JSONValue) throws -> TransformerConfiguration {
        try TransformerConfiguration(JSONObjectReader(json, file: "config.json"))
    }

    static let sizes = [
        "vocab_size", "d_model", "encoder_layers", "decoder_layers", "encoder_ffn_dim",
        "decoder_ffn_dim", "encoder_attention_heads", "decoder_attention_heads",
        "max_position_embeddings", "num_key_value_heads", "head_dim", "value_head_dim",
    ]

    @Test("the unchanged configuration can be used")
    func valid() throws {
        #expect(try Self.read(Self.json()).width == 16)
    }

    @Test("sizes that cannot work are refused by name", arguments: sizes)
    func hostileSizes(field: String) {
        let values: [JSONValue] = [
            0, -1, .int(.min), .int(.max), .int(1 << 40), 1.5, "4", true, [4], .double(1e300),
        ]
        for value in values {
            #expect(throws: (any Error).self, "\(field) = \(value)") {
                try Self.read(Self.json(field, value))
            }
            do { _ = try Self.read(Self.json(field, value)) } catch {
                let fieldError = error as? JSONFieldError
                #expect(fieldError?.file == "config.json", "\(value): \(error)")
                // A vocabulary that is too small is noticed by a token that is not in it.
                #expect(fieldError?.field == field, "\(value): \(error)")
            }
        }
    }

    @Test(
        "sizes above their limits are refused by name",
        arguments: sizes.filter { $0 != "vocab_size" && $0 != "max_position_embeddings" })
    func limits(field: String) {
        let error = #expect(throws: JSONFieldError.self) {
            try Self.read(Self.json(field, .int((1 << 24) - 3)))
        }
        #expect(error?.field == field)
    }

    @Test("the size of a vocabulary of its own is refused by name", arguments: [0, -1, 1 << 40])
    func targetVocabulary(size: Int) {
        guard case .object(var object) = Self.json("share_encoder_decoder_embeddings", false)
        else { return }
        object.insert(.int(size), forName: "decoder_vocab_size")
        let error = #expect(throws: JSONFieldError.self) { try Self.read(.object(object)) }
        #expect(error?.field == "decoder_vocab_size")
    }

    static let others: [(String, JSONValue)] = [
        ("model_type", "llama"), ("model_type", 3), ("activation_function", "relu6"),
        ("encoder_attention_heads", 5), ("decoder_attention_heads", 3),
        ("num_key_value_heads", 3), ("layer_norm_eps", 0), ("layer_norm_eps", -1e-5),
        ("layer_norm_eps", "NaN"), ("layer_norm_eps", 2), ("layer_norm_eps", .double(1e308)),
        ("dropout", 1), ("dropout", -0.1), ("dropout", "NaN"), ("attention_dropout", 1.5),
        ("activation_dropout", 2),
        ("norm_placement", "middle"), ("norm", "batch"), ("positions", "alibi"),
        ("pad_token_id", 20), ("pad_token_id", -1), ("eos_token_id", 1_000_000),
        ("decoder_start_token_id", 20), ("forced_eos_token_id", 99),
        ("dtype", "float33"), ("torch_dtype", "int8"), ("torch_dtype", "torch.float8_e4m3fn"),
        ("dtype", 32), ("dtype", ""), ("torch_dtype", ["float32"]),
        ("tie_word_embeddings", "yes"), ("trained_length", 0), ("gated_feed_forward", 1),
    ]

    @Test("values that cannot work are refused by name", arguments: others)
    func hostileValues(field: String, value: JSONValue) {
        do {
            _ = try Self.read(Self.json(field, value))
            Issue.record("\(field) = \(value) was accepted")
        } catch {
            #expect((error as? JSONFieldError)?.field == field, "\(value): \(error)")
        }
    }

    @Test(
        "types of weights that are read may be told",
        arguments: ["float32", "float16", "bfloat16", "float64", "torch.float32"])
    func elementTypes(name: String) throws {
        for field in ["dtype", "torch_dtype"] {
            #expect(throws: Never.self) { try Self.read(Self.json(field, .string(name))) }
        }
    }

    @Test("an impossible ε is refused in every family", arguments: ["marian", "pegasus"])
    func otherFamilies(family: String) throws {
        guard case .object(var object) = Self.json("model_type", .string(family)) else { return }
        for (value, isPossible) in [
            (1e-5, true), (0, false), (1e-46, false), (-1, false), (1, false),
        ] {
            object.updateValue(.double(value), forName: "layer_norm_eps")
            let found = try? Self.read(.object(object))
            #expect((found != nil) == isPossible, "\(value)")
        }
    }

    @Test("code that a folder brings along is never looked at")
    func remoteCode() throws {
        let map: JSONValue = ["AutoConfig": "evil.Config", "AutoModel": "evil.Model"]
        #expect(try Self.read(Self.json("auto_map", map)) == Self.read(Self.json()))
        try withTemporaryFolder { folder in
            let model = try Transformer(
                Self.read(Self.json()), builder: ModelBuilder(seed: 1))
            try model.write(toFolder: folder)
            guard case .object(var object) = model.configuration.json else { return }
            object.insert(map, forName: "auto_map")
            object.insert(true, forName: "trust_remote_code")
            try AtomicFile.write(JSONWriter().string(.object(object)), to: "\(folder)/config.json")
            let witness = "\(folder)/witness"
            try AtomicFile.write("open('\(witness)', 'w')\n", to: "\(folder)/evil.py")
            _ = try Transformer(folder: folder)
            #expect(try Folder.kind(of: witness) == nil)
            // Of a type that is not known, the code does not make one that is.
            object.updateValue("custom", forName: "model_type")
            try AtomicFile.write(JSONWriter().string(.object(object)), to: "\(folder)/config.json")
            #expect(throws: JSONFieldError.self) { try Transformer(folder: folder) }
        }
    }

    @Test("a type must be told")
    func missingType() {
        #expect(throws: JSONFieldError.self) { try Self.read(Self.json("model_type")) }
    }

    @Test("rotary positions need heads of an even size")
    func oddRotaryHeads() throws {
        guard case .object(var object) = Self.json("positions", "rotary") else { return }
        object.insert(3, forName: "head_dim")
        do {
            _ = try Self.read(.object(object))
            Issue.record("odd heads were accepted")
        } catch { #expect((error as? JSONFieldError)?.field == "head_dim") }
    }

    @Test("what is written is read again", arguments: ModelCase.all)
    func roundTrip(model: ModelCase) throws {
        #expect(try Self.read(model.configuration.json) == model.configuration)
    }

    @Test("huge sizes are compared with the file before anything is allocated")
    func hugeModel() throws {
        var configuration = TransformerConfiguration(
            vocabulary: 1 << 24, width: 1 << 16, layers: 1024, inner: 1 << 18, heads: 4096)
        configuration.positions = .rotary
        configuration.norm = .rms
        configuration.maximumPositions = 1 << 24
        configuration.headSize = 4096
        try withTemporaryFolder { path in
            try AtomicFile.write(
                JSONWriter().string(configuration.json), to: "\(path)/config.json")
            let writer = try SafetensorsWriter(
                path: "\(path)/model.safetensors",
                tensors: [TensorDescription("a", .float32, [1])])
            try Tensor([Float(1)]).write(to: writer, as: "a")
            try writer.commit()
            #expect(throws: TensorMismatch.self) { try Transformer(folder: path) }
        }
    }
}
