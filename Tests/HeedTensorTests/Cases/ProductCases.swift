import HeedTensor
import HeedTestSupport

extension OperatorCatalogue {
    static var products: [OperatorFamily] {
        let flags = [(false, false), (true, false), (false, true), (true, true)]
        return flags.map { matmuls($0, $1) } + [
            linears(bias: false, relu: false), linears(bias: true, relu: false),
            linears(bias: false, relu: true), linears(bias: true, relu: true),
            activated,
            OperatorFamily(
                name: "value of a parameter", small: { anyShapes.map { value($0) } },
                large: { [value([65, 70])] }),
        ]
    }

    /// m, n, k and the batch axes of both operands.
    private typealias Sizes = (m: Int, n: Int, k: Int, a: [Int], b: [Int])

    private static let smallSizes: [Sizes] = [
        (2, 3, 4, [], []), (1, 1, 1, [], []), (3, 1, 5, [], []), (0, 3, 2, [], []),
        (2, 0, 3, [], []), (2, 3, 0, [], []), (5, 7, 3, [], []), (2, 3, 2, [2], [2]),
        (2, 3, 2, [2, 3], []), (3, 2, 2, [], [3]), (2, 2, 2, [0], [0]), (17, 2, 1, [1], [1]),
    ]

    private static func matmuls(_ transposingA: Bool, _ transposingB: Bool) -> OperatorFamily {
        let make = { (sizes: Sizes) -> OperatorCase in
            let a = transposingA ? [sizes.k, sizes.m] : [sizes.m, sizes.k]
            let b = transposingB ? [sizes.n, sizes.k] : [sizes.k, sizes.n]
            var numbers = Numbers("matmul\(sizes)")
            return OperatorCase(
                name: "\(sizes)",
                inputs: [numbers(Shape(sizes.a + a)), numbers(Shape(sizes.b + b))],
                comparison: .sums(max(sizes.m, sizes.n, sizes.k) * 3)
            ) { context, inputs, _ in
                [
                    context.matmul(
                        inputs[0], inputs[1], transposingA: transposingA,
                        transposingB: transposingB)
                ]
            }
        }
        return OperatorFamily(
            name: "matmul" + (transposingA ? " transposing a" : "")
                + (transposingB ? " transposing b" : ""),
            small: { smallSizes.map(make) },
            large: {
                [
                    (70, 33, 129, [], []), (65, 40, 32, [3], [3]), (33, 40, 32, [], [2]),
                    (150, 33, 17, [2], []),
                ].map(make)
            })
    }

    private static let rowShapes: [(x: Shape, out: Int)] = [
        ([5, 3], 4), ([3], 2), ([2, 3, 4], 5), ([0, 3], 2), ([1, 1], 1), ([17, 2], 3), ([2, 5], 0),
        ([33, 7], 1), ([3, 0], 2), ([1, 1, 1, 3], 7),
    ]

    private static func linears(bias: Bool, relu: Bool) -> OperatorFamily {
        let make = { (x: Shape, out: Int, isWide: Bool) -> OperatorCase in
            var numbers = Numbers("linear\(x)\(out)")
            let columns = x.columns
            var parameters = [numbers([out, columns])]
            if bias { parameters.append(numbers([out])) }
            return OperatorCase(
                name: "\(x) to \(out)", inputs: [numbers(x)], parameters: parameters,
                comparison: relu ? .function : .sums(max(columns, out, x.rows))
            ) { context, inputs, parameters in
                [
                    context.linear(
                        inputs[0], parameters[0], bias: bias ? parameters[1] : nil, relu: relu,
                        output: isWide ? context.precision.statistics : nil)
                ]
            }
        }
        return OperatorFamily(
            name: "linear" + (bias ? " with bias" : "") + (relu ? " and relu" : ""),
            small: {
                var frozen = make([4, 3], 2, false)
                frozen.frozen = [0]
                return rowShapes.map { make($0.x, $0.out, false) } + [frozen]
            },
            large: {
                [
                    make([70, 129], 600, false), make([1, 64], 33, false),
                    make([3, 100, 64], 65, false), make([1100, 33], 70, false),
                    // Results in float32 beside bfloat16.
                    make([130, 65], 66, true),
                ]
            })
    }

    private static var activated: OperatorFamily {
        let make = { (rows: Int, inner: Int, out: Int, activation: Activation) -> OperatorCase in
            var numbers = Numbers("activated\(rows)\(activation)")
            let columns = if case .gated = activation { 2 * inner } else { inner }
            return OperatorCase(
                name: "\(rows)×\(inner) to \(out), \(activation)",
                inputs: [numbers([rows, columns])],
                parameters: [numbers([out, inner])]
            ) { context, inputs, parameters in
                [context.linear(inputs[0], parameters[0], activation: activation)]
            }
        }
        return OperatorFamily(
            name: "linear of an activation",
            small: {
                [
                    make(3, 4, 2, .plain(.geluTanh)), make(2, 3, 4, .plain(.tanh)),
                    make(3, 2, 2, .plain(.identity)), make(4, 3, 2, .gated(.silu)),
                    make(0, 3, 2, .gated(.gelu)), make(1, 1, 1, .plain(.silu)),
                    make(5, 2, 3, .plain(.sigmoid)), make(2, 2, 2, .gated(.sigmoid)),
                ]
            },
            large: { [make(70, 129, 60, .plain(.gelu)), make(130, 65, 66, .gated(.silu))] })
    }

    private static func value(_ shape: Shape) -> OperatorCase {
        OperatorCase(
            name: "\(shape)", inputs: [], parameters: [Numbers.one(shape)], comparison: .sums(1)
        ) { context, _, parameters in
            [context.value(of: parameters[0], as: context.precision.activationType)]
        }
    }
}
