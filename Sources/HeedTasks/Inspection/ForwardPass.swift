import HeedFormats
public import HeedModels
import HeedNN
public import HeedTensor

/// Runs a model once over ids from a file, and writes everything that it computes on the way: for whoever compares
/// implementations.
///
/// Of a model that translates: integers `input_ids` [B, S] and `decoder_input_ids` [B, T], with `attention_mask` and
/// `decoder_attention_mask` where there is padding; float32 `logits` [B, T, V], `encoder_hidden_states.N` [B, S, D],
/// `decoder_hidden_states.N` [B, T, D], and `encoder_attentions.N`, `decoder_attentions.N`, `cross_attentions.N`
/// [B, H, queries, keys]. Of one that continues text: `input_ids` and `attention_mask`; `logits`, `hidden_states.N` and
/// `attentions.N`. Names and shapes are those of `transformers`. Padding is zero, as query and as key.
public struct ForwardPass {
    private enum Model {
        case transformer(Transformer)
        case language(LanguageModel)
    }

    private let model: Model
    private let precision: Precision

    /// A pass through a model that translates.
    public init(_ model: Transformer, precision: Precision = .float32) {
        self.model = .transformer(model)
        self.precision = precision
    }

    /// A pass through a model that continues text.
    public init(_ model: LanguageModel, precision: Precision = .float32) {
        self.model = .language(model)
        self.precision = precision
    }

    /// A pass through the model in a folder, whatever its type.
    ///
    /// Throws errors that name the file and what is wrong with it.
    public init(folder: String, precision: Precision = .float32) throws {
        switch try ModelType(folder: folder) {
        case .transformer: self.init(try Transformer(folder: folder), precision: precision)
        case .language: self.init(try LanguageModel(folder: folder), precision: precision)
        }
    }

    /// Reads the inputs and computes.
    ///
    /// Throws `ForwardInputError` for inputs that the model cannot take, and the errors of files.
    public func run(input: String) throws -> Outputs {
        try run(SafetensorsFile(path: input))
    }

    func run(_ file: SafetensorsFile) throws -> Outputs {
        switch model {
        case .transformer(let model): try run(model, file)
        case .language(let model): try run(model, file, precision)
        }
    }

    /// What a pass computed, by name.
    public struct Outputs {
        private(set) var tensors: [(name: String, tensor: Tensor)] = []

        mutating func add(_ name: String, _ tensor: Tensor) { tensors.append((name, tensor)) }

        /// Writes a safetensors file; throws `FileError`, and then nothing has appeared.
        public func write(to path: String) throws {
            let writer = try SafetensorsWriter(
                path: path,
                tensors: tensors.map {
                    TensorDescription($0.name, $0.tensor.elementType, $0.tensor.shape.sizes)
                })
            var byName: [String: Tensor] = [:]
            for (name, tensor) in tensors { byName[name] = tensor }
            for entry in writer.entries {
                try byName[entry.name]?.write(to: writer, as: entry.name)
            }
            try writer.commit()
        }
    }

    private func run(_ model: Transformer, _ file: SafetensorsFile) throws -> Outputs {
        let configuration = model.configuration
        let source = try TokenBatch(
            "input_ids", mask: "attention_mask", vocabulary: configuration.sourceVocabulary,
            in: file)
        let target = try TokenBatch(
            "decoder_input_ids", mask: "decoder_attention_mask",
            vocabulary: configuration.targetVocabulary, in: file)
        guard source.rows == target.rows else {
            throw ForwardInputError(
                file: file.path, tensor: "decoder_input_ids",
                problem: "has \(target.rows) sequences, but input_ids has \(source.rows)")
        }
        try Self.check(source.longestEnd, "input_ids", model.encoder.embedding, file)
        try Self.check(target.longestEnd, "decoder_input_ids", model.decoder.embedding, file)
        return compute(model, source, target)
    }

    /// Refuses a row that needs more positions than there are.
    static func check(
        _ positions: Int, _ name: String, _ embedding: TokenEmbedding, _ file: SafetensorsFile
    ) throws {
        guard let limit = embedding.positionLimit, positions > limit else { return }
        throw ForwardInputError(
            file: file.path, tensor: name,
            problem: "has \(positions) tokens in a row; the model has \(limit) positions")
    }

    private func compute(
        _ model: Transformer, _ source: TokenBatch, _ target: TokenBatch
    ) -> Outputs {
        var outputs = Outputs()
        let recorder = AttentionRecorder()
        let context = Context(precision: precision, attentionObserver: recorder)
        let packing = source.packing
        var encoderStates: [Tensor] = []
        let memory = model.encoder(source.packedIDs, packing: packing, context) {
            encoderStates.append(source.padded($0))
        }
        var decoderStates: [Tensor] = []
        let states = model.decoder(
            target.packedIDs, packing: target.packing, memory: memory,
            memoryRanges: packing.ranges, context
        ) { decoderStates.append(target.padded($0)) }
        outputs.add("logits", target.padded(model.logits(states, context)))
        for (name, tensors) in [
            ("encoder_hidden_states", encoderStates), ("decoder_hidden_states", decoderStates),
        ] {
            for (index, tensor) in tensors.enumerated() { outputs.add("\(name).\(index)", tensor) }
        }
        let configuration = model.configuration
        for (name, side, kind, depth, queries, keys) in [
            ("encoder_attentions", "encoder", "self", configuration.encoderLayers, source, source),
            ("decoder_attentions", "decoder", "self", configuration.decoderLayers, target, target),
            ("cross_attentions", "decoder", "cross", configuration.decoderLayers, target, source),
        ] {
            let heads =
                side == "encoder" ? configuration.encoderHeads : configuration.decoderHeads
            for layer in 0..<depth {
                let entries = recorder.entries.filter {
                    $0.attention == "\(side).\(layer).\(kind)"
                }
                outputs.add(
                    "\(name).\(layer)", Self.padded(entries, heads: heads, queries, keys))
            }
        }
        return outputs
    }

    /// The weights of one attention [B, H, queries, keys], with zeros at padding.
    static func padded(
        _ entries: [AttentionRecorder.Entry], heads: Int, _ queries: TokenBatch, _ keys: TokenBatch
    ) -> Tensor {
        let matrix = queries.columns * keys.columns
        var result = [Float](repeating: 0, count: queries.rows * heads * matrix)
        for entry in entries {
            let weights = entry.weights.floats
            let (rows, columns) = (queries.ranges[entry.sequence], keys.ranges[entry.sequence])
            let start = (entry.sequence * heads + entry.head) * matrix
            for (index, row) in rows.enumerated() {
                let target = start + row * keys.columns + columns.lowerBound
                result.replaceSubrange(
                    target..<target + columns.count,
                    with: weights[index * columns.count..<(index + 1) * columns.count])
            }
        }
        return Tensor(result, shape: [queries.rows, heads, queries.columns, keys.columns])
    }
}
