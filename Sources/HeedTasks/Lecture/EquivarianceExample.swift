package import HeedNN
import HeedTensor

/// An encoder without positions maps sets: other order in, other order out.
package enum EquivarianceExample {
    private static let ids: [Int32] = [3, 7, 1, 9, 5, 2]
    private static let order = [4, 2, 0, 5, 1, 3]

    /// The outputs for the tokens in their order, and those for another order, put back.
    package static func outputs(
        _ positions: PositionKind
    ) -> (straight: [[Double]], turned: [[Double]]) {
        let builder = ModelBuilder(seed: 11)
        let options = LayerOptions(
            width: 16, heads: AttentionHeads(count: 2, keySize: 8), inner: 24,
            rotary: positions == .rotary ? RotaryForm(size: 8) : nil)
        let embedding = TokenEmbedding(
            Embedding(12, 16, builder: builder), positions: positions, maximumLength: 64, scale: 4,
            dropout: 0, builder: builder)
        let encoder = Encoder(embedding, depth: 2, options, builder: builder)
        let packing = SequencePacking(lengths: [ids.count])
        let straight = encoder(Tensor(ids), packing: packing, Context()).rows
        let turned = encoder(Tensor(order.map { ids[$0] }), packing: packing, Context()).rows
        var back = turned
        for (place, token) in order.enumerated() { back[token] = turned[place] }
        return (straight, back)
    }

    /// The largest difference between the two.
    package static func difference(_ positions: PositionKind) -> Double {
        let (straight, turned) = outputs(positions)
        return largestDifference(straight.joined(), turned.joined())
    }

    static var page: FigurePage {
        let names = ids.map { "token \($0)" }
        func map(
            _ title: String, _ values: [[Double]], range: ClosedRange<Double>
        ) -> Figure.Panel {
            .heat(HeatMap(title, values, rows: names, columnLabel: "column", range: range))
        }
        let plain = outputs(.none)
        var panels = [
            map("Without positions: outputs", plain.straight, range: -3...3),
            map("Another order of tokens, put back", plain.turned, range: -3...3),
        ]
        for kind in [PositionKind.none, .concatenatedSinusoids, .rotary, .learned] {
            let (straight, turned) = outputs(kind)
            let change = zip(straight, turned).map { a, b in zip(a, b).map { $0 - $1 } }
            let words = kind == .none ? "no positions" : "\(kind.rawValue) positions"
            let largest = NumberText.short(difference(kind))
            panels.append(map("Difference, \(words): \(largest)", change, range: -3...3))
        }
        return FigurePage(
            Figure(
                "Without positions an encoder maps sets",
                caption: """
                    The same six tokens in two orders through an encoder of two layers. Without positions \
                    each token's output is the same in both, up to the rounding of sums; with \
                    positions it is not.
                    """,
                columns: 2, panelWidth: 460, panelHeight: 230, panels))
    }
}
