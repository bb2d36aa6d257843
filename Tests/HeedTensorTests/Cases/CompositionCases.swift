import HeedTensor
import HeedTestSupport

extension OperatorCatalogue {
    static var compositions: [OperatorFamily] {
        [
            OperatorFamily(
                name: "custom", small: { anyShapes.map { custom($0) } },
                large: { [custom([300, 257])] }),
            OperatorFamily(
                name: "checkpointed", small: { rowShapes.map { checkpointed($0) } },
                large: { [checkpointed([20, 768])] }),
            OperatorFamily(
                name: "a tensor used many times", small: { anyShapes.map { shared($0) } },
                large: { [shared([70, 128])] }),
        ]
    }

    private static let rowShapes: [Shape] = [
        [2, 3], [1, 1], [0, 3], [3, 0], [2, 3, 4], [7], [33, 2], [1, 5],
    ]

    /// (a², a · b) with gradients of its own.
    private static func custom(_ shape: Shape) -> OperatorCase {
        var numbers = Numbers("custom\(shape)")
        return OperatorCase(
            name: "\(shape)", inputs: [numbers(shape), numbers(shape)]
        ) { context, inputs, _ in
            let (a, b) = (inputs[0].detached, inputs[1].detached)
            return context.custom(inputs) { context, inputs in
                [context.multiply(inputs[0], inputs[0]), context.multiply(inputs[0], inputs[1])]
            } backward: { upstream in
                let plain = Context()
                guard let square = upstream[0], let product = upstream[1] else {
                    return [nil, nil]
                }
                let da = plain.add(
                    plain.multiply(plain.affine(square, scale: 2), a), plain.multiply(product, b))
                return [da, plain.multiply(product, a)]
            }
        }
    }

    /// A small layer with dropout that is computed again in the backward pass.
    private static func checkpointed(_ shape: Shape) -> OperatorCase {
        var numbers = Numbers("checkpointed\(shape)")
        let columns = shape.columns
        return OperatorCase(
            name: "\(shape)", inputs: [numbers(shape), numbers(shape)],
            parameters: [numbers([columns, columns]), numbers([columns])]
        ) { context, inputs, parameters in
            context.checkpointed(inputs) { context, inputs in
                let hidden = context.linear(inputs[0], parameters[0], bias: parameters[1])
                let dropped = context.dropout(hidden, Dropout(0.3, site: 4))
                return [
                    context.addResidual(dropped, to: inputs[1]), context.apply(.gelu, hidden),
                ]
            }
        }
    }

    /// Gradients of one tensor arrive from several places.
    private static func shared(_ shape: Shape) -> OperatorCase {
        OperatorCase(
            name: "\(shape)", inputs: [Numbers.one(shape)], absolute: 1e-6
        ) { context, inputs, _ in
            let x = inputs[0]
            let y = context.add(context.multiply(x, x), context.apply(.tanh, x))
            return [context.add(y, x), y, x]
        }
    }
}
