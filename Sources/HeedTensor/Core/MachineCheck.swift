import CHeedKernels
import HeedFormats

/// Measures what this machine does under the instruction set in force.
public enum MachineCheck {
    /// Cores that the scheduler may give to this process.
    public static var availableCores: Int { Int(heed_available_cores()) }

    /// The cores that this process's cgroups allow, rounded up, or nil where they set no limit.
    public static var coreQuota: Int? {
        let quota = heed_cpu_quota()
        return quota == Int32.max ? nil : Int(quota)
    }

    /// Whether rows of matrix products have the same bits however many rows there are, as the engine assumes on every
    /// instruction set; nil where there are no products of this type.
    ///
    /// It is measured with 1 to 64 rows and some more, fewer where memory is short.
    public static func rowsAreInvariant(_ precision: Precision) -> Bool? {
        let type = precision.activationType
        guard type != .float64, type == .float32 || MatrixLibrary.multipliesBFloat16 else {
            return nil
        }
        // The library keeps code for each, more than a megabyte of addresses.
        let few = [1, 2, 3, 4, 8, 15, 16, 17, 33, 64]
        let counts =
            (MachineMemory.limit < 2 << 30 ? few : Array(1...64)) + [96, 100, 128, 192, 255, 256]
        return [(512, 512), (512, 128), (129, 65)].allSatisfy { k, n in
            rowsAreInvariant(type, counts, k: k, n: n)
        }
    }

    private static func rowsAreInvariant(
        _ type: ElementType, _ counts: [Int], k: Int, n: Int
    ) -> Bool {
        let most = counts.max() ?? 1
        let weight = Parameter(
            "weight", Tensor.randomNormal([n, k], seed: 1, site: 1).converted(to: type))
        let key = PackedWeights.Key(type: type, isTransposed: true, isCut: false)
        guard let packed = weight.packedWeights(key) else { return false }
        let x = Tensor.randomNormal([most, k], seed: 1, site: 2).converted(to: type)
        let all = product(x, packed, type, rows: most)
        return all.map { all in
            counts.allSatisfy { count in
                guard let some = product(x, packed, type, rows: count) else { return false }
                return all.starts(with: some)
            }
        } ?? false
    }

    /// The bits of the first rows' product.
    private static func product(
        _ x: Tensor, _ packed: PackedWeights, _ type: ElementType, rows: Int
    ) -> [UInt8]? {
        var shape = heed_product_shape()
        shape.m = Int32(rows)
        shape.n = Int32(packed.columns)
        shape.k = Int32(packed.rows)
        shape.a_type = UInt8(Kernels.kernelType(type).rawValue)
        shape.b_type = shape.a_type
        shape.c_type = UInt8(Kernels.kernelType(.float32).rawValue)
        shape.packed_b = 1
        shape.lda = Int64(packed.rows)
        shape.ldb = Int64(packed.columns)
        shape.ldc = Int64(packed.columns)
        guard let product = LibraryProduct(shape) else { return nil }
        let y = Tensor(uninitialized: [rows, packed.columns], .float32)
        unsafe product.run(x.bytes, packed.bytes(ofPanel: 0), y.mutableBytes, bias: nil)
        return unsafe y.withBytes { unsafe Array($0) }
    }

    /// Floating-point operations a second of a matrix product on all threads, in 10⁹; nil where there is none of this type.
    public static func productSpeed(_ precision: Precision) -> Double? {
        let size = 1024
        guard let product = product(m: size, n: size, k: size, precision) else { return nil }
        return 2 * Double(size * size * size) / best { product(nil) } / 1e9
    }

    /// A product [m, k] · [k, n] with packed weights on all threads, to be run under a profiler or not; nil where there is
    /// none of this type.
    package static func product(
        m: Int, n: Int, k: Int, _ precision: Precision
    ) -> ((Profiler?) -> Void)? {
        let type = precision.activationType
        guard type != .bfloat16 || MatrixLibrary.multipliesBFloat16 else { return nil }
        let weight = Parameter("weight", Tensor.randomNormal([n, k], seed: 1, site: 1))
        let x = Tensor.randomNormal([m, k], seed: 1, site: 2).converted(to: type)
        return { profiler in
            _ = Context(precision: precision, profiler: profiler).linear(x, weight)
        }
    }

    /// Bytes a second that are read from memory on all threads, in 10⁹.
    public static func readBandwidth() -> Double {
        // Larger than the caches, where there is that much memory.
        let rows = min(4096, max(64, MachineMemory.limit / 8 / (4 << 15)))
        let x = Tensor.zeros([rows, 1 << 15])
        let context = Context()
        let seconds = best { _ = context.sum(x, axis: 1) }
        return Double(x.byteCount) / seconds / 1e9
    }

    /// The seconds of the fastest of several runs.
    private static func best(_ body: () -> Void) -> Double {
        let clock = ContinuousClock()
        body()
        let times = (0..<8).map { _ in clock.measure(body) }
        let fastest = times.min() ?? .zero
        return max(fastest.seconds, 1e-9)
    }
}
