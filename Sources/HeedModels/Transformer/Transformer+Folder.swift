public import HeedFormats
import HeedNN
public import HeedTensor

extension Transformer {
    /// Opens the model in a folder of the Hugging Face layout: `config.json`, `generation_config.json` if there is one, and
    /// `model.safetensors`, or shards.
    ///
    /// - Parameters:
    ///   - folder: the folder.
    ///   - type: the element type that parameters shall have; that of the files when nil.
    /// - Throws: errors that name the file and the field or the tensors.
    public convenience init(folder: String, as type: ElementType? = nil) throws {
        let configuration = try TransformerConfiguration(folder: folder)
        let store = try TensorFolder(path: folder)
        try self.init(configuration, builder: ModelBuilder(forWeightsFromFiles: ()))
        try ModelFiles.load(
            self, from: store, as: type,
            optional: configuration.hasOneTable
                ? ["final_logits_bias"] : ["final_logits_bias", "model.shared.weight"],
            ignoring: { self.mayIgnore($0) })
        try readPositions(store)
    }

    /// Reads the sinusoids that a file holds.
    private func readPositions(_ store: any TensorStore) throws {
        var mismatch = TensorMismatch(path: store.path)
        var found: [(embedding: TokenEmbedding, name: String)] = []
        for (name, embedding) in sides where embedding.kind.isSinusoidal {
            guard let entry = store.entry(named: name) else { continue }
            found.append((embedding, name))
            let rows = entry.shape.first ?? configuration.maximumPositions
            mismatch.addShape(
                of: name, expected: [rows, configuration.width], found: entry.shape)
            if !entry.type.isFloat {
                mismatch.addType(of: name, expected: "floating-point numbers", found: entry.type)
            }
        }
        try mismatch.check()
        for (embedding, name) in found {
            embedding.usePositions(try Tensor(reading: name, from: store))
        }
    }

    /// Tensors that files may hold beside the model's own: copies of shared tables, and positions.
    private func mayIgnore(_ name: String) -> Bool {
        let copies: Set<String> = [
            "model.shared.weight", "lm_head.weight", "model.encoder.embed_tokens.weight",
            "model.decoder.embed_tokens.weight", "model.encoder.embed_positions.weight",
            "model.decoder.embed_positions.weight",
        ]
        return copies.contains(name)
    }

    /// Writes `config.json`, `generation_config.json` and `model.safetensors` into a folder.
    ///
    /// - Parameters:
    ///   - folder: the folder, which exists.
    ///   - type: the element type of the weights in the file; their own when nil.
    ///   - values: gives other values than the parameters' own, such as averages.
    public func write(
        toFolder folder: String, as type: ElementType? = nil,
        values: ((Parameter) -> Tensor)? = nil
    ) throws {
        let writer = JSONWriter(.pretty)
        let weights = type ?? decoder.embedding.tokens.weight.value.elementType
        for (name, json) in [
            (TransformerConfiguration.fileName, configuration.json(weights: weights)),
            (TransformerConfiguration.generationFileName, configuration.generationJSON),
        ] {
            try AtomicFile.write(
                writer.string(json) + "\n", to: RelativePath.join(folder, name))
        }
        try ModelFiles.save(
            self, to: RelativePath.join(folder, TensorFolder.fileName), as: type, values: values,
            constants: configuration.family == .pegasus ? computedPositions : [])
    }

    /// Sinusoids as tensors of a file: transformers computes Marian's, and misses Pegasus's where a file has none.
    private var computedPositions: [(name: String, tensor: Tensor)] {
        sides.compactMap { name, embedding in
            embedding.computedPositions(count: configuration.maximumPositions).map { (name, $0) }
        }
    }

    /// The embedding of each side, by the name that its positions have in files.
    private var sides: [(name: String, embedding: TokenEmbedding)] {
        [("encoder", encoder.embedding), ("decoder", decoder.embedding)].map { side, embedding in
            ("model.\(side).\(TokenEmbedding.positionsName)", embedding)
        }
    }
}

extension TransformerConfiguration {
    fileprivate static let fileName = "config.json"
    fileprivate static let generationFileName = "generation_config.json"

    /// Reads and validates the `config.json` of a folder; where there is a `generation_config.json`, too, that one says
    /// how to decode.
    ///
    /// Throws `FileError`, `JSONError`, and `JSONFieldError` for a field that is missing or cannot be used.
    public init(folder: String) throws {
        try self.init(JSONObjectReader(configurationIn: folder))
        let path = RelativePath.join(folder, Self.generationFileName)
        guard try Folder.kind(of: path) != nil else { return }
        let generation = try JSONObjectReader(
            configurationIn: folder, name: Self.generationFileName)
        try readGeneration(generation)
        do {
            try validate()
        } catch let error as ConfigurationError {
            throw generation.error(error.field, error.problem)
        }
    }

    /// The `config.json` of a folder whose weights have this element type.
    fileprivate func json(weights type: ElementType) -> JSONValue {
        guard case .object(var object) = json else { return json }
        object.insert(.string(type == .bfloat16 ? "bfloat16" : "float32"), forName: "dtype")
        return .object(object)
    }
}
