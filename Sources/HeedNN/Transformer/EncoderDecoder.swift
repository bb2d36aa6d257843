import HeedFormats
public import HeedTensor

/// Receives the vectors between the layers of a stack: first the embeddings, then each layer's output, the last after
/// the final norm if there is one.
public typealias HiddenStateObserver = (Tensor) -> Void

/// The Transformer's encoder: embedded tokens through a stack of layers.
public final class Encoder: Module {
    /// The embedding of the source.
    public let embedding: TokenEmbedding
    /// The layers.
    public let layers: [EncoderLayer]
    private let finalNorm: NormLayer?
    private let placement: NormPlacement

    /// An encoder of `depth` layers; pre-norm stacks end with a norm.
    public init(
        _ embedding: TokenEmbedding, depth: Int, _ options: LayerOptions, builder: ModelBuilder
    ) {
        self.embedding = embedding
        placement = options.placement
        layers = (0..<depth).map { EncoderLayer("encoder.\($0)", options, builder: builder) }
        finalNorm = options.finalNorm(builder)
    }

    /// The vectors of a packed batch of ids, int32 [tokens] → [tokens, D].
    public func callAsFunction(
        _ ids: Tensor, packing: SequencePacking, _ context: Context,
        hiddenStates: HiddenStateObserver? = nil
    ) -> Tensor {
        var x = embedding(
            ids, packing: packing, output: context.streamType(placement), context)
        for layer in layers {
            hiddenStates?(x)
            x = layer(x, packing: packing, context)
        }
        if let finalNorm { x = finalNorm(x, context) }
        hiddenStates?(x)
        return x
    }

    /// Shows layers, final norm and positions.
    public func visitMembers(_ visitor: MemberVisitor) {
        visitor.child("", embedding)
        visitor.children("layers", layers)
        visitor.child("layer_norm", finalNorm)
    }
}

/// The Transformer's decoder: embedded tokens through masked layers that attend to an encoder's output.
public final class Decoder: Module {
    /// The embedding of the target.
    public let embedding: TokenEmbedding
    /// The layers.
    public let layers: [DecoderLayer]
    private let finalNorm: NormLayer?
    private let placement: NormPlacement

    /// A decoder of `depth` layers; pre-norm stacks end with a norm.
    public init(
        _ embedding: TokenEmbedding, depth: Int, _ options: LayerOptions, builder: ModelBuilder
    ) {
        self.embedding = embedding
        placement = options.placement
        layers = (0..<depth).map { DecoderLayer("decoder.\($0)", options, builder: builder) }
        finalNorm = options.finalNorm(builder)
    }

    /// The vectors of a packed batch of target ids, given the encoder's output.
    ///
    /// - Parameters:
    ///   - ids: int32 [target tokens], beginning with the start token.
    ///   - packing: the sequences of the tokens.
    ///   - memory: [source tokens, D].
    ///   - memoryRanges: the rows of each sequence's memory.
    ///   - context: where it computes.
    ///   - hiddenStates: is shown the vectors between the layers.
    /// - Returns: [target tokens, D].
    public func callAsFunction(
        _ ids: Tensor, packing: SequencePacking, memory: Tensor, memoryRanges: SequenceRanges,
        _ context: Context, hiddenStates: HiddenStateObserver? = nil
    ) -> Tensor {
        run(ids, packing, context, hiddenStates) { layer, _, x in
            layer(
                x, packing: packing,
                memory: layer.project(memory, ranges: memoryRanges, context), context)
        }
    }

    /// The vectors of the next tokens of sequences whose earlier tokens are in `state`, to which they are added.
    ///
    /// - Parameters:
    ///   - ids: int32, the new tokens.
    ///   - packing: their sequences and positions.
    ///   - memories: for each layer, the projected memory of each sequence of the packing.
    ///   - caches: for each layer, the keys and values of earlier tokens.
    ///   - slots: the slot of each sequence in the caches.
    ///   - context: where it computes.
    public func callAsFunction(
        _ ids: Tensor, packing: SequencePacking, memories: [ProjectedMemory],
        caches: [KeyValueCache], slots: [Int], _ context: Context
    ) -> Tensor {
        run(ids, packing, context, nil) { layer, index, x in
            layer(
                x, packing: packing, memory: memories[index], cache: caches[index],
                slots: slots, context)
        }
    }

    private func run(
        _ ids: Tensor, _ packing: SequencePacking, _ context: Context,
        _ hiddenStates: HiddenStateObserver?, _ body: (DecoderLayer, Int, Tensor) -> Tensor
    ) -> Tensor {
        var x = embedding(
            ids, packing: packing, output: context.streamType(placement), context)
        for (index, layer) in layers.enumerated() {
            hiddenStates?(x)
            x = body(layer, index, x)
        }
        if let finalNorm { x = finalNorm(x, context) }
        hiddenStates?(x)
        return x
    }

    /// Shows layers, final norm and positions.
    public func visitMembers(_ visitor: MemberVisitor) {
        visitor.child("", embedding)
        visitor.children("layers", layers)
        visitor.child("layer_norm", finalNorm)
    }
}

extension LayerOptions {
    /// The norm at the end of a pre-norm stack.
    fileprivate func finalNorm(_ builder: ModelBuilder) -> NormLayer? {
        placement == .pre ? NormLayer(norm, width, epsilon: epsilon, builder: builder) : nil
    }
}

extension Context {
    /// The type of the residual stream: post-norm models normalise it at every sublayer, so that it has the type of the
    /// activations; pre-norm models keep it in float32.
    fileprivate func streamType(_ placement: NormPlacement) -> ElementType {
        placement == .post ? precision.activationType : precision.streamType
    }
}
