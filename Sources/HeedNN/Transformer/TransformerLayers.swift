public import HeedTensor

/// Where a layer normalises.
public enum NormPlacement: String, Sendable, CaseIterable, Codable {
    /// norm(x + f(x)), as in the paper.
    case post
    /// x + f(norm(x)).
    case pre
}

/// What the layers of an encoder or a decoder have in common.
public struct LayerOptions: Sendable {
    /// The width D.
    public var width: Int
    /// The heads of every attention.
    public var heads: AttentionHeads
    /// Inner units of the feed-forward network.
    public var inner: Int
    /// The feed-forward network.
    public var feedForward: Activation
    /// Where the layer normalises.
    public var placement: NormPlacement
    /// Which normalisation.
    public var norm: Norm.Kind
    /// The ε of the norms.
    public var epsilon: Double
    /// Whether feed-forward networks have biases.
    public var hasBias: Bool
    /// Whether projections to queries, keys and values have biases.
    public var hasAttentionInputBias: Bool
    /// Whether the projections of what was attended to have biases.
    public var hasAttentionOutputBias: Bool
    /// Whether each head's queries and keys are normalised.
    public var normalizesHeads = false
    /// Earlier tokens that a token of masked self-attention sees, itself included; all when nil.
    public var window: Int?
    /// Dropout of the sublayers' outputs.
    public var dropout: Double
    /// Dropout of attention weights.
    public var attentionDropout: Double
    /// Dropout of the inner units of the feed-forward network.
    public var activationDropout: Double
    /// Rotary positions in self-attention, or nil; layers share them.
    public var rotary: RotaryPositions?
    /// The names of the tensors in files.
    public var names = LayerNames.encoderDecoder

    /// Options with the paper's choices.
    public init(
        width: Int, heads: AttentionHeads, inner: Int, feedForward: Activation = .plain(.relu),
        placement: NormPlacement = .post, norm: Norm.Kind = .layer, epsilon: Double = 1e-5,
        hasBias: Bool = true, dropout: Double = 0, attentionDropout: Double = 0,
        activationDropout: Double = 0, rotary: RotaryForm? = nil
    ) {
        self.width = width
        self.heads = heads
        self.inner = inner
        self.feedForward = feedForward
        self.placement = placement
        self.norm = norm
        self.epsilon = epsilon
        self.hasBias = hasBias
        hasAttentionInputBias = hasBias
        hasAttentionOutputBias = hasBias
        self.dropout = dropout
        self.attentionDropout = attentionDropout
        self.activationDropout = activationDropout
        self.rotary = rotary.map(RotaryPositions.init)
    }
}

/// A residual connection around a sublayer, with dropout and a norm (Vaswani et al. 2017, §3.1 and §5.4).
public final class Residual: Module {
    private let layer: NormLayer
    private let placement: NormPlacement
    private let dropout: Dropout?

    /// A connection with a norm of its own.
    public init(_ options: LayerOptions, builder: ModelBuilder) {
        layer = NormLayer(
            options.norm, options.width, epsilon: options.epsilon, builder: builder)
        placement = options.placement
        dropout = builder.dropout(options.dropout)
    }

    /// norm(x + dropout(f(x))), or x + dropout(f(norm(x))). x [tokens, D].
    public func callAsFunction(
        _ x: Tensor, packing: SequencePacking, _ context: Context, _ sublayer: (Tensor) -> Tensor
    ) -> Tensor {
        switch placement {
        case .post:
            return context.addResidual(
                sublayer(x), to: x, dropout: dropout, packing: packing, norm: layer.norm
            ).normalised
        case .pre:
            return context.addResidual(
                sublayer(layer(x, context)), to: x, dropout: dropout, packing: packing)
        }
    }

    /// Shows the norm's parameters.
    public func visitMembers(_ visitor: MemberVisitor) { layer.visitMembers(visitor) }
}

/// A layer of an encoder, or of a model without one: self-attention and feed-forward, each with a residual connection.
public final class EncoderLayer: Module {
    /// The self-attention.
    public let attention: MultiHeadAttention
    private let attentionResidual: Residual
    private let feedForward: FeedForward
    private let feedForwardResidual: Residual
    private let names: LayerNames

    /// A layer whose attention an observer knows as `name`.self.
    public init(_ name: String, _ options: LayerOptions, builder: ModelBuilder) {
        names = options.names
        attention = .selfAttention("\(name).self", options, builder)
        attentionResidual = Residual(options, builder: builder)
        feedForward = FeedForward(options, builder)
        feedForwardResidual = Residual(options, builder: builder)
    }

    /// x [tokens, D] → [tokens, D].
    public func callAsFunction(
        _ x: Tensor, packing: SequencePacking, mask: AttentionMask = .full, _ context: Context
    ) -> Tensor {
        run(x, packing, context) { attention($0, packing: packing, mask: mask, context) }
    }

    /// The same for new tokens, whose predecessors are in the cache; a token sees no later one.
    public func callAsFunction(
        _ x: Tensor, packing: SequencePacking, cache: KeyValueCache, slots: [Int],
        _ context: Context
    ) -> Tensor {
        run(x, packing, context) {
            attention($0, packing: packing, cache: cache, slots: slots, context)
        }
    }

