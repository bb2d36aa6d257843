public import HeedTensor

/// Captures the weights of chosen attentions and heads while a model runs, before dropout, in float32.
///
/// The same kernels run with and without a recorder, and give the same outputs.
public final class AttentionRecorder: AttentionObserver {
    /// The weights of one head for one sequence.
    public struct Entry: Sendable {
        /// The attention, such as `decoder.0.cross`.
        public let attention: String
        /// The sequence's index in the batch.
        public let sequence: Int
        /// The head.
        public let head: Int
        /// [queries, keys]; each row sums to 1.
        public let weights: Tensor
    }

    /// What has been captured, in the order of computation.
    public private(set) var entries: [Entry] = []
    private let selectsAttention: (String) -> Bool
    private let selectedHeads: [Int]?
    private let headCount: Int

    /// A recorder for the attentions that `selecting` accepts.
    ///
    /// - Parameters:
    ///   - heads: the heads; all of the first `headCount` when nil.
    ///   - headCount: more than any attention has.
    ///   - selecting: whether the attention of this name is captured.
    public init(
        heads: [Int]? = nil, headCount: Int = 4096,
        selecting: @escaping (String) -> Bool = { _ in true }
    ) {
        selectsAttention = selecting
        selectedHeads = heads
        self.headCount = headCount
    }

    /// The heads that are captured of an attention.
    public func heads(of attention: String) -> [Int]? {
        guard selectsAttention(attention) else { return nil }
        return selectedHeads ?? Array(0..<headCount)
    }

    /// Keeps the weights of one head.
    public func observe(attention: String, sequence: Int, head: Int, weights: Tensor) {
        entries.append(
            Entry(attention: attention, sequence: sequence, head: head, weights: weights))
    }

    /// The weights of one attention for one sequence, by head.
    public func weights(of attention: String, sequence: Int = 0) -> [Int: Tensor] {
        var result: [Int: Tensor] = [:]
        for entry in entries where entry.attention == attention && entry.sequence == sequence {
            result[entry.head] = entry.weights
        }
        return result
    }

    /// Forgets what has been captured.
    public func clear() { entries = [] }
}
