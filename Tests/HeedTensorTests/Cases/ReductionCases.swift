import HeedTensor
import HeedTestSupport

extension OperatorCatalogue {
    static var reductions: [OperatorFamily] {
        [
            OperatorFamily(
                name: "sum", small: { axes.map { reduced("sum", $0, $1) } },
                large: {
                    [reduced("sum", [3000, 21], 1), reduced("sum", [301, 70], 0)]
                }),
            OperatorFamily(
                name: "mean",
                small: { axes.filter { $0.0.count > 0 }.map { reduced("mean", $0, $1) } },
                large: { [reduced("mean", [7, 21, 430], 1), reduced("mean", [7, 301], nil)] }),
            OperatorFamily(
                name: "softmax", small: { rowShapes.map { softmax($0, logarithm: false) } },
                large: { [softmax([91, 257], logarithm: false)] }),
            OperatorFamily(
                name: "logSoftmax", small: { rowShapes.map { softmax($0, logarithm: true) } },
                large: { [softmax([91, 257], logarithm: true)] }),
        ]
    }

    private static let axes: [(Shape, Int?)] = [
        ([2, 3], 0), ([2, 3], 1), ([2, 3, 5], 1), ([2, 3, 5], -1), ([7], 0), ([1], 0), ([3, 0], 1),
        ([0, 3], 0), ([0, 3], 1), ([3, 1, 2], 1), ([2, 3], nil), ([], nil), ([0], nil), ([33], nil),
    ]

    private static func reduced(_ name: String, _ shape: Shape, _ axis: Int?) -> OperatorCase {
        let length = axis.map { shape[$0] } ?? shape.count
        return OperatorCase(
            name: "\(shape) axis \(axis.map(String.init) ?? "all")", inputs: [Numbers.one(shape)],
            comparison: .sums(length)
        ) { context, inputs, _ in
            let x = inputs[0]
            return switch (name, axis) {
            case ("sum", let axis?): [context.sum(x, axis: axis)]
            case ("sum", nil): [context.sum(x)]
            case (_, let axis?): [context.mean(x, axis: axis)]
            case (_, nil): [context.mean(x)]
            }
        }
    }

    private static let rowShapes: [Shape] = [
        [], [1], [5], [2, 3], [0, 4], [3, 0], [2, 3, 5], [4, 1], [2, 33], [1, 2, 1, 3],
    ]

    private static func softmax(_ shape: Shape, logarithm: Bool) -> OperatorCase {
        OperatorCase(name: "\(shape)", inputs: [Numbers.one(shape)]) { context, inputs, _ in
            [logarithm ? context.logSoftmax(inputs[0]) : context.softmax(inputs[0])]
        }
    }
}
