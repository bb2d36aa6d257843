import CHeedKernels
import HeedFormats

/// Weights [out, in] as 8-bit integers with one scale for each output, packed for products x · Wᵀ.
final class QuantisedWeights: Sendable {
    /// Outputs, which are the columns of a product.
    let columns: Int
    /// The length of the sums, with zeros up to a whole number of blocks.
    let depth: Int
    private let integers: Storage
    private let scaleStorage: Storage
    private let offsetStorage: Storage

    /// Rows that are quantised and packed together: whole panels of the layout.
    private static let blockRows = 64

    /// The length of the sums of quantised products over `inner`; nil where they could be too large for 32 bits.
    static func depth(_ inner: Int) -> Int? {
        let depth = (inner + 63) / 64 * 64
        return depth > 0 && depth <= Int(HEED_QUANTISED_DEPTH) ? depth : nil
    }

    /// Quantises a parameter of shape [out, in]; nil where sums could be too large.
    init?(quantising parameter: Parameter) {
        let (rows, inner) = (parameter.shape[0], parameter.shape[1])
        guard rows > 0, let depth = Self.depth(inner) else { return nil }
        columns = rows
        self.depth = depth
        let padded = (rows + 15) / 16 * 16
        integers = Storage(byteCount: padded * depth)
        scaleStorage = Storage(byteCount: padded * MemoryLayout<Float>.stride)
        offsetStorage = Storage(byteCount: padded * MemoryLayout<Int32>.stride)
        unsafe scaleStorage.pointer.initializeMemory(
            as: Float.self, repeating: 0, count: padded)

        let source = parameter.value
        let value = source.elementType == .float64 ? source.converted(to: .float32) : source
        let table = unsafe Kernels.table(for: value.elementType)
        let (integers, scales, offsets) = unsafe (integers, self.scales, self.offsets)
        parallelRanges(rows, size: Self.blockRows) { block in
            let first = block.lowerBound
            let plain = Storage(byteCount: Self.blockRows * depth)
            let bytes = unsafe plain.pointer.assumingMemoryBound(to: Int8.self)
            unsafe table.pointee.quantise(
                false, Int64(block.count), Int64(inner),
                value.bytes + first * inner * value.elementType.size, Int64(inner), bytes,
                Int64(depth), scales + first)
            unsafe heed_quantised_pack(
                Int64(block.count), Int64(depth), bytes,
                integers.pointer.assumingMemoryBound(to: Int8.self) + first * depth,
                offsets + first)
        }
    }

    /// The integers of all panels.
    var bytes: UnsafePointer<Int8> {
        unsafe UnsafePointer(integers.pointer.assumingMemoryBound(to: Int8.self))
    }

    /// One scale for each column.
    var scales: UnsafeMutablePointer<Float> {
        unsafe scaleStorage.pointer.assumingMemoryBound(to: Float.self)
    }

    /// −128 times each column's sum.
    var offsets: UnsafeMutablePointer<Int32> {
        unsafe offsetStorage.pointer.assumingMemoryBound(to: Int32.self)
    }
}
