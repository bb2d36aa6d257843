/// The memory of one or several tensors: a buffer of the pool that goes back when the last tensor does.
///
/// It is written only by the operator that makes it, before anyone else sees it, or by an owner that holds
/// the only reference; that is why it may be shared between threads.
@safe package final class Storage: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer
    let capacity: Int

    init(byteCount: Int) {
        capacity = BufferPool.capacity(for: byteCount)
        unsafe pointer = BufferPool.take(capacity: capacity)
    }

    deinit {
        unsafe BufferPool.give(pointer, capacity: capacity)
    }
}
