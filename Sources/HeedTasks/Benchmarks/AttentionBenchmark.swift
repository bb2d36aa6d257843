public import HeedFormats
public import HeedTensor

/// Self-attention inside sequences of one length, from one fused tensor of queries, keys and values.
public struct AttentionBenchmark: Benchmark {
    /// The workload's name.
    public static let name = "attention"

    /// Sequences.
    public var batch = 8
    /// Heads.
    public var heads = 8
    /// The width of each head.
    public var headSize = 64
    /// Tokens of each sequence.
    public var length = 1024
    /// Whether later tokens are hidden.
    public var isCausal = false
    /// Whether gradients are computed, too.
    public var computesGradients = false
    /// The arithmetic.
    public var precision = Precision.fastest

    /// The usual sizes.
    public init() {}

    /// The sizes, by the names of their options.
    public var sizes: JSONObject {
        var sizes = JSONObject()
        sizes.insert(.int(batch), forName: "batch")
        sizes.insert(.int(heads), forName: "heads")
        sizes.insert(.int(headSize), forName: "head_size")
        sizes.insert(.int(length), forName: "length")
        sizes.insert(.bool(isCausal), forName: "causal")
        sizes.insert(.bool(computesGradients), forName: "backward")
        return sizes
    }

    /// Makes weights and data.
    public func prepare() -> PreparedBenchmark {
        let heads = AttentionHeads(count: heads, keySize: headSize)
        let packing = SequencePacking(lengths: Array(repeating: length, count: batch))
        let width = heads.queryWidth
        let type = precision.activationType
        let x = Tensor.randomNormal([packing.tokenCount, 3 * width], seed: 1, site: 1)
            .converted(to: type)
        let upstream = Tensor.randomNormal([packing.tokenCount, width], seed: 1, site: 2)
            .converted(to: type)
        let mask: AttentionMask = isCausal ? .causal() : .full
        let pairs =
            isCausal
            ? TransformerOperations.causalPairs(length) : Double(length) * Double(length)
        let forward = TransformerOperations.attention(
            pairs: pairs * Double(batch), width: Double(width))
        let (precision, computesGradients) = (precision, computesGradients)
        return PreparedBenchmark(
            items: "sequences", itemCount: batch,
            operations: forward
                * (computesGradients ? TransformerOperations.attentionTrainingFactor : 1)
        ) { profiler in
            let tape = computesGradients ? Tape() : nil
            let context = Context(tape: tape, precision: precision, profiler: profiler)
            let qkv = tape?.variable(x) ?? x
            let y = context.attention(
                queries: Columns(qkv, 0..<width), keys: Columns(qkv, width..<2 * width),
                values: Columns(qkv, 2 * width..<3 * width), heads: heads, queryPacking: packing,
                mask: mask)
            _ = tape?.backward(y, upstream: upstream)
        }
    }
}
