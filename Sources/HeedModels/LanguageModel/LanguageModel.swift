public import HeedNN
public import HeedTensor

/// A model that continues text: embedded tokens through layers in which each sees itself and what came before.
public final class LanguageModel: Module {
    /// The sizes and choices.
    public let configuration: LanguageModelConfiguration
    /// The embedding of tokens, with learned positions where there are such.
    public let embedding: TokenEmbedding
    /// The layers.
    public let layers: [EncoderLayer]
    private let finalNorm: NormLayer
    private let projection: Parameter
    private let names: LanguageModelNames

    /// A model with fresh weights.
    ///
    /// Throws `ConfigurationError` for sizes that cannot work.
    public init(_ configuration: LanguageModelConfiguration, builder: ModelBuilder) throws {
        try configuration.validate()
        self.configuration = configuration
        names = configuration.type.family.names(configuration.type)
        let table = Embedding(configuration.vocabulary, configuration.width, builder: builder)
        embedding = TokenEmbedding(
            table, positions: configuration.rotary == nil ? .learned : .rotary,
            maximumLength: configuration.maximumPositions, scale: 1,
            dropout: configuration.dropout, builder: builder)
        let rotary = configuration.rotary.map { RotaryPositions($0) }
        layers = (0..<configuration.layers).map { layer in
            EncoderLayer(
                "decoder.\(layer)", configuration.layerOptions(layer, rotary: rotary),
                builder: builder)
        }
        finalNorm = NormLayer(
            configuration.norm, configuration.width, epsilon: configuration.epsilon,
            builder: builder)
        projection =
            configuration.tiesOutput
            ? table.weight
            : Parameter(LanguageModelNames.projection, builder.table(table.weight.shape))
        nameParameters()
    }

    /// The vectors of a packed batch of ids after the last norm, int32 [tokens] → [tokens, D].
    public func callAsFunction(
        _ ids: Tensor, packing: SequencePacking, _ context: Context,
        hiddenStates: HiddenStateObserver? = nil
    ) -> Tensor {
        var x = embedded(ids, packing, context)
        for layer in layers {
            hiddenStates?(x)
            x = layer(x, packing: packing, mask: layer.causalMask, context)
        }
        let states = finalNorm(x, context)
        hiddenStates?(states)
        return states
    }

    /// The vectors of the next tokens of sequences whose earlier tokens are in the caches, to which they are added.
    ///
    /// - Parameters:
    ///   - ids: int32 ids of the new tokens.
    ///   - packing: the new tokens, with their positions.
    ///   - caches: keys and values of earlier tokens, one cache for each layer.
    ///   - slots: where each sequence stands in the caches.
    ///   - rows: the rows whose vectors are wanted; all when nil.
    ///   - context: the precision, and whether there is a tape.
    /// - Returns: [rows, D], after the last norm.
    public func callAsFunction(
        _ ids: Tensor, packing: SequencePacking, caches: [KeyValueCache], slots: [Int],
        rows: [Int]? = nil, _ context: Context
    ) -> Tensor {
        var x = embedded(ids, packing, context)
        for (layer, cache) in zip(layers, caches) {
            x = layer(x, packing: packing, cache: cache, slots: slots, context)
        }
        if let rows, rows.count < x.shape[0] {
            guard !rows.isEmpty else { return finalNorm(x.rowsView(0..<0), context) }
            x = context.concatenated(rows.map { x.rowsView($0..<$0 + 1) })
        }
        return finalNorm(x, context)
    }

    private func embedded(
        _ ids: Tensor, _ packing: SequencePacking, _ context: Context
    ) -> Tensor {
        embedding(ids, packing: packing, output: context.precision.streamType, context)
    }

    /// The logits of vectors [N, D] → [N, V], float32 (float64 in reference arithmetic).
    public func logits(_ states: Tensor, _ context: Context) -> Tensor {
        context.linear(states, projection, output: context.precision.streamType)
    }

    /// The `count` most probable tokens after vectors [N, D], without those that are excluded.
    ///
    /// - Throws: `NonFiniteLogits`.
    public func mostProbableTokens(
        _ states: Tensor, count: Int, excluding excluded: [Int32], _ context: Context
    ) throws -> TokenCandidates {
        try context.mostProbableTokens(states, projection, count: count, excluding: excluded)
    }

    /// The cross-entropy of vectors against the next tokens.
    ///
    /// - Parameters:
    ///   - states: [tokens, D].
    ///   - targets: int32 [tokens]; negative ones are ignored.
    ///   - smoothing: ε of label smoothing.
    ///   - scale: multiplies the sum over the tokens.
    ///   - context: the precision, and whether there is a tape.
    public func loss(
        _ states: Tensor, targets: Tensor, smoothing: Double = 0, scale: Double,
        _ context: Context
    ) -> ProjectionLoss {
        context.projectionLoss(
            states, weight: projection, targets: targets, smoothing: smoothing, scale: scale)
    }

    /// Shows the tensors under the names of the family.
    public func visitMembers(_ visitor: MemberVisitor) {
        visitor.child(names.prefix + names.tokens, embedding.tokens)
        visitor.parameter(names.prefix + names.positions, embedding.learnedPositions)
        visitor.children(names.prefix + names.layers, layers)
        visitor.child(names.prefix + names.finalNorm, finalNorm)
        if !configuration.tiesOutput {
            visitor.parameter(LanguageModelNames.projection, projection)
        }
    }
}
