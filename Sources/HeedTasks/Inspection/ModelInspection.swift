public import HeedFormats
package import HeedModels
import HeedNN

/// What is in a model folder, a checkpoint or a safetensors file, without loading it.
public struct ModelInspection: Sendable {
    /// What a path leads to.
    public enum Kind: String, Sendable {
        /// A folder with a `config.json`.
        case model
        /// A folder of a training run's checkpoints.
        case checkpoint
        /// A folder with weights alone.
        case weights
        /// A file.
        case file
    }

    /// What was inspected.
    public let path: String
    /// What it is.
    public let kind: Kind
    /// The tensors.
    public let tensors: [TensorEntry]
    /// The file's free strings.
    public let metadata: [(name: String, value: String)]
    /// A model's `config.json` or a checkpoint's `state.json`, as it stands there.
    public let description: JSONObject?
    /// A model's family, if this version reads it.
    public let configuration: ConfigurationSummary?
    /// Why the model has no summary; nil where it has one, and for what is no model.
    public let note: String?

    private static let configurationName = "config.json"
    private static let stateName = "state.json"

    /// Looks into a folder or file.
    ///
    /// Throws errors that name the file and what is wrong with it.
    public init(path: String) throws {
        self.path = path
        guard try Folder.kind(of: path) == .folder else {
            let file = try SafetensorsFile(path: path)
            kind = .file
            tensors = file.entries
            metadata = file.metadata?.entries.map { ($0.name, $0.value) } ?? []
            description = nil
            configuration = nil
            note = nil
            return
        }
        let read = { (name: String) -> JSONObjectReader? in
            let file = RelativePath.join(path, name)
            guard try Folder.kind(of: file) != nil else { return nil }
            return try JSONObjectReader(path: file)
        }
        let model = try read(Self.configurationName)
        let state = try model == nil ? read(Self.stateName) : nil
        kind = model != nil ? .model : state != nil ? .checkpoint : .weights
        description = (model ?? state)?.object
        (configuration, note) = try model.map(Self.summary) ?? (nil, nil)
        tensors = try TensorFolder(path: path).entries
        metadata = []
    }

    /// The summary of a `config.json`, or why this version does not run such models.
    private static func summary(
        _ json: JSONObjectReader
    ) throws -> (ConfigurationSummary?, String?) {
        do {
            return (try ConfigurationSummary(json), nil)
        } catch let error as JSONFieldError where isUnknown(error, json) {
            return (nil, "\(error)")
        }
    }

    /// Whether an error says that models of a type, or with weights of a type, are not run here.
    private static func isUnknown(_ error: JSONFieldError, _ json: JSONObjectReader) -> Bool {
        error.field == "quantization_config"
            || (error.field == "model_type" && json.object["model_type"]?.stringValue != nil)
    }

    /// The type of the model in a folder, or nil where there is no `config.json` or it names a type that this version does
    /// not run.
    ///
    /// Throws errors that name the file and what is wrong with it.
    package static func type(ofModelIn folder: String) throws -> ModelType? {
        guard try Folder.kind(of: RelativePath.join(folder, configurationName)) != nil else {
            return nil
        }
        let json = try JSONObjectReader(path: RelativePath.join(folder, configurationName))
        do {
            return try ModelType(json)
        } catch let error as JSONFieldError where isUnknown(error, json) {
            return nil
        }
    }

    /// The number of elements of all tensors: what a model has learned, and constants if the file holds any.
    public var parameterCount: Int { tensors.reduce(0) { Self.sum($0, $1.elementCount) } }

    /// The bytes of all tensors.
    public var byteCount: Int { tensors.reduce(0) { Self.sum($0, $1.byteCount) } }

    /// A sum that stays at the largest integer: a file with holes says more than there is.
    private static func sum(_ a: Int, _ b: Int) -> Int {
        let (sum, isTooLarge) = a.addingReportingOverflow(b)
        return isTooLarge ? .max : sum
    }

    /// How many elements each type has.
    public var typeCounts: [(type: ElementType, elements: Int)] {
        var counts: [ElementType: Int] = [:]
        for tensor in tensors {
            counts[tensor.type] = Self.sum(counts[tensor.type] ?? 0, tensor.elementCount)
        }
        return ElementType.allCases.compactMap { type in
            counts[type].flatMap { $0 > 0 ? (type, $0) : nil }
        }
    }

    /// Everything as one object.
    public var json: JSONValue {
        var object: JSONObject = [
            "path": .string(path), "kind": .string(kind.rawValue),
            "parameters": .int(parameterCount), "bytes": .int(byteCount),
        ]
        if let description {
            object.insert(
                .object(description), forName: kind == .model ? "configuration" : "state")
        }
        if let note { object.insert(.string(note), forName: "note") }
        if !metadata.isEmpty {
            var strings = JSONObject()
            for (name, value) in metadata { strings.insert(.string(value), forName: name) }
            object.insert(.object(strings), forName: "metadata")
        }
        let list = tensors.map { tensor -> JSONValue in
            [
                "name": .string(tensor.name), "dtype": .string(tensor.type.rawValue),
                "shape": .array(tensor.shape.map(JSONValue.int)),
            ]
        }
        object.insert(.array(list), forName: "tensors")
        return .object(object)
    }
}
