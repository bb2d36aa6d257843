import HeedNN
package import HeedTensor

/// Masks as the attention sees them.
package enum MaskExample {
    /// A mask, and how many queries and keys it is shown with.
    package struct Case: Sendable {
        package let name: String
        package let mask: AttentionMask
        package let queries: Int
        package let keys: Int
    }

    package static var cases: [Case] {
        let squares = (0..<64).map { index -> UInt8 in index / 8 / 3 == index % 8 / 3 ? 1 : 0 }
        return [
            Case(name: "full", mask: .full, queries: 8, keys: 8),
            Case(name: "causal: no key after the query", mask: .causal(), queries: 8, keys: 8),
            Case(
                name: "causal, offset 5: five keys are in a cache", mask: .causal(offsets: [5]),
                queries: 3, keys: 8),
            Case(name: "window 3: causal, and near", mask: .window(3), queries: 8, keys: 8),
            Case(
                name: "prefix 3: causal, and three keys for all", mask: .prefix([3]), queries: 8,
                keys: 8),
            Case(name: "lengths 5: the first five keys", mask: .lengths([5]), queries: 8, keys: 8),
            Case(
                name: "dense: any pattern, such as blocks",
                mask: .dense(Tensor(squares, shape: [1, 1, 8, 8])), queries: 8, keys: 8),
            Case(
                name: "lengths 0: nothing to attend to gives zeros", mask: .lengths([0]),
                queries: 3, keys: 8),
        ]
    }

    /// The weights of an attention whose products are all equal: what a query sees, it sees equally. NaN is a key that it
    /// does not see.
    package static func weights(_ one: Case) -> [[Double]] {
        let recorder = AttentionRecorder()
        let keys = Columns(Tensor.zeros([one.keys, 4]))
        _ = Context(attentionObserver: recorder).attention(
            "mask", queries: Columns(Tensor.zeros([one.queries, 4])), keys: keys, values: keys,
            heads: AttentionHeads(count: 1, keySize: 4),
            queryPacking: SequencePacking(lengths: [one.queries]),
            keyRanges: SequenceRanges(starts: [0], lengths: [one.keys]), mask: one.mask)
        let rows = recorder.weights(of: "mask")[0]?.rows ?? []
        return rows.map { row in row.map { $0 == 0 ? .nan : $0 } }
    }

    static var page: FigurePage {
        FigurePage(
            Figure(
                "Masks: which keys each query sees",
                caption: """
                    Weights that the attention computed for products that are all equal, so that \
                    a query shares its attention among the keys that it sees. Grey fields are never read.
                    """,
                columns: 4, panelWidth: 310, panelHeight: 270,
                cases.map { one in
                    .heat(
                        HeatMap(
                            one.name, weights(one), rowLabel: "query", columnLabel: "key",
                            range: 0...1, decimals: 2))
                }))
    }
}
