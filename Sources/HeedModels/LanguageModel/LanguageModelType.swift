public import HeedFormats
import HeedNN

/// The types of language models that a folder's `config.json` may name.
public enum LanguageModelType: String, Sendable, CaseIterable {
    /// GPT-2 (Radford et al. 2019).
    case gpt2
    /// Llama, and what has its form: TinyLlama, SmolLM and others (Touvron et al. 2023).
    case llama
    /// Mistral: a Llama with a window.
    case mistral
    /// Qwen 2 and 2.5: biases of queries, keys and values, windows in some layers.
    case qwen2
    /// Qwen 3: norms of each head's queries and keys.
    case qwen3
    /// Phi-3: fused tensors, positions that turn a part of each head.
    case phi3

    /// Who knows the files of the type.
    var family: any LanguageModelFamily.Type {
        self == .gpt2 ? GPT2Family.self : LlamaFamily.self
    }
}

/// What sets a family of language models apart: its `config.json` and the names of its tensors.
///
/// To add one: a folder with a type that conforms to this, a case of `LanguageModelType`, and what its layers do otherwise
/// as an option of `LayerOptions`.
protocol LanguageModelFamily {
    /// The names of the tensors.
    static func names(_ type: LanguageModelType) -> LanguageModelNames

    /// What the family's files call the fields that Llama's call so.
    static var fieldNames: [String: String] { get }

    /// Reads a `config.json` of this type; sizes are validated by the caller.
    ///
    /// Throws `JSONFieldError`.
    static func configuration(
        _ json: JSONObjectReader, _ type: LanguageModelType
    ) throws -> LanguageModelConfiguration

    /// The fields of a `config.json`, without those that all families share.
    static func fields(_ configuration: LanguageModelConfiguration) -> JSONObject

    /// Whether a file may hold a tensor of this name that the model has no use for.
    static func mayIgnore(_ name: String) -> Bool
}

/// The names of a language model's tensors in files.
struct LanguageModelNames {
    /// What stands before all names but the output projection's.
    let prefix: String
    /// The embedding's table.
    let tokens: String
    /// The learned positions.
    let positions: String
    /// The layers.
    let layers: String
    /// The last norm.
    let finalNorm: String
    /// What is inside a layer.
    let layer: LayerNames
    /// The output projection, where it is no copy of the table.
    static let projection = "lm_head.weight"
}

/// The types of models that Heed opens.
public enum ModelType: Sendable, Hashable {
    /// An encoder-decoder model.
    case transformer(TransformerConfiguration.Family)
    /// A model that continues text.
    case language(LanguageModelType)

    /// All types, by the names that `config.json` gives them.
    public static let names =
        TransformerConfiguration.Family.allCases.map(\.rawValue)
        + LanguageModelType.allCases.map(\.rawValue)

    /// The type that a `config.json` names.
    ///
    /// Throws `JSONFieldError`, which lists what is supported.
    public init(_ json: JSONObjectReader) throws {
        let name = try json.string("model_type")
        if let family = TransformerConfiguration.Family(rawValue: name) {
            self = .transformer(family)
        } else if let type = LanguageModelType(rawValue: name) {
            self = .language(type)
        } else {
            throw json.error(
                "model_type",
                "is not supported here; known are \(Self.names.joined(separator: ", "))")
        }
    }

    /// The type of the model in a folder.
    ///
    /// Throws `FileError`, `JSONError` and `JSONFieldError`.
    public init(folder: String) throws {
        try self.init(JSONObjectReader(configurationIn: folder))
    }
}

extension JSONObjectReader {
    /// The `config.json` of a model's folder.
    init(configurationIn folder: String, name: String = "config.json") throws {
        let path = RelativePath.join(folder, name)
        try self.init(parsing: InputFile.bytes(path: path, limit: 16 << 20), file: path)
    }

    /// Refuses weights of a type that is not read, such as quantised ones. The type itself is told by each tensor.
    func checkElementType() throws {
        let known = ["float32", "float16", "bfloat16", "float64"]
        for name in ["dtype", "torch_dtype"] {
            guard let type = try optionalString(name) else { continue }
            guard known.contains(type) || known.contains(where: { type == "torch.\($0)" }) else {
                throw error(name, "is not supported; known are \(known.joined(separator: ", "))")
            }
        }
        if contains("quantization_config") {
            throw error("quantization_config", "is not supported: quantised weights are not read")
        }
    }

    /// Tokens that stand by themselves or in an array; none where the field is missing.
    func tokens(_ name: String) throws -> [Int] {
        guard let value = optionalValue(name) else { return [] }
        if value.arrayValue == nil { return [try int(name)] }
        return try ints(name)
    }
}