    private func run(
        _ x: Tensor, _ packing: SequencePacking, _ context: Context, _ attend: (Tensor) -> Tensor
    ) -> Tensor {
        let attended = attentionResidual(x, packing: packing, context, attend)
        return feedForwardResidual(attended, packing: packing, context) {
            feedForward($0, packing: packing, context)
        }
    }

    /// The mask by which a token sees no later one, nor any that came before the layer's window.
    public var causalMask: AttentionMask { attention.causalMask() }

    /// A cache for this layer's self-attention.
    public func makeCache(slots: Int, capacity: Int, _ context: Context) -> KeyValueCache {
        attention.makeCache(slots: slots, capacity: capacity, context)
    }

    /// Shows the sublayers under the names of Hugging Face's models.
    public func visitMembers(_ visitor: MemberVisitor) {
        visitor.child(names.attention, attention)
        visitor.child(names.attentionNorm, attentionResidual)
        visitor.child(names.feedForward, feedForward)
        visitor.child(names.feedForwardNorm, feedForwardResidual)
    }
}

/// A decoder's layer: masked self-attention, encoder-decoder attention and feed-forward.
public final class DecoderLayer: Module {
    /// The masked self-attention.
    public let selfAttention: MultiHeadAttention
    private let selfResidual: Residual
    /// The attention to the encoder's output.
    public let crossAttention: MultiHeadAttention
    private let crossResidual: Residual
    private let feedForward: FeedForward
    private let feedForwardResidual: Residual

    /// A layer whose attentions an observer knows as `name`.self and `name`.cross.
    public init(_ name: String, _ options: LayerOptions, builder: ModelBuilder) {
        selfAttention = .selfAttention("\(name).self", options, builder)
        selfResidual = Residual(options, builder: builder)
        crossAttention = MultiHeadAttention("\(name).cross", .memory, options, builder: builder)
        crossResidual = Residual(options, builder: builder)
        feedForward = FeedForward(options, builder)
        feedForwardResidual = Residual(options, builder: builder)
    }

    /// x [tokens, D] → [tokens, D]; a token sees no later one.
    public func callAsFunction(
        _ x: Tensor, packing: SequencePacking, memory: ProjectedMemory, _ context: Context
    ) -> Tensor {
        run(x, packing, memory, context) {
            selfAttention($0, packing: packing, mask: .causal(), context)
        }
    }

    /// The same for new tokens, whose predecessors are in the cache.
    public func callAsFunction(
        _ x: Tensor, packing: SequencePacking, memory: ProjectedMemory, cache: KeyValueCache,
        slots: [Int], _ context: Context
    ) -> Tensor {
        run(x, packing, memory, context) {
            selfAttention($0, packing: packing, cache: cache, slots: slots, context)
        }
    }

    private func run(
        _ x: Tensor, _ packing: SequencePacking, _ memory: ProjectedMemory, _ context: Context,
        _ attend: (Tensor) -> Tensor
    ) -> Tensor {
        let masked = selfResidual(x, packing: packing, context, attend)
        let crossed = crossResidual(masked, packing: packing, context) {
            crossAttention($0, packing: packing, memory: memory, context)
        }
        return feedForwardResidual(crossed, packing: packing, context) {
            feedForward($0, packing: packing, context)
        }
    }

    /// The keys and values of an encoder's output for this layer.
    public func project(
        _ memory: Tensor, ranges: SequenceRanges, _ context: Context
    ) -> ProjectedMemory {
        crossAttention.project(memory, ranges: ranges, context)
    }

    /// A cache for this layer's self-attention.
    public func makeCache(slots: Int, capacity: Int, _ context: Context) -> KeyValueCache {
        selfAttention.makeCache(slots: slots, capacity: capacity, context)
    }

    /// A cache for the projected memories of this layer.
    public func makeMemoryCache(slots: Int, capacity: Int, _ context: Context) -> KeyValueCache {
        crossAttention.makeCache(slots: slots, capacity: capacity, context)
    }

    /// Shows the sublayers under the names of Hugging Face's models.
    public func visitMembers(_ visitor: MemberVisitor) {
        visitor.child("self_attn", selfAttention)
        visitor.child("self_attn_layer_norm", selfResidual)
        visitor.child("encoder_attn", crossAttention)
        visitor.child("encoder_attn_layer_norm", crossResidual)
        visitor.child("", feedForward)
        visitor.child("final_layer_norm", feedForwardResidual)
    }
}

extension MultiHeadAttention {
    fileprivate static func selfAttention(
        _ name: String, _ options: LayerOptions, _ builder: ModelBuilder
    ) -> MultiHeadAttention {
        MultiHeadAttention(name, .itself, options, builder: builder)
    }
}

extension FeedForward {
    fileprivate convenience init(_ options: LayerOptions, _ builder: ModelBuilder) {
        self.init(
            options.feedForward, width: options.width, inner: options.inner,
            hasBias: options.hasBias, dropout: options.activationDropout, names: options.names,
            builder: builder)
    }
}
