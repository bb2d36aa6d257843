import HeedFormats
public import HeedTensor

/// Keys and values of a memory, such as an encoder's output, projected once for an encoder-decoder attention.
public struct ProjectedMemory {
    /// [rows, keys].
    let keys: Columns
    /// [rows, values].
    let values: Columns
    /// The rows of each memory.
    let ranges: SequenceRanges
    /// The tokens that ask each memory; nil where each sequence of a batch has its own.
    let queryPacking: SequencePacking?

    /// Memories that were kept in slots of a cache.
    ///
    /// - Parameters:
    ///   - cache: what holds them.
    ///   - ranges: their rows in the cache.
    ///   - queryPacking: the tokens of a batch that ask each of them: hypotheses of a sentence share its memory.
    public init(_ cache: KeyValueCache, ranges: SequenceRanges, queryPacking: SequencePacking) {
        self.init(
            keys: cache.keys, values: cache.values, ranges: ranges, queryPacking: queryPacking)
    }

    init(
        keys: Columns, values: Columns, ranges: SequenceRanges,
        queryPacking: SequencePacking? = nil
    ) {
        self.keys = keys
        self.values = values
        self.ranges = ranges
        self.queryPacking = queryPacking
    }

    /// Keeps the memories in slots of a cache, sequence i in `slots[i]`.
    public func append(to cache: KeyValueCache, packing: SequencePacking, slots: [Int]) {
        cache.append(
            Columns(keys.tensor, keys.range.lowerBound..<values.range.upperBound),
            packing: packing, to: slots)
    }
}

/// Multi-head attention: Concat(head₁ … head_H) W^O with headᵢ = Attention(Q Wᵢ^Q, K Wᵢ^K, V Wᵢ^V)
/// (Vaswani et al. 2017, §3.2.2).
///
/// Queries, keys and values of self-attention come from one fused product; in encoder-decoder attention the queries come
/// from the decoder, keys and values from the encoder.
public final class MultiHeadAttention: Module {
    /// Where keys and values come from.
    public enum Source: Sendable {
        /// From the tokens that ask.
        case itself
        /// From a memory.
        case memory
    }

    /// The heads.
    public let heads: AttentionHeads
    /// The name under which an observer knows it, such as `decoder.0.cross`.
    public let name: String
    private let source: Source
    /// Queries, keys and values, or queries alone beside `memoryInput`.
    private let input: Linear
    private let memoryInput: Linear?
    private let output: Linear
    /// Norms of each head's queries and keys.
    private let headNorms: (queries: NormLayer, keys: NormLayer)?
    private let rotary: RotaryPositions?
    private let dropout: Dropout?
    /// Earlier tokens that a token of a masked self-attention sees, itself included; all when nil.
    private let window: Int?
    private let names: LayerNames
    /// The heads whose contributions have been taken out.
    package private(set) var removedHeads: Set<Int> = []

    /// An attention of the given width.
    ///
    /// - Parameters:
    ///   - name: how an observer knows it.
    ///   - source: where keys and values come from.
    ///   - width: D.
    ///   - heads: the heads' numbers and sizes.
    ///   - memoryWidth: the width of the memory; `width` when nil.
    ///   - hasBias: whether projections have biases.
    ///   - dropout: the share of weights that are dropped.
    ///   - rotary: how queries and keys are turned; nil for not at all.
    ///   - builder: draws the weights.
    public convenience init(
        _ name: String, _ source: Source = .itself, width: Int, heads: AttentionHeads,
        memoryWidth: Int? = nil, hasBias: Bool = true, dropout: Double = 0,
        rotary: RotaryForm? = nil, builder: ModelBuilder
    ) {
        let options = LayerOptions(
            width: width, heads: heads, inner: 1, hasBias: hasBias, attentionDropout: dropout,
            rotary: rotary)
        self.init(name, source, options, memoryWidth: memoryWidth, builder: builder)
    }

