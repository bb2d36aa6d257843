/// A range of columns of a [tokens, width] tensor, such as the queries in a fused projection.
public struct Columns {
    /// The tensor.
    public let tensor: Tensor
    /// The columns.
    public let range: Range<Int>

    /// These columns of a tensor.
    public init(_ tensor: Tensor, _ range: Range<Int>) {
        require(
            tensor.rank == 2 && range.lowerBound >= 0 && range.upperBound <= tensor.shape[1],
            "Columns", "columns \(range) of", [tensor.shape])
        self.tensor = tensor
        self.range = range
    }

    /// All columns of a tensor.
    public init(_ tensor: Tensor) {
        self.init(tensor, 0..<tensor.shape.columns)
    }
}

/// The heads of an attention.
public struct AttentionHeads: Sendable, Hashable {
    /// The number of query heads H.
    public let count: Int
    /// The number of key-value heads, which divides H: each serves H / count query heads.
    public let keyValueCount: Int
    /// The width of queries and keys in each head, d_k.
    public let keySize: Int
    /// The width of values in each head, d_v.
    public let valueSize: Int
    /// What scores are multiplied by: 1 / √d_k, or 1 for unscaled attention (Luong et al. 2015).
    public let scale: Double

    /// Heads of these sizes; the scale is 1 / √d_k when nil.
    public init(
        count: Int, keyValueCount: Int? = nil, keySize: Int, valueSize: Int? = nil,
        scale: Double? = nil
    ) {
        self.count = count
        self.keyValueCount = keyValueCount ?? count
        self.keySize = keySize
        self.valueSize = valueSize ?? keySize
        self.scale = scale ?? 1 / Double(keySize).squareRoot()
        require(
            count > 0 && self.keyValueCount > 0 && count % self.keyValueCount == 0 && keySize > 0
                && self.valueSize > 0, "AttentionHeads",
            "\(count) heads, \(self.keyValueCount) key-value heads, sizes \(keySize) and \(self.valueSize)"
        )
    }

    /// The width of the queries of all heads.
    public var queryWidth: Int { count * keySize }
    /// The width of the keys of all key-value heads.
    public var keyWidth: Int { keyValueCount * keySize }
    /// The width of the values of all key-value heads.
    public var valueWidth: Int { keyValueCount * valueSize }
    /// The width of the result.
    public var outputWidth: Int { count * valueSize }
}

/// Which keys each query sees. Masks select: what is masked is never read.
public enum AttentionMask: Sendable {
    /// Every key of its sequence.
    case full
    /// Key j if j ≤ i + the sequence's offset; offsets are 0 when nil. A cache of n earlier keys has offset n.
    case causal(offsets: [Int]? = nil)
    /// As causal, and j > i + offset − size.
    case window(Int, offsets: [Int]? = nil)
    /// As causal, or j below the sequence's prefix.
    case prefix([Int])
    /// Only the sequence's first keys.
    case lengths([Int])
    /// Where the mask is not 0: uint8 [sequences or 1, heads or 1, queries, keys], padded to the longest.
    case dense(Tensor)
}

/// Who is shown attention weights while a model runs; asking never changes what the model computes.
public protocol AttentionObserver: AnyObject {
    /// The heads whose weights are wanted of the attention with this name, such as `decoder.0.cross`; nil for none.
    func heads(of attention: String) -> [Int]?
    /// Receives weights [queries, keys] of one head for one sequence of the batch, before dropout.
    func observe(attention: String, sequence: Int, head: Int, weights: Tensor)
}
