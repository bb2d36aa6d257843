import HeedTensor
import HeedTestSupport

extension OperatorCatalogue {
    static var elementwise: [OperatorFamily] {
        UnaryFunction.allCases.map(unary) + BinaryOperation.allCases.map(binary) + [
            OperatorFamily(
                name: "affine", small: { anyShapes.map { affine($0) } },
                large: { [affine([300, 257])] }),
            OperatorFamily(
                name: "converted", small: { anyShapes.map { converted($0) } },
                large: { [converted([300, 257])] }),
            OperatorFamily(
                name: "dropout", small: smallDropouts, large: { [dropout([41, 300], 0.3, nil)] }),
        ] + gatedFunctions.map(gated)
    }

    private static func unary(_ function: UnaryFunction) -> OperatorFamily {
        let make = { (shape: Shape) -> OperatorCase in
            var numbers = Numbers("\(function)\(shape)")
            let x =
                switch function {
                case .log, .sqrt: numbers(shape, 0.3...2)
                case .reciprocal: numbers(shape, -2 ... -0.4)
                default: numbers(shape)
                }
            let isFromRounded = function == .exp || function == .reciprocal
            return OperatorCase(
                name: "\(shape)", inputs: [x], leanFactor: isFromRounded ? 3 : 1
            ) { context, inputs, _ in
                [context.apply(function, inputs[0])]
            }
        }
        return OperatorFamily(
            name: "\(function)", small: { anyShapes.map(make) }, large: { [make([300, 257])] })
    }

    private static let pairs: [(Shape, Shape)] = [
        ([2, 3], [2, 3]), ([2, 3], [3]), ([2, 3], [2, 1]), ([2, 3], []), ([], []), ([1], [4]),
        ([0], [1]), ([2, 1, 3], [4, 1]), ([3, 0], [3, 1]), ([5], [5]), ([1, 1, 3], [2, 2, 1]),
        ([3], [2, 7, 3]),
    ]

    private static func binary(_ operation: BinaryOperation) -> OperatorFamily {
        let make = { (a: Shape, b: Shape) -> OperatorCase in
            var numbers = Numbers("\(operation)\(a)\(b)")
            let inputs = [numbers(a), numbers(b, 0.4...2)]
            var made = OperatorCase(name: "\(a) \(b)", inputs: inputs) { context, inputs, _ in
                [context.apply(operation, inputs[0], inputs[1])]
            }
            if operation == .add || operation == .multiply { made.comparison = .sums(300) }
            return made
        }
        let repeated = OperatorCase(
            name: "the same tensor twice", inputs: [Numbers.one([2, 5])]
        ) { context, inputs, _ in
            [context.apply(operation, inputs[0], inputs[0])]
        }
        return OperatorFamily(
            name: "\(operation)", small: { pairs.map(make) + [repeated] },
            large: { [make([200, 257], [200, 257]), make([3, 100, 257], [257])] })
    }

    private static func affine(_ shape: Shape) -> OperatorCase {
        var numbers = Numbers("affine\(shape)")
        return OperatorCase(name: "\(shape)", inputs: [numbers(shape)]) { context, inputs, _ in
            [context.affine(inputs[0], scale: -1.7, shift: 0.3)]
        }
    }

    private static func converted(_ shape: Shape) -> OperatorCase {
        var numbers = Numbers("converted\(shape)")
        return OperatorCase(name: "\(shape)", inputs: [numbers(shape)]) { context, inputs, _ in
            [context.converted(inputs[0], to: context.precision.statistics)]
        }
    }

    private static func dropout(
        _ shape: Shape, _ probability: Double, _ lengths: [Int]?
    ) -> OperatorCase {
        var numbers = Numbers("dropout\(shape)\(probability)")
        let packing = lengths.map { SequencePacking(lengths: $0, sequenceIDs: [9, 4, 7]) }
        return OperatorCase(
            name: "\(shape) \(probability)", inputs: [numbers(shape)]
        ) { context, inputs, _ in
            [context.dropout(inputs[0], Dropout(probability, site: 5), packing: packing)]
        }
    }

    private static func smallDropouts() -> [OperatorCase] {
        anyShapes.map { dropout($0, 0.4, nil) } + [
            dropout([6, 3], 0.5, [1, 0, 5]), dropout([5, 129], 0.1, [2, 2, 1]),
            dropout([2, 7], 0.999, nil), dropout([2, 7], 0, nil),
        ]
    }

    private static let gatedFunctions: [UnaryFunction] = [
        .identity, .tanh, .sigmoid, .relu, .elu, .gelu, .geluTanh, .silu,
    ]

    private static func gated(_ function: UnaryFunction) -> OperatorFamily {
        let make = { (shape: Shape) -> OperatorCase in
            var numbers = Numbers("gated\(function)\(shape)")
            return OperatorCase(name: "\(shape)", inputs: [numbers(shape)]) { context, inputs, _ in
                [context.gated(function, inputs[0])]
            }
        }
        let shapes: [Shape] = [
            [2], [0], [14], [2, 6], [3, 0], [0, 4], [1, 10], [2, 3, 2], [2, 66], [4, 2],
        ]
        return OperatorFamily(
            name: "gated \(function)", small: { shapes.map(make) }, large: { [make([91, 514])] })
    }
}

extension Numbers {
    /// One tensor of numbers that depend on its shape.
    static func one(_ shape: Shape) -> Tensor {
        var numbers = Numbers("\(shape)")
        return numbers(shape)
    }
}