    /// The attention of a layer with these options.
    init(
        _ name: String, _ source: Source, _ options: LayerOptions, memoryWidth: Int? = nil,
        builder: ModelBuilder
    ) {
        self.name = name
        let (width, heads, hasBias) = (
            options.width, options.heads, options.hasAttentionInputBias
        )
        self.heads = heads
        self.source = source
        rotary = source == .itself ? options.rotary : nil
        window = options.window
        names = options.names
        let queries = [heads.queryWidth]
        let keysValues = [heads.keyWidth, heads.valueWidth]
        switch source {
        case .itself:
            input = Self.projection(width, queries + keysValues, hasBias, builder)
            memoryInput = nil
        case .memory:
            input = Self.projection(width, queries, hasBias, builder)
            memoryInput = Self.projection(memoryWidth ?? width, keysValues, hasBias, builder)
        }
        output = .residual(
            heads.outputWidth, width, hasBias: options.hasAttentionOutputBias, builder: builder)
        dropout = builder.dropout(options.attentionDropout)
        headNorms =
            options.normalizesHeads
            ? (
                NormLayer(options.norm, heads.keySize, epsilon: options.epsilon, builder: builder),
                NormLayer(options.norm, heads.keySize, epsilon: options.epsilon, builder: builder)
            ) : nil
    }

    /// Projections that share one product; each is drawn as a layer of its own, with a bias uniform in ±1/√D.
    private static func projection(
        _ width: Int, _ outputs: [Int], _ hasBias: Bool, _ builder: ModelBuilder
    ) -> Linear {
        let weights = outputs.map { builder.attentionProjection([$0, width]) }
        let biases = outputs.map {
            builder.attentionBias([$0], width: width)
        }
        return Linear(
            weight: builder.fused(weights), bias: hasBias ? builder.fused(biases) : nil)
    }

    /// Self-attention. x [tokens, D] → [tokens, D].
    ///
    /// - Parameters:
    ///   - x: the tokens.
    ///   - packing: their sequences.
    ///   - mask: which tokens each sees.
    ///   - bias: added to the scores, [H, queries, keys].
    ///   - context: where it computes.
    public func callAsFunction(
        _ x: Tensor, packing: SequencePacking, mask: AttentionMask = .full, bias: Tensor? = nil,
        _ context: Context
    ) -> Tensor {
        let parts = selfProjection(x, packing, context)
        let attended = context.attention(
            name, queries: parts.queries, keys: parts.keys, values: parts.values, heads: heads,
            queryPacking: packing, mask: mask, bias: bias, dropout: dropout)
        return output(attended, context)
    }

    /// The mask by which a token sees what came before it, in sequences of so many earlier tokens.
    func causalMask(offsets: [Int]? = nil) -> AttentionMask {
        window.map { .window($0, offsets: offsets) } ?? .causal(offsets: offsets)
    }

    /// Self-attention of new tokens to themselves and to the earlier ones in a cache, to which they are added. A token sees
    /// what came before it.
    public func callAsFunction(
        _ x: Tensor, packing: SequencePacking, cache: KeyValueCache, slots: [Int],
        _ context: Context
    ) -> Tensor {
        let parts = selfProjection(x, packing, context)
        let earlier = slots.map { cache.lengths[$0] }
        context.profiler?.begin("cache")
        cache.append(parts.keysValues(context), packing: packing, to: slots)
        context.profiler?.end()
        let attended = context.attention(
            name, queries: parts.queries, keys: cache.keys, values: cache.values, heads: heads,
            queryPacking: packing, keyRanges: cache.ranges(of: slots),
            mask: causalMask(offsets: earlier), dropout: dropout)
        return output(attended, context)
    }

    /// Encoder-decoder attention to a projected memory. x [tokens, D] → [tokens, D].
    public func callAsFunction(
        _ x: Tensor, packing: SequencePacking, memory: ProjectedMemory, _ context: Context
    ) -> Tensor {
        let queries = input(x, context)
        let attended = context.attention(
            name, queries: Columns(queries), keys: memory.keys, values: memory.values,
            heads: heads, queryPacking: memory.queryPacking ?? packing,
            keyRanges: memory.ranges, dropout: dropout)
        return output(attended, context)
    }

    /// The keys and values of a memory [tokens, memory width].
    public func project(
        _ memory: Tensor, ranges: SequenceRanges, _ context: Context
    ) -> ProjectedMemory {
        let projected = (memoryInput ?? input)(memory, context)
        let (keys, all) = (heads.keyWidth, heads.keyWidth + heads.valueWidth)
        return ProjectedMemory(
            keys: Columns(projected, 0..<keys), values: Columns(projected, keys..<all),
            ranges: ranges)
    }

    /// A cache for this attention.
    public func makeCache(slots: Int, capacity: Int, _ context: Context) -> KeyValueCache {
        KeyValueCache(
            slots: slots, capacity: capacity, keyWidth: heads.keyWidth,
            valueWidth: heads.valueWidth, context.precision.activationType)
    }

