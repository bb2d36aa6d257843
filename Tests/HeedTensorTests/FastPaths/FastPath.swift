import HeedFormats
import HeedTensor
import HeedTestSupport

/// One case computed on a fast path and in float64 on the same numbers, forward and backward.
struct FastPath {
    /// One output or gradient in both arithmetics.
    struct Pair {
        let name: String
        let type: ElementType
        let fast: [Double]
        let exact: [Double]
        /// Σ |aᵢ bᵢ| of each element, or the largest element where that is not known.
        let magnitudes: [Double]
        let isGradient: Bool
    }

    let pairs: [Pair]
    /// Whether a second run of the fast path gave the same bits.
    let isRepeatable: Bool
    private let comparison: OperatorCase.Comparison
    private let precision: Precision
    private let absolute: Double
    private let leanFactor: Double
    private let parameterLeanFactor: Double

    init(_ made: OperatorCase, _ precision: Precision) {
        comparison = made.comparison
        self.precision = precision
        absolute = made.absolute * (precision == .bfloat16 ? 0x1p13 : 1)
        leanFactor = precision == .bfloat16 ? made.leanFactor : 1
        parameterLeanFactor = precision == .bfloat16 ? made.parameterLeanFactor : 1
        let type = precision.activationType
        let inputs = made.inputs.enumerated().map { index, input in
            input.inType(made.wideInputs.contains(index) ? precision.statistics : type)
        }
        // Products read weights in the type of activations: both arithmetics get numbers that it holds.
        let values = made.parameters.map { $0.inType(type) }
        let run = {
            (precision: Precision, inputs: [Tensor], values: [Tensor], upstream: [Tensor]?) in
            let parameters = made.parameters(values, precision.statistics)
            return GradientRun(
                inputs, parameters, OperatorCase.context(precision), seed: 3, upstream: upstream
            ) { context, inputs in
                made.body(context, inputs, parameters)
            }
        }
        // Products read gradients in the type of activations too, also where results are wider.
        let upstream = run(precision, inputs, values, nil).upstream.map {
            $0.inType(type).inType($0.elementType)
        }
        let fast = run(precision, inputs, values, upstream)
        let again = run(precision, inputs, values, upstream)
        isRepeatable =
            digest(fast.outputs + fast.gradients) == digest(again.outputs + again.gradients)
        let exact = run(
            .float64, inputs.map { $0.inType(.float64) }, values,
            fast.upstream.map { $0.inType(.float64) })
        var magnitudes = (exact.outputs + exact.gradients).map(Self.largest)
        if case .sums = made.comparison {
            let absolute = run(
                .float64, inputs.map(Self.absolute), values.map(Self.absolute),
                fast.upstream.map(Self.absolute))
            magnitudes = (absolute.outputs + absolute.gradients).map { $0.doubles.map(abs) }
        }
        let outputs = fast.outputs.count
        let names =
            fast.outputs.indices.map { "output \($0)" } + inputs.indices.map { "input \($0)" }
            + values.indices.map { "parameter \($0)" }
        pairs = zip(fast.outputs + fast.gradients, exact.outputs + exact.gradients).enumerated()
            .map { index, both in
                Pair(
                    name: names[index], type: both.0.elementType, fast: both.0.doubles,
                    exact: both.1.doubles, magnitudes: magnitudes[index],
                    isGradient: index >= outputs)
            }
    }

    private static func absolute(_ tensor: Tensor) -> Tensor {
        Tensor(tensor.doubles.map(abs), shape: tensor.shape)
    }

    private static func largest(_ tensor: Tensor) -> [Double] {
        let values = tensor.doubles
        return [Double](repeating: values.map(abs).max() ?? 0, count: values.count)
    }

    /// How far an element may be from float64.
    private func tolerance(_ pair: Pair) -> Tolerance {
        let isNarrow = precision == .bfloat16
        switch comparison {
        case .sums(let count):
            var tolerance = Tolerance.sum(of: count, storedIn: pair.type)
            // Gradients and what they are computed from are both rounded to bfloat16.
            tolerance.relative = isNarrow ? 0x1.02p-7 : 1.3e-6
            return tolerance
        case .function:
            var tolerance = Tolerance.elementwise(isNarrow ? .bfloat16 : .float32)
            tolerance.ofMagnitude = isNarrow ? 0x1p-6 : 4e-6
            tolerance.absolute = absolute
            return tolerance
        }
    }

    /// The case's factor for what is rounded itself; less for sums of it that are not.
    private func leanFactor(_ pair: Pair) -> Double {
        if case .sums = comparison, pair.isGradient { return 1 }
        guard leanFactor < .infinity, pair.type != .bfloat16 else { return leanFactor }
        return parameterLeanFactor
    }

    private func failures(_ pair: Pair, factor: Double) -> [String] {
        let tolerance = tolerance(pair)
        let values = pair.fast.map { $0 * factor }
        let wrong = differences(
            pair.name, values, pair.exact, tolerance, magnitudes: pair.magnitudes)
        // Few errors lean by chance. Gradients of parameters are not rounded to bfloat16.
        let factor = leanFactor(pair)
        guard values.count >= 256, factor < .infinity else { return wrong }
        return wrong
            + lean(pair.name, values, pair.exact) { index in
                let rounding = precision == .bfloat16 ? 0x1p-8 * abs(pair.exact[index]) : 0
                return factor
                    * (rounding + 4e-6 * (abs(pair.exact[index]) + pair.magnitudes[index]))
            }
    }

    /// What is wrong, empty when nothing is.
    var failures: [String] {
        let wrong = pairs.flatMap { failures($0, factor: 1) }
        return isRepeatable ? wrong : wrong + ["a second run gave other bits"]
    }

    /// The names of the gradients in which an error of 0.1 % is noticed, and of those in which it is not.
    var noticed: (yes: Set<String>, no: Set<String>) {
        var result: (yes: Set<String>, no: Set<String>) = ([], [])
        for pair in pairs where pair.isGradient && pair.exact.contains(where: { abs($0) > 1e-6 }) {
            if failures(pair, factor: 1.001).isEmpty {
                result.no.insert(pair.name)
            } else {
                result.yes.insert(pair.name)
            }
        }
        return result
    }
}
