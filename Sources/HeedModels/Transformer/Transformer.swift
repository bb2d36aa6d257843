public import HeedNN
public import HeedTensor

/// The encoder-decoder Transformer of *Attention Is All You Need* (Vaswani et al. 2017).
public final class Transformer: Module {
    /// The sizes and choices.
    public let configuration: TransformerConfiguration
    /// The encoder.
    public let encoder: Encoder
    /// The decoder.
    public let decoder: Decoder
    private let sourceTable: Embedding
    private let targetTable: Embedding
    private let projection: Parameter
    /// Added to the logits; other programs' models have it, Heed's own keep it at zero.
    private let logitsBias: Parameter

    /// A model with fresh weights.
    ///
    /// Throws `ConfigurationError` for sizes that cannot work.
    public init(_ configuration: TransformerConfiguration, builder: ModelBuilder) throws {
        try configuration.validate()
        self.configuration = configuration
        let padding = configuration.paddingToken
        sourceTable = Embedding(
            configuration.sourceVocabulary, configuration.width,
            padding: padding < configuration.sourceVocabulary ? padding : nil, builder: builder)
        targetTable =
            configuration.hasOneTable
            ? sourceTable
            : Embedding(
                configuration.targetVocabulary, configuration.width, padding: padding,
                builder: builder)
        projection =
            configuration.tiesOutput
            ? targetTable.weight
            : Parameter("lm_head.weight", builder.table(targetTable.weight.shape))
        logitsBias = Parameter(
            "final_logits_bias", Tensor.zeros([configuration.targetVocabulary]))
        logitsBias.isTrainable = false
        encoder = Encoder(
            configuration.embedding(sourceTable, builder), depth: configuration.encoderLayers,
            configuration.layerOptions(
                heads: configuration.encoderHeads, inner: configuration.encoderInner),
            builder: builder)
        decoder = Decoder(
            configuration.embedding(targetTable, builder), depth: configuration.decoderLayers,
            configuration.layerOptions(
                heads: configuration.decoderHeads, inner: configuration.decoderInner),
            builder: builder)
        nameParameters()
    }

    /// The decoder's vectors for every target token: [target tokens, D].
    ///
    /// - Parameters:
    ///   - source: int32 ids of a packed batch of sources.
    ///   - sourcePacking: their sequences.
    ///   - target: int32 ids of the targets, each beginning with the start token.
    ///   - targetPacking: their sequences.
    ///   - context: where it computes.
    public func callAsFunction(
        source: Tensor, sourcePacking: SequencePacking, target: Tensor,
        targetPacking: SequencePacking, _ context: Context
    ) -> Tensor {
        let memory = encoder(source, packing: sourcePacking, context)
        return decoder(
            target, packing: targetPacking, memory: memory, memoryRanges: sourcePacking.ranges,
            context)
    }

    /// The logits of decoder vectors [N, D] → [N, V], float32 (float64 in reference arithmetic).
    public func logits(_ states: Tensor, _ context: Context) -> Tensor {
        context.linear(
            states, projection, bias: logitsBias, output: context.precision.streamType)
    }

    /// The `count` most probable tokens after decoder vectors [N, D], without those that are excluded.
    ///
    /// - Throws: `NonFiniteLogits`.
    public func mostProbableTokens(
        _ states: Tensor, count: Int, excluding excluded: [Int32], _ context: Context
    ) throws -> TokenCandidates {
        try context.mostProbableTokens(
            states, projection, bias: logitsBias, count: count, excluding: excluded)
    }

    /// The label-smoothed cross-entropy of the decoder's vectors against the next tokens.
    ///
    /// - Parameters:
    ///   - states: [target tokens, D].
    ///   - targets: int32 [target tokens]; negative ones are ignored.
    ///   - smoothing: ε.
    ///   - scale: multiplies the sum over the tokens.
    ///   - context: where it computes.
    public func loss(
        _ states: Tensor, targets: Tensor, smoothing: Double, scale: Double, _ context: Context
    ) -> ProjectionLoss {
        context.projectionLoss(
            states, weight: projection, bias: hasLogitsBias ? logitsBias : nil, targets: targets,
            smoothing: smoothing, scale: scale)
    }

    private var hasLogitsBias: Bool { logitsBias.value.floats.contains { $0 != 0 } }

    /// Shows the tensors under the names of Hugging Face's models.
    public func visitMembers(_ visitor: MemberVisitor) {
        if configuration.hasOneTable {
            visitor.child("model.shared", sourceTable)
        } else {
            visitor.child("model.encoder.embed_tokens", sourceTable)
            visitor.child("model.decoder.embed_tokens", targetTable)
            // A table that serves nothing, but transformers misses it in a file of this kind.
            if configuration.sharesEmbeddings, configuration.family != .heed {
                visitor.child("model.shared", sourceTable)
            }
        }
        visitor.child("model.encoder", encoder)
        visitor.child("model.decoder", decoder)
        if !configuration.tiesOutput { visitor.parameter("lm_head.weight", projection) }
        visitor.parameter(
            "final_logits_bias", logitsBias, fileShape: [1, configuration.targetVocabulary])
    }
}

extension TransformerConfiguration {
    /// Whether source, target and output use one table. An untied output comes with a table for each side.
    var hasOneTable: Bool { sharesEmbeddings && tiesOutput }

    /// The embedding of a table with positions and dropout.
    fileprivate func embedding(_ table: Embedding, _ builder: ModelBuilder) -> TokenEmbedding {
        TokenEmbedding(
            table, positions: positions, maximumLength: maximumPositions,
            scale: scalesEmbedding ? Double(width).squareRoot() : 1, dropout: dropout,
            builder: builder)
    }

    fileprivate func layerOptions(heads: Int, inner: Int) -> LayerOptions {
        let heads = AttentionHeads(
            count: heads, keyValueCount: keyValueHeads, keySize: headSize ?? width / heads,
            valueSize: valueSize)
        return LayerOptions(
            width: width, heads: heads, inner: inner,
            feedForward: isGated ? .gated(activation) : .plain(activation), placement: placement,
            norm: norm, epsilon: epsilon, dropout: dropout, attentionDropout: attentionDropout,
            activationDropout: activationDropout,
            rotary: positions == .rotary ? RotaryForm(size: heads.keySize) : nil)
    }
}
