public import HeedFormats
public import HeedTensor

/// A matrix product [m, k] · [k, n] with weights that are packed before: the machine's own limit.
public struct MatrixProductBenchmark: Benchmark {
    /// The workload's name.
    public static let name = "matmul"

    /// Rows of the product.
    public var m = 1024
    /// Columns of the product.
    public var n = 1024
    /// The length of the sums.
    public var k = 1024
    /// The arithmetic.
    public var precision = Precision.fastest

    /// The usual sizes.
    public init() {}

    /// The sizes, by the names of their options.
    public var sizes: JSONObject {
        var sizes = JSONObject()
        sizes.insert(.int(m), forName: "m")
        sizes.insert(.int(n), forName: "n")
        sizes.insert(.int(k), forName: "k")
        return sizes
    }

    /// Makes weights and data.
    public func prepare() throws -> PreparedBenchmark {
        guard let product = MachineCheck.product(m: m, n: n, k: k, precision) else {
            throw BenchmarkError(
                description: "this machine has no products of \(precision.rawValue)")
        }
        return PreparedBenchmark(
            items: "products", itemCount: 1, operations: 2 * Double(m) * Double(n) * Double(k),
            run: product)
    }
}
