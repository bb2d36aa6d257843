import HeedFormats

/// The memory of one or several tensors: a buffer of the pool that goes back when the last tensor does, or a part of a file
/// that is mapped, which nobody writes.
///
/// It is written only by the operator that makes it, before anyone else sees it, or by an owner that holds
/// the only reference; that is why it may be shared between threads.
@safe package final class Storage: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer
    let capacity: Int
    /// What keeps the bytes of a file mapped; nil for a buffer.
    private let mapped: MappedBytes?

    init(byteCount: Int) {
        capacity = BufferPool.capacity(for: byteCount)
        unsafe pointer = BufferPool.take(capacity: capacity)
        mapped = nil
    }

    /// Bytes of a file; nil where there are none, or not aligned to `alignment`.
    init?(_ bytes: MappedBytes, alignment: Int) {
        guard let start = unsafe bytes.start,
            UInt(bitPattern: start) % UInt(alignment) == 0
        else {
            return nil
        }
        unsafe pointer = UnsafeMutableRawPointer(mutating: start)
        capacity = bytes.count
        mapped = bytes
    }

    /// Whether the memory is that of a file, and must not be written.
    var isMapped: Bool { mapped != nil }

    deinit {
        if mapped == nil { unsafe BufferPool.give(pointer, capacity: capacity) }
    }
}
