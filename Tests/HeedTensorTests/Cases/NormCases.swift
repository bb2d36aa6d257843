import HeedTensor
import HeedTestSupport

extension OperatorCatalogue {
    static var norms: [OperatorFamily] {
        Norm.Kind.allCases.flatMap { kind in
            [false, true].map { shift in norms(kind, shift: shift) }
        } + [
            residuals(dropout: 0, norm: nil), residuals(dropout: 0.3, norm: nil),
            residuals(dropout: 0, norm: .layer), residuals(dropout: 0.3, norm: .layer),
            residuals(dropout: 0, norm: .rms), residuals(dropout: 0.3, norm: .rms),
        ]
    }

    private static let rowShapes: [Shape] = [
        [2, 5], [1, 1], [0, 4], [3, 33], [2, 3, 4], [7], [4, 1], [300, 3], [1, 2, 1, 5],
    ]

    private static func norm(_ kind: Norm.Kind, _ parameters: [Parameter], shift: Bool) -> Norm {
        Norm(
            kind, scale: parameters[0], shift: shift ? parameters[1] : nil, epsilon: 1e-5)
    }

    private static func norms(_ kind: Norm.Kind, shift: Bool) -> OperatorFamily {
        let make = { (shape: Shape) -> OperatorCase in
            var numbers = Numbers("norm\(kind)\(shape)")
            let columns = shape.columns
            return OperatorCase(
                name: "\(shape)", inputs: [numbers(shape)],
                parameters: [numbers([columns])] + (shift ? [numbers([columns])] : []),
                absolute: columns == 1 ? 1e-4 : 0
            ) { context, inputs, parameters in
                let type = context.precision.activationType
                return [
                    context.norm(inputs[0], norm(kind, parameters, shift: shift), output: type)
                ]
            }
        }
        // A stream in float32 beside bfloat16.
        var wide = make([64, 513])
        wide.wideInputs = [0]
        return OperatorFamily(
            name: "\(kind) norm" + (shift ? " with shift" : ""), small: { rowShapes.map(make) },
            large: { [make([65, 768]), make([600, 513]), wide] })
    }

    /// Which of the two results the rest of a computation uses.
    private enum Used: CaseIterable { case stream, normalised, both }

    private static func residuals(dropout: Double, norm kind: Norm.Kind?) -> OperatorFamily {
        let make = { (shape: Shape, used: Used) -> OperatorCase in
            var numbers = Numbers("residual\(shape)")
            let columns = shape.columns
            let place = dropout > 0 ? Dropout(dropout, site: 8) : nil
            return OperatorCase(
                name: "\(shape) \(used)", inputs: [numbers(shape), numbers(shape)],
                parameters: kind == nil ? [] : [numbers([columns]), numbers([columns])],
                comparison: kind == nil ? .sums(2) : .function,
                comparesNarrow: kind == nil || columns > 3, leanFactor: dropout > 0 ? 3 : 1
            ) { context, inputs, parameters in
                guard let kind else {
                    return [context.addResidual(inputs[0], to: inputs[1], dropout: place)]
                }
                let result = context.addResidual(
                    inputs[0], to: inputs[1], dropout: place,
                    norm: norm(kind, parameters, shift: true))
                return switch used {
                case .stream: [result.stream]
                case .normalised: [result.normalised]
                case .both: [result.stream, result.normalised]
                }
            }
        }
        var wide = make([65, 769], .both)
        wide.wideInputs = [1]
        return OperatorFamily(
            name: "residual" + (dropout > 0 ? ", dropout" : "") + (kind.map { ", \($0)" } ?? ""),
            small: {
                rowShapes.map { make($0, .both) } + [
                    make([3, 5], .stream), make([3, 5], .normalised), packedResidual(kind),
                ]
            },
            large: { [make([65, 768], .both), make([300, 257], .normalised), wide] })
    }

    /// x and the residual are one tensor, in a packed batch.
    private static func packedResidual(_ kind: Norm.Kind?) -> OperatorCase {
        let packing = SequencePacking(lengths: [2, 0, 3], sequenceIDs: [5, 1, 2])
        return OperatorCase(
            name: "one tensor for both, packed", inputs: [Numbers.one([5, 7])],
            parameters: kind == nil ? [] : [Numbers.one([7]), Numbers.one([1, 7])].map(flat)
        ) { context, inputs, parameters in
            let x = inputs[0]
            let place = Dropout(0.5, site: 2)
            guard let kind else {
                return [context.addResidual(x, to: x, dropout: place, packing: packing)]
            }
            let result = context.addResidual(
                x, to: x, dropout: place, packing: packing,
                norm: norm(kind, parameters, shift: true))
            return [result.stream, result.normalised]
        }
    }

    private static func flat(_ tensor: Tensor) -> Tensor {
        Context().reshaped(tensor, [tensor.count])
    }
}
