import HeedNN
public import HeedTensor

/// Kinds of attention in an encoder-decoder model.
public struct AttentionKinds: OptionSet, Sendable {
    /// The kinds as bits.
    public let rawValue: Int

    /// Kinds from their bits.
    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// The encoder's self-attention.
    public static let encoder = AttentionKinds(rawValue: 1)
    /// The decoder's masked self-attention.
    public static let decoder = AttentionKinds(rawValue: 2)
    /// The decoder's attention to the encoder.
    public static let cross = AttentionKinds(rawValue: 4)
    /// All of them.
    public static let all: AttentionKinds = [.encoder, .decoder, .cross]

    /// Whether the attention with this name, such as `decoder.0.cross`, is of these kinds.
    func contains(attention name: String) -> Bool {
        if name.hasSuffix(".cross") { return contains(.cross) }
        return contains(name.hasPrefix("encoder.") ? .encoder : .decoder)
    }
}

/// The weights of one head.
public struct AttentionMap: Sendable {
    /// The attention, such as `decoder.0.cross`.
    public let attention: String
    /// The head.
    public let head: Int
    /// [queries, keys], float32; each row sums to 1.
    public let weights: Tensor

    init(_ entry: AttentionRecorder.Entry) {
        attention = entry.attention
        head = entry.head
        weights = entry.weights
    }
}

/// What a model attended to while it translated a sentence.
public struct AttentionMaps: Sendable {
    /// The source's tokens, which are keys of cross attention.
    public let sourceTokens: [String]
    /// The target's tokens, which name the rows that predict them.
    public let targetTokens: [String]
    /// The weights of every captured head.
    public let maps: [AttentionMap]

    /// The mean over the heads of the last layer's attentions to the encoder, [target, source].
    public var meanCross: [[Float]] {
        let names = maps.map(\.attention).filter { $0.hasSuffix(".cross") }
        guard let last = names.last else { return [] }
        let heads = maps.filter { $0.attention == last }.map(\.weights.floats)
        let columns = sourceTokens.count
        return targetTokens.indices.map { row in
            (0..<columns).map { column in
                heads.reduce(0) { $0 + $1[row * columns + column] } / Float(heads.count)
            }
        }
    }
}
