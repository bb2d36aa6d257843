import HeedFormats
import HeedTensor
import HeedTestSupport

extension OperatorCatalogue {
    static var lookups: [OperatorFamily] {
        [
            OperatorFamily(name: "embedding", small: smallEmbeddings, large: largeEmbeddings),
            OperatorFamily(
                name: "rotary", small: { smallRotaries.map(rotary) },
                large: { [rotary((90, 4, 64, 64, false)), rotary((33, 3, 40, 24, true))] }),
        ]
    }

    /// How tokens are looked up.
    private struct Lookup {
        var ids: [Int32]
        var table: Shape
        var scale = 1.0
        var lengths: [Int]?
        var hasPositions = false
        var dropout = 0.0
    }

    private static func embedding(_ lookup: Lookup) -> OperatorCase {
        var numbers = Numbers("embedding\(lookup.table)\(lookup.ids)")
        let packing = (lookup.lengths ?? (lookup.hasPositions ? [lookup.ids.count] : nil)).map {
            SequencePacking(lengths: $0)
        }
        let positions =
            lookup.hasPositions
            ? numbers([max(lookup.ids.count, 1), lookup.table.columns], 0...1) : nil
        let place = lookup.dropout > 0 ? Dropout(lookup.dropout, site: 1) : nil
        let ids = Tensor(lookup.ids)
        return OperatorCase(
            name: "\(lookup.ids.count) of \(lookup.table)", inputs: [],
            parameters: [numbers(lookup.table)], comparison: .sums(max(lookup.ids.count, 1))
        ) { context, _, parameters in
            [
                context.embedding(
                    ids, parameters[0], scale: lookup.scale,
                    positions: positions?.inType(context.precision.statistics), packing: packing,
                    dropout: place, output: context.precision.activationType)
            ]
        }
    }

    private static func smallEmbeddings() -> [OperatorCase] {
        [
            Lookup(ids: [0, 2, 1], table: [3, 4]), Lookup(ids: [1, 1, 1, 0, 1], table: [2, 3]),
            Lookup(ids: [], table: [3, 2]), Lookup(ids: [0], table: [1, 1]),
            Lookup(ids: [4, 0, 4], table: [5, 33], scale: 5.7),
            Lookup(ids: [2, 2], table: [3, 0]),
            Lookup(ids: [1, 2, 1, 0], table: [3, 5], hasPositions: true),
            Lookup(ids: [1, 2, 1, 0, 2], table: [3, 5], lengths: [2, 0, 3], hasPositions: true),
            Lookup(
                ids: [1, 2, 1, 0, 2], table: [3, 130], scale: 2, lengths: [4, 1],
                hasPositions: true, dropout: 0.3),
            Lookup(ids: [0, 0, 1], table: [2, 7], dropout: 0.6),
        ].map(embedding)
    }

    private static func largeEmbeddings() -> [OperatorCase] {
        var numbers = Numbers("ids")
        return [
            Lookup(
                ids: numbers.indices(300, below: 70), table: [70, 257], scale: 3,
                lengths: [100, 0, 77, 123], hasPositions: true, dropout: 0.2),
            Lookup(ids: numbers.indices(500, below: 5), table: [5, 512], scale: 1),
        ].map(embedding)
    }

    /// Tokens, heads, head size, rotary size, interleaved.
    private typealias Turn = (tokens: Int, heads: Int, size: Int, rotary: Int, interleaved: Bool)

    private static let smallRotaries: [Turn] = [
        (3, 2, 4, 4, false), (3, 2, 4, 4, true), (1, 1, 2, 2, false), (0, 2, 4, 2, false),
        (2, 1, 7, 6, true), (2, 3, 8, 4, false), (5, 1, 34, 34, false), (2, 2, 3, 0, false),
    ]

    private static func rotary(_ turn: Turn) -> OperatorCase {
        var numbers = Numbers("rotary\(turn)")
        let positions = Tensor(numbers.indices(turn.tokens, below: 50))
        let table = RotaryTable(
            count: 50, rotarySize: turn.rotary, isInterleaved: turn.interleaved, .float64)
        return OperatorCase(
            name: "\(turn)", inputs: [numbers([turn.tokens, turn.heads * turn.size])]
        ) { context, inputs, _ in
            [context.rotary(inputs[0], table, headSize: turn.size, positions: positions)]
        }
    }
}
