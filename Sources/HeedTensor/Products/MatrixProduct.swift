import CHeedKernels
import HeedFormats

/// A matrix product as the library runs it on one thread: found or made once, then run.
@safe final class LibraryProduct {
    private let product: OpaquePointer

    /// The product of this shape, or nil when the library has none under this instruction set.
    init?(_ shape: heed_product_shape) {
        var shape = shape
        var found: OpaquePointer?
        let status = unsafe heed_product_acquire(&shape, &found)
        if status == HEED_UNSUPPORTED { return nil }
        guard status == HEED_OK, let found = unsafe found else {
            OutOfMemory.endAfterFailure(
                "failed to make a product of \(shape.m) × \(shape.n) × \(shape.k)")
        }
        unsafe product = unsafe found
    }

    deinit { unsafe heed_product_release(product) }

    func run(
        _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ c: UnsafeMutableRawPointer,
        bias: UnsafePointer<Float>?
    ) {
        let status = unsafe heed_product_run(product, a, b, c, bias)
        if status != HEED_OK {
            OutOfMemory.endAfterFailure("failed to run a product: \(status.rawValue)")
        }
    }
}

/// The sizes into which products are cut, so that few shapes exist.
///
/// That a row does not depend on the number of rows is the C wrapper's work: where the library's rows do, it computes
/// every panel in pieces of a fixed number of rows.
enum Panels {
    /// Sizes of the last panel of rows: the least that holds the rest is used, padded with zeros.
    static let tails = [1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256]

    /// Rows of a full panel of `total` rows for weights of k × n: enough work for one call, and enough panels for all
    /// threads. Rows do not depend on it.
    static func rows(of total: Int, k: Int, n: Int) -> Int {
        if total >= 2048 { return 256 }
        return total >= 1024 || k * n < 1 << 17 ? 128 : 64
    }

    /// The number of rows that a panel with `rows` rows, at most `full`, is computed with.
    static func padded(_ rows: Int, full: Int) -> Int {
        min(tails.first { $0 >= rows } ?? full, full)
    }

    /// Weights of at least this size are cut into panels of columns when there is one panel of rows alone.
    static let cutWeights = 1 << 16

    /// Rows of both operands that are added up in one call when weights' gradients are computed.
    static let innerPieces = [512, 256, 128, 64, 32, 16, 8, 4, 2, 1]

    /// Rows of a weights' gradient of `m` rows that one task computes: tall, since the library copies the other operand
    /// for each task.
    static func gradientRows(_ m: Int) -> Int { min(max((m / 2 + 31) / 32 * 32, 64), 256) }
}
