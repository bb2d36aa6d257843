import HeedNN
package import HeedTensor

/// Which inputs each output depends on: an input is changed, and the outputs that move are seen.
package enum DependenceExample {
    private static let (count, width) = (8, 16)

    /// A layer, and how far each output [row] moves when one input [column] is changed.
    package struct Case: Sendable {
        package let name: String
        package let changes: [[Double]]
    }

    private static var options: LayerOptions {
        LayerOptions(width: width, heads: AttentionHeads(count: 2, keySize: 8), inner: 32)
    }

    package static var cases: [Case] {
        let packing = SequencePacking(lengths: [count])
        let context = Context()
        let norm = NormLayer(.layer, width, builder: ModelBuilder(seed: 1))
        let network = FeedForward(
            .plain(.relu), width: width, inner: 32, builder: ModelBuilder(seed: 2))
        func attention(_ mask: AttentionMask) -> (Tensor) -> Tensor {
            let layer = MultiHeadAttention(
                "a", width: width, heads: options.heads, builder: ModelBuilder(seed: 3))
            return { layer($0, packing: packing, mask: mask, context) }
        }
        let layers = [0, 1].map {
            EncoderLayer("\($0)", options, builder: ModelBuilder(seed: UInt64(4 + $0)))
        }
        return [
            Case(name: "Layer norm: each token alone", changes: changes { norm($0, context) }),
            Case(name: "Feed-forward: each token alone", changes: changes { network($0, context) }),
            Case(name: "Self-attention: all tokens", changes: changes(attention(.full))),
            Case(name: "Masked: no later token", changes: changes(attention(.causal()))),
            Case(name: "A decoder of two layers: no later token", changes: decoderChanges),
            Case(
                name: "Two layers with window 3 reach 5",
                changes: changes { x in
                    layers.reduce(x) { $1($0, packing: packing, mask: .window(3), context) }
                }),
        ]
    }

    /// How far each output of a function of [tokens, D] moves with each input.
    package static func changes(_ function: (Tensor) -> Tensor) -> [[Double]] {
        let x = Tensor.randomNormal([count, width], seed: 5, site: 1)
        let other = Tensor.randomNormal([1, width], seed: 5, site: 2)
        let before = function(x).rows
        let context = Context()
        return transposed(
            (0..<count).map { changed in
                let parts = [x.rowsView(0..<changed), other, x.rowsView(changed + 1..<count)]
                let after = function(context.concatenated(parts)).rows
                return zip(before, after).map { largestDifference($0, $1) }
            })
    }

    /// The same for the decoder of a Transformer, whose inputs are tokens.
    private static var decoderChanges: [[Double]] {
        let builder = ModelBuilder(seed: 12)
        let embedding = TokenEmbedding(
            Embedding(12, width, builder: builder), positions: .interleavedSinusoids,
            maximumLength: 64, scale: 4, dropout: 0, builder: builder)
        let decoder = Decoder(embedding, depth: 2, options, builder: builder)
        let memory = Tensor.randomNormal([3, width], seed: 5, site: 1)
        let ids: [Int32] = [2, 5, 8, 1, 9, 4, 3, 7]
        func outputs(_ ids: [Int32]) -> [[Double]] {
            decoder(
                Tensor(ids), packing: SequencePacking(lengths: [count]), memory: memory,
                memoryRanges: SequenceRanges(starts: [0], lengths: [3]), Context()
            ).rows
        }
        let before = outputs(ids)
        return transposed(
            (0..<count).map { changed in
                var others = ids
                others[changed] = (ids[changed] + 5) % 12
                return zip(before, outputs(others)).map { largestDifference($0, $1) }
            })
    }

    private static func transposed(_ rows: [[Double]]) -> [[Double]] {
        (0..<count).map { row in rows.map { $0[row] } }
    }

    static var page: FigurePage {
        FigurePage(
            Figure(
                "Which inputs an output depends on",
                caption: """
                    One input is replaced by another, and the change of each output is seen. A grey field \
                    is no change, to the last bit. Self-attention is the only exchange between tokens, and a \
                    decoder's output never depends on later inputs.
                    """,
                columns: 3, panelWidth: 330, panelHeight: 300,
                cases.map { one in
                    .heat(
                        HeatMap(
                            one.name, one.changes.map { row in row.map { $0 == 0 ? .nan : $0 } },
                            rowLabel: "output", columnLabel: "input that is changed"))
                }))
    }
}
