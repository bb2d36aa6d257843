import HeedTensor
import HeedTestSupport

extension OperatorCatalogue {
    static var shapes: [OperatorFamily] {
        [
            OperatorFamily(
                name: "reshaped", small: { reshapes.map(reshaped) },
                large: { [reshaped([120, 30], [60, 60])] }),
            OperatorFamily(
                name: "transposed", small: { orders.map(transposed) },
                large: { [transposed([13, 7, 60], [2, 0, 1]), transposed([70, 65], nil)] }),
            OperatorFamily(
                name: "concatenated", small: smallConcatenations,
                large: { [concatenated([[3, 33, 20], [3, 7, 20]], axis: 1)] }),
            OperatorFamily(
                name: "sliced", small: { slices.map(sliced) },
                large: { [sliced([9, 70, 33], 1, 3..<61)] }),
        ]
    }

    private static let reshapes: [(Shape, Shape)] = [
        ([2, 3], [6]), ([6], [3, 2]), ([1], []), ([], [1, 1]), ([0], [3, 0]), ([3, 5], [5, 3]),
        ([2, 3, 5], [2, 15]), ([7], [7]),
    ]

    private static func reshaped(_ from: Shape, _ to: Shape) -> OperatorCase {
        OperatorCase(
            name: "\(from) \(to)", inputs: [Numbers.one(from)], comparison: .sums(1)
        ) { context, inputs, _ in
            [context.reshaped(inputs[0], to)]
        }
    }

    private static let orders: [(Shape, [Int]?)] = [
        ([2, 3], nil), ([2, 3, 5], nil), ([2, 3, 5], [2, 0, 1]), ([3, 1, 4], [1, 0, 2]), ([], []),
        ([5], [0]), ([0, 3], nil), ([2, 0, 3], [2, 1, 0]), ([1, 7], nil),
        ([2, 3, 2, 3], [0, 2, 1, 3]),
    ]

    private static func transposed(_ shape: Shape, _ order: [Int]?) -> OperatorCase {
        OperatorCase(
            name: "\(shape) \(order ?? [])", inputs: [Numbers.one(shape)], comparison: .sums(1)
        ) { context, inputs, _ in
            [context.transposed(inputs[0], order)]
        }
    }

    private static func concatenated(_ shapes: [Shape], axis: Int) -> OperatorCase {
        var numbers = Numbers("concatenated\(shapes)")
        return OperatorCase(
            name: "\(shapes) axis \(axis)", inputs: shapes.map { numbers($0) },
            comparison: .sums(1)
        ) { context, inputs, _ in
            [context.concatenated(inputs, axis: axis)]
        }
    }

    private static func smallConcatenations() -> [OperatorCase] {
        [
            concatenated([[2], [3]], axis: 0), concatenated([[2, 3], [2, 1]], axis: 1),
            concatenated([[2, 3], [1, 3]], axis: 0), concatenated([[0, 3], [2, 3]], axis: 0),
            concatenated([[2, 3, 2], [2, 1, 2], [2, 5, 2]], axis: -2),
            concatenated([[1]], axis: 0), concatenated([[2, 0], [2, 0]], axis: 1),
            concatenated([[1, 1], [1, 1], [1, 1]], axis: 1),
            OperatorCase(
                name: "the same tensor twice", inputs: [Numbers.one([3, 2])]
            ) { context, inputs, _ in
                [context.concatenated([inputs[0], inputs[0]], axis: 1)]
            },
        ]
    }

    private static let slices: [(Shape, Int, Range<Int>)] = [
        ([5], 0, 1..<4), ([5], 0, 2..<2), ([2, 3], 1, 0..<3), ([2, 3], 0, 1..<2),
        ([2, 5, 3], 1, 2..<5), ([2, 5, 3], -1, 0..<1), ([0, 3], 1, 1..<3), ([1], 0, 0..<1),
    ]

    private static func sliced(_ shape: Shape, _ axis: Int, _ range: Range<Int>) -> OperatorCase {
        OperatorCase(
            name: "\(shape) axis \(axis) \(range)", inputs: [Numbers.one(shape)],
            comparison: .sums(1)
        ) { context, inputs, _ in
            [context.sliced(inputs[0], axis: axis, range)]
        }
    }
}
