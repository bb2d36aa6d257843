import HeedFormats
import HeedTensor
import HeedTestSupport

/// One use of an operator: its inputs in float64, and what it computes in the arithmetic of a context.
struct OperatorCase {
    /// How its results are compared with float64.
    enum Comparison {
        /// Products and sums with positive signs: the same computation on absolute values gives Σ |aᵢ bᵢ|.
        /// The number is that of the products in the longest sum.
        case sums(Int)
        /// Anything else: errors are measured against the largest element as well.
        case function
    }

    let name: String
    /// float64 tensors that gradients flow to.
    var inputs: [Tensor]
    /// Inputs that stay in the type of statistics beside bfloat16, such as the bias of attention.
    var wideInputs: Set<Int> = []
    /// float64 values of parameters.
    var parameters: [Tensor] = []
    /// Parameters that are not trained.
    var frozen: Set<Int> = []
    var comparison = Comparison.function
    /// What float32 may leave of larger numbers where exact arithmetic leaves 0 or little; bfloat16 leaves more.
    var absolute = 0.0
    /// Whether bfloat16 is compared: not where its rounding of an intermediate result is amplified.
    var comparesNarrow = true
    /// How much more bfloat16 errors lean than independent ones: elements share few values, and so their rounding. With
    /// infinity, leaning is not looked at.
    var leanFactor = 1.0
    /// The same for gradients of parameters, which are sums in float32 of what is rounded.
    var parameterLeanFactor = 1.0
    let body: (Context, [Tensor], [Parameter]) -> [Tensor]

    /// Parameters with these values in a type of masters.
    func parameters(_ values: [Tensor], _ type: ElementType) -> [Parameter] {
        values.enumerated().map { index, value in
            let parameter = Parameter("p\(index)", value.inType(type))
            parameter.isTrainable = !frozen.contains(index)
            return parameter
        }
    }

    /// The context that all cases run in.
    static func context(_ precision: Precision) -> Context {
        Context(
            isTraining: true, precision: precision, random: RandomState(seed: 0xFEED, update: 3))
    }
}

/// An operator with its cases.
struct OperatorFamily {
    let name: String
    /// Small ones, for central differences: plain, broadcast, size 0, size 1, rank 0, odd lengths, repeated indices.
    let small: () -> [OperatorCase]
    /// Large ones, for comparing fast paths with float64.
    let large: () -> [OperatorCase]
}

/// Every differentiable operator of `Context`.
enum OperatorCatalogue {
    static var families: [OperatorFamily] {
        elementwise + shapes + reductions + products + norms + lookups + losses + attentions
            + compositions
    }

    static var names: [String] { families.map(\.name) }

    static func family(_ name: String) -> OperatorFamily? {
        families.first { $0.name == name }
    }

    /// Shapes that operators on any shape are checked with.
    static let anyShapes: [Shape] = [
        [], [1], [0], [7], [2, 3], [3, 0], [1, 5], [2, 3, 5], [33], [1, 1, 1, 2],
    ]
}

extension Precision {
    /// The type of statistics, losses and positions beside activations of this precision.
    var statistics: ElementType { self == .float64 ? .float64 : .float32 }
}

/// Makes the tensors of one case; the numbers depend on its name.
struct Numbers {
    private var random: SeededRandom

    init(_ name: String) {
        var seed: UInt64 = 17
        for byte in name.utf8 { seed = seed &* 131 &+ UInt64(byte) }
        random = SeededRandom(seed: seed)
    }

    /// Numbers of order 1 away from 0.
    mutating func callAsFunction(_ shape: Shape) -> Tensor { random.tensor(shape) }

    mutating func callAsFunction(_ shape: Shape, _ range: ClosedRange<Double>) -> Tensor {
        random.tensor(shape, range.lowerBound, range.upperBound)
    }

    mutating func indices(_ count: Int, below limit: Int) -> [Int32] {
        random.indices(count, below: limit)
    }
}
