import HeedFormats
public import HeedNN
public import HeedTensor

/// The sizes and choices of a model that continues text: a stack of masked layers over one vocabulary.
public struct LanguageModelConfiguration: Sendable, Hashable {
    /// Which family's folders hold the model.
    public var type: LanguageModelType
    /// Tokens of the vocabulary.
    public var vocabulary: Int
    /// The width D.
    public var width: Int
    /// Layers.
    public var layers: Int
    /// Inner units of the feed-forward networks.
    public var inner: Int
    /// Heads of every attention.
    public var heads: Int
    /// Key-value heads, which divide the heads.
    public var keyValueHeads: Int
    /// The width of each head.
    public var headSize: Int
    /// The function of the feed-forward networks, which gates them in Llama's families.
    public var activation: UnaryFunction
    /// The ε of the norms.
    public var epsilon: Double
    /// Rotary positions; learned ones when nil.
    public var rotary: RotaryForm?
    /// Positions that the model is known to handle; a limit for learned positions alone.
    public var maximumPositions: Int
    /// Whether projections to queries, keys and values have biases.
    public var hasAttentionInputBias = false
    /// Whether the projections of what was attended to have biases.
    public var hasAttentionOutputBias = false
    /// Whether feed-forward networks have biases.
    public var hasFeedForwardBias = false
    /// Whether scores of attention are divided by the root of the head's width.
    public var scalesAttention = true
    /// Whether scores are divided by the number of the layer, too, counted from 1.
    public var scalesByLayer = false
    /// Whether the output projection is the embedding's table.
    public var tiesOutput = true
    /// Tokens that a token sees, itself included, in the layers that `windowedLayers` names; all when nil.
    public var window: Int?
    /// The layers with a window.
    public var windowedLayers: Set<Int> = []
    /// Dropout of embeddings and of sublayers' outputs.
    public var dropout = 0.0
    /// Dropout of attention weights.
    public var attentionDropout = 0.0
    /// The token that texts begin with, where they do.
    public var startToken: Int?
    /// The tokens that end a text.
    public var endTokens: [Int] = []
    /// The token that fills batches elsewhere.
    public var paddingToken: Int?

    /// A model of GPT-2's family.
    public static func gpt2(
        vocabulary: Int, width: Int, layers: Int, heads: Int, positions: Int, inner: Int? = nil
    ) -> LanguageModelConfiguration {
        var configuration = LanguageModelConfiguration(
            type: .gpt2, vocabulary: vocabulary, width: width, layers: layers,
            inner: inner ?? 4 * width, heads: heads, keyValueHeads: heads,
            headSize: max(width / max(heads, 1), 1), activation: .geluTanh, epsilon: 1e-5,
            rotary: nil, maximumPositions: positions)
        configuration.hasAttentionInputBias = true
        configuration.hasAttentionOutputBias = true
        configuration.hasFeedForwardBias = true
        return configuration
    }

    /// A model of Llama's family.
    public static func llama(
        vocabulary: Int, width: Int, layers: Int, heads: Int, keyValueHeads: Int? = nil,
        inner: Int, positions: Int
    ) -> LanguageModelConfiguration {
        let size = max(width / max(heads, 1), 1)
        var rotary = RotaryForm(size: size)
        rotary.roundsAngles = true
        return LanguageModelConfiguration(
            type: .llama, vocabulary: vocabulary, width: width, layers: layers, inner: inner,
            heads: heads, keyValueHeads: keyValueHeads ?? heads, headSize: size,
            activation: .silu, epsilon: 1e-5, rotary: rotary, maximumPositions: positions)
    }

    /// The number of tokens at which a text ends for the model: that of learned positions.
    public var positionLimit: Int? { rotary == nil ? maximumPositions : nil }

    /// The bytes that a token's activations take between the forward and the backward pass of training, without what depends
    /// on the vocabulary.
    public func activationBytes(in precision: Precision) -> Int {
        let size = precision.activationType.bitWidth / 8
        // Queries, keys, values and what they give; queries and keys once more where they are turned, twice where they are
        // cut out and normalised.
        let copies = 2 + (rotary == nil ? 0 : 1) + (type == .qwen3 ? 2 : 0)
        let attention = copies * (heads + keyValueHeads) * headSize
        let hidden = type == .gpt2 ? inner : 2 * inner
        // The residual stream stands before attention, and after it.
        let stream = 2 * width * precision.streamType.bitWidth / 8
        return layers * (stream + size * (2 * width + attention + hidden))
    }

    /// What the layers have in common; the layer's number decides windows and scales.
    func layerOptions(_ layer: Int, rotary: RotaryPositions?) -> LayerOptions {
        let scale =
            (scalesAttention ? 1 / Double(headSize).squareRoot() : 1)
            / (scalesByLayer ? Double(layer + 1) : 1)
        var options = LayerOptions(
            width: width,
            heads: AttentionHeads(
                count: heads, keyValueCount: keyValueHeads, keySize: headSize, scale: scale),
            inner: inner,
            feedForward: type == .gpt2 ? .plain(activation) : .gated(activation),
            placement: .pre, norm: norm, epsilon: epsilon, hasBias: hasFeedForwardBias,
            dropout: dropout, attentionDropout: attentionDropout)
        options.hasAttentionInputBias = hasAttentionInputBias
        options.hasAttentionOutputBias = hasAttentionOutputBias
        options.normalizesHeads = type == .qwen3
        options.window = windowedLayers.contains(layer) ? window : nil
        options.rotary = rotary
        options.names = type.family.names(type).layer
        return options
    }

    /// Which normalisation.
    var norm: Norm.Kind { type == .gpt2 ? .layer : .rms }
}
