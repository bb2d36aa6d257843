public import HeedTensor

/// Additive attention: relevance vᵀ tanh(W q + U k), weights by softmax (Bahdanau et al. 2015).
public final class AdditiveAttention: Module {
    private let query: Linear
    private let key: Linear
    private let vector: Linear

    /// An attention whose hidden layer has `inner` units.
    public init(queryWidth: Int, keyWidth: Int, inner: Int, builder: ModelBuilder) {
        query = Linear(queryWidth, inner, hasBias: false, builder: builder)
        key = Linear(keyWidth, inner, hasBias: false, builder: builder)
        vector = Linear(inner, 1, hasBias: false, builder: builder)
    }

    /// Attends from queries [Tq, query width] to keys [Tk, key width] with values [Tk, value width].
    ///
    /// - Parameters:
    ///   - queries: who asks.
    ///   - keys: what they are compared with.
    ///   - values: what is mixed.
    ///   - mask: added to the relevances, [Tq, Tk]: 0, or −∞ where a key is hidden; nil hides nothing.
    ///   - context: where it computes.
    /// - Returns: the weighted values [Tq, value width] and the weights [Tq, Tk].
    public func callAsFunction(
        queries: Tensor, keys: Tensor, values: Tensor, hiding mask: Tensor? = nil,
        _ context: Context
    ) -> (output: Tensor, weights: Tensor) {
        let (tq, tk) = (queries.shape[0], keys.shape[0])
        let q = query(queries, context)
        let k = key(keys, context)
        let inner = q.shape[1]
        let sum = context.add(
            context.reshaped(q, [tq, 1, inner]), context.reshaped(k, [1, tk, inner]))
        var relevance = context.reshaped(vector(context.apply(.tanh, sum), context), [tq, tk])
        if let mask { relevance = context.add(relevance, mask) }
        let weights = context.softmax(relevance)
        return (context.matmul(weights, values), weights)
    }

    /// Shows W, U and v.
    public func visitMembers(_ visitor: MemberVisitor) {
        visitor.child("query", query)
        visitor.child("key", key)
        visitor.child("vector", vector)
    }
}
