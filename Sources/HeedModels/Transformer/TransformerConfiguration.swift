public import HeedNN
public import HeedTensor

/// The sizes and choices of an encoder-decoder Transformer.
public struct TransformerConfiguration: Sendable, Hashable {
    /// The model families that a folder's `config.json` may name.
    public enum Family: String, Sendable, CaseIterable {
        /// Post-norm with sines | cosines, as in Hugging Face's Marian.
        case marian
        /// Pre-norm with final norms and sines | cosines, as in Pegasus.
        case pegasus
        /// Any other combination, which only Heed opens.
        case heed = "heed-transformer"
    }

    /// Tokens of the source vocabulary.
    public var sourceVocabulary: Int
    /// Tokens of the target vocabulary.
    public var targetVocabulary: Int
    /// The width D.
    public var width: Int
    /// Layers of the encoder.
    public var encoderLayers: Int
    /// Layers of the decoder.
    public var decoderLayers: Int
    /// Inner units of the encoder's feed-forward networks.
    public var encoderInner: Int
    /// Inner units of the decoder's feed-forward networks.
    public var decoderInner: Int
    /// Heads of the encoder's attentions.
    public var encoderHeads: Int
    /// Heads of the decoder's attentions.
    public var decoderHeads: Int
    /// Key-value heads, which divide the heads; as many as heads when nil.
    public var keyValueHeads: Int?
    /// The width of queries and keys in each head; D / heads when nil.
    public var headSize: Int?
    /// The width of values in each head; that of keys when nil.
    public var valueSize: Int?
    /// The function of the feed-forward networks.
    public var activation: UnaryFunction = .relu
    /// Whether feed-forward networks are gated.
    public var isGated = false
    /// Where layers normalise.
    public var placement: NormPlacement = .post
    /// Which normalisation.
    public var norm: Norm.Kind = .layer
    /// The ε of the norms.
    public var epsilon = 1e-5
    /// The kind of positions.
    public var positions: PositionKind = .concatenatedSinusoids
    /// Positions that the model is known to handle; a limit for learned positions alone.
    public var maximumPositions = 1024
    /// Whether embeddings are multiplied by √D.
    public var scalesEmbedding = true
    /// Whether source and target share their vocabulary and table.
    public var sharesEmbeddings = true
    /// Whether the output projection is the target's table.
    public var tiesOutput = true
    /// Dropout of embeddings and sublayers' outputs.
    public var dropout = 0.1
    /// Dropout of attention weights.
    public var attentionDropout = 0.0
    /// Dropout of the inner units of feed-forward networks.
    public var activationDropout = 0.0
    /// The longest sentence that the model was trained on, in tokens, if that is known.
    public var trainedLength: Int?
    /// The token that fills batches elsewhere, which begins every target and is never generated.
    public var paddingToken = 2
    /// The token that ends a sentence.
    public var endToken = 0
    /// The token that every target begins with.
    public var startToken = 2
    /// The token that ends a target at the maximum length, which is the end mark; nil where nothing is forced.
    public var forcedEndToken: Int?
    /// Tokens that are never generated, besides padding.
    public var forbiddenTokens: [Int] = []

    /// A configuration with these sizes and the paper's choices.
    public init(
        vocabulary: Int, width: Int, layers: Int, inner: Int, heads: Int
    ) {
        sourceVocabulary = vocabulary
        targetVocabulary = vocabulary
        self.width = width
        encoderLayers = layers
        decoderLayers = layers
        encoderInner = inner
        decoderInner = inner
        encoderHeads = heads
        decoderHeads = heads
    }

    /// All tokens that are never generated: the forbidden ones and padding, unless it is the end mark, too.
    public var neverGenerated: [Int] {
        Set(forbiddenTokens + [paddingToken]).subtracting([endToken]).sorted()
    }

    /// The family whose folders hold this configuration.
    public var family: Family {
        let isPlain =
            !isGated && [.relu, .gelu, .geluTanh, .silu].contains(activation) && norm == .layer
            && epsilon == 1e-5 && positions == .concatenatedSinusoids && keyValueHeads == nil
            && headSize == nil && valueSize == nil
        guard isPlain else { return .heed }
        if placement == .post { return .marian }
        return sharesEmbeddings ? .pegasus : .heed
    }
}

/// Sizes that have a name.
public enum TransformerPreset: String, Sendable, CaseIterable {
    /// 4 + 4 layers, D 128, feed-forward 256, 4 heads.
    case tiny
    /// 3 + 3 layers, D 256, feed-forward 512, 8 heads.
    case small
    /// 6 + 6 layers, D 512, feed-forward 2048, 8 heads (Vaswani et al. 2017, Table 3).
    case base
    /// 6 + 6 layers, D 1024, feed-forward 4096, 16 heads (Vaswani et al. 2017, Table 3).
    case big

    /// The configuration with this vocabulary.
    public func configuration(vocabulary: Int) -> TransformerConfiguration {
        switch self {
        case .tiny:
            TransformerConfiguration(
                vocabulary: vocabulary, width: 128, layers: 4, inner: 256, heads: 4)
        case .small:
            TransformerConfiguration(
                vocabulary: vocabulary, width: 256, layers: 3, inner: 512, heads: 8)
        case .base:
            TransformerConfiguration(
                vocabulary: vocabulary, width: 512, layers: 6, inner: 2048, heads: 8)
        case .big:
            TransformerConfiguration(
                vocabulary: vocabulary, width: 1024, layers: 6, inner: 4096, heads: 16)
        }
    }
}
