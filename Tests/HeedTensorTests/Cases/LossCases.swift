import HeedTensor
import HeedTestSupport

extension OperatorCatalogue {
    static var losses: [OperatorFamily] {
        [
            OperatorFamily(
                name: "crossEntropy", small: { smallLosses.map(crossEntropy) },
                large: {
                    var numbers = Numbers("targets")
                    return [crossEntropy(numbers.indices(2000, below: 33), 33, 0.1)]
                }),
            OperatorFamily(
                name: "projectionLoss", small: smallProjections, large: largeProjections),
        ]
    }

    private static let smallLosses: [(targets: [Int32], columns: Int, smoothing: Double)] = [
        ([0, 2, 1], 3, 0), ([0, 2, 1], 3, 0.1), ([4], 5, 0), ([0], 1, 0.3), ([], 4, 0.1),
        ([-1, 3, -1], 5, 0.1), ([-1, -5], 3, 0.2), ([7, 7, 0], 33, 0.1),
    ]

    private static func crossEntropy(
        _ targets: [Int32], _ columns: Int, _ smoothing: Double
    ) -> OperatorCase {
        var numbers = Numbers("crossEntropy\(targets.count)")
        let target = Tensor(targets)
        return OperatorCase(
            name: "\(targets.prefix(8)) of \(columns), ε \(smoothing)",
            inputs: [numbers([targets.count, columns])], absolute: columns == 1 ? 1e-6 : 0
        ) { context, inputs, _ in
            [context.crossEntropy(inputs[0], targets: target, smoothing: smoothing)]
        }
    }

    /// A projection of rows of `width` numbers with these targets.
    private struct Projection {
        var targets: [Int32]
        var columns: Int
        var width: Int
        var bias = true
        var smoothing = 0.1
        var scale = 1.0
        var frozen: Set<Int> = []
        /// The gradients at the targets are all nearly −(1 − ε) · scale where the model knows nothing: rounded alike.
        var leanFactor = 1.0
        var parameterLeanFactor = 1.0
    }

    private static func projection(_ shape: Projection) -> OperatorCase {
        var numbers = Numbers("projection\(shape.targets.count)\(shape.columns)")
        let target = Tensor(shape.targets)
        let parameters =
            [numbers([shape.columns, shape.width], -0.5...0.5)]
            + (shape.bias ? [numbers([shape.columns])] : [])
        return OperatorCase(
            name: "\(shape.targets.count)×\(shape.width) to \(shape.columns)",
            inputs: [numbers([shape.targets.count, shape.width])], parameters: parameters,
            frozen: shape.frozen, absolute: shape.columns == 1 ? 1e-6 : 0,
            leanFactor: shape.leanFactor, parameterLeanFactor: shape.parameterLeanFactor
        ) { context, inputs, parameters in
            [
                context.projectionLoss(
                    inputs[0], weight: parameters[0], bias: shape.bias ? parameters[1] : nil,
                    targets: target, smoothing: shape.smoothing, scale: shape.scale
                ).loss
            ]
        }
    }

    private static func smallProjections() -> [OperatorCase] {
        [
            Projection(targets: [0, 2, 1], columns: 3, width: 4),
            Projection(targets: [0, 2, 1], columns: 3, width: 4, bias: false, smoothing: 0),
            Projection(targets: [0], columns: 1, width: 1),
            Projection(targets: [], columns: 3, width: 2),
            Projection(targets: [-1, 6, -1], columns: 7, width: 3, scale: 0.25),
            Projection(targets: [-1, -1], columns: 4, width: 3),
            Projection(targets: [5, 5, 5, 5, 5], columns: 33, width: 5, scale: 0.2),
            Projection(targets: [1, 0], columns: 2, width: 3, frozen: [0]),
            Projection(targets: [1, 0], columns: 2, width: 3, frozen: [0, 1]),
        ].map(projection)
    }

    private static func largeProjections() -> [OperatorCase] {
        var numbers = Numbers("targets")
        let targets = numbers.indices(1100, below: 401)
        return [
            Projection(
                targets: numbers.indices(150, below: 601), columns: 601, width: 64, scale: 0.01,
                leanFactor: .infinity),
            Projection(
                targets: targets, columns: 401, width: 32, smoothing: 0, leanFactor: 6,
                parameterLeanFactor: 2),
            // Alone, the gradient of the bias is compared more closely.
            Projection(
                targets: targets, columns: 401, width: 32, smoothing: 0, frozen: [0],
                leanFactor: 6,
                parameterLeanFactor: 0.4),
            Projection(
                targets: numbers.indices(1100, below: 33), columns: 33, width: 96, bias: false,
                leanFactor: 6),
        ].map(projection)
    }
}