    /// Takes what a head contributes out of the output, as if the head gave zeros: the columns of the output projection
    /// that read it become zero. The bias stays. Traps for a head that there is not.
    public func removeContribution(ofHead head: Int) {
        precondition((0..<heads.count).contains(head), "There is no such head")
        removedHeads.insert(head)
        let weight = output.weight
        let (rows, columns) = (weight.shape[0], weight.shape[1])
        // Every element type fits into float64, there and back.
        var values = weight.value.converted(to: .float64).scalars(as: Double.self)
        let read = head * heads.valueSize..<(head + 1) * heads.valueSize
        for row in 0..<rows {
            for column in read { values[row * columns + column] = 0 }
        }
        weight.value = Tensor(values, shape: weight.shape).converted(
            to: weight.value.elementType)
    }

    private struct Parts {
        let queries: Columns
        let keys: Columns
        let values: Columns

        /// Keys and values side by side.
        func keysValues(_ context: Context) -> Columns {
            if keys.range.upperBound == values.range.lowerBound, keys.shares(values) {
                return Columns(keys.tensor, keys.range.lowerBound..<values.range.upperBound)
            }
            return Columns(
                context.concatenated([keys.copied(context), values.copied(context)], axis: 1))
        }
    }

    private func selfProjection(
        _ x: Tensor, _ packing: SequencePacking, _ context: Context
    ) -> Parts {
        var fused = input(x, context)
        let keyStart = heads.queryWidth
        let valueStart = keyStart + heads.keyWidth
        let turnsInPlace = headNorms == nil && context.tape == nil
        if turnsInPlace {
            rotary?.turn(
                &fused, columns: valueStart, headSize: heads.keySize, packing: packing, context)
        }
        var queries = Columns(fused, 0..<keyStart)
        var keys = Columns(fused, keyStart..<valueStart)
        let values = Columns(fused, valueStart..<valueStart + heads.valueWidth)
        if let headNorms {
            queries = normalised(queries, headNorms.queries, context)
            keys = normalised(keys, headNorms.keys, context)
        }
        if let rotary, !turnsInPlace {
            let turned = [queries, keys].map {
                Columns(
                    rotary(
                        $0.copied(context), headSize: heads.keySize, packing: packing, context))
            }
            (queries, keys) = (turned[0], turned[1])
        }
        return Parts(queries: queries, keys: keys, values: values)
    }

    /// The heads of each token, each with a norm of its own.
    private func normalised(_ x: Columns, _ norm: NormLayer, _ context: Context) -> Columns {
        let tensor = x.copied(context)
        let rows: Shape = [tensor.count / heads.keySize, heads.keySize]
        let heads = norm(context.reshaped(tensor, rows), context)
        return Columns(context.reshaped(heads, tensor.shape))
    }

    /// Shows the projections, each by itself or as one, then the norms of heads.
    public func visitMembers(_ visitor: MemberVisitor) {
        let isTransposed = names.isTransposed
        if case .fused(let name) = names.projections, memoryInput == nil {
            visitor.linear(name, input, isTransposed: isTransposed)
        } else {
            let keysValues = memoryInput ?? input
            let keyStart = source == .itself ? heads.queryWidth : 0
            let valueStart = keyStart + heads.keyWidth
            let parts: [(Linear, Range<Int>)] = [
                (input, 0..<heads.queryWidth), (keysValues, keyStart..<valueStart),
                (keysValues, valueStart..<valueStart + heads.valueWidth),
            ]
            for (name, (layer, rows)) in zip(names.projections.parts, parts) {
                visitor.linear(name, layer, rows: rows, isTransposed: isTransposed)
            }
        }
        visitor.linear(names.attentionOutput, output, isTransposed: isTransposed)
        visitor.child("q_norm", headNorms?.queries)
        visitor.child("k_norm", headNorms?.keys)
    }
}

extension LayerNames.Projections {
    /// The names of the three projections; those of encoder-decoder models where they would be fused.
    fileprivate var parts: [String] {
        switch self {
        case .separate(let queries, let keys, let values): [queries, keys, values]
        case .fused: ["q_proj", "k_proj", "v_proj"]
        }
    }
}

extension Columns {
    /// Whether both are columns of the same tensor.
    fileprivate func shares(_ other: Columns) -> Bool { tensor.sharesMemory(with: other.tensor) }

    /// The columns as a tensor of their own.
    fileprivate func copied(_ context: Context) -> Tensor {
        range == 0..<tensor.shape[1] ? tensor : context.sliced(tensor, axis: 1, range)
    }
}
