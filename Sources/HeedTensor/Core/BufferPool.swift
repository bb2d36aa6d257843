import Glibc
import HeedFormats
import Synchronization

/// Where the memory of tensors comes from: 64-byte-aligned buffers that are kept when they are
/// given back, since the page faults of fresh large allocations rival the arithmetic.
///
/// Buffers come in size classes (four to each doubling); those of two megabytes and more are advised to
/// use huge pages, and those of eight are a multiple of them. The pool keeps at most `limit` idle bytes and can be emptied.
public enum BufferPool {
    /// What the pool holds at a moment.
    public struct Report: Sendable, Equatable {
        /// Bytes in tensors that are alive.
        public var liveBytes = 0
        /// Bytes that wait for the next tensor.
        public var idleBytes = 0
        /// The largest number of live bytes since the start or the last `resetPeak`.
        public var peakLiveBytes = 0
        /// How many buffers were asked for.
        public var requests = 0
        /// How many of them had to come from the operating system.
        public var allocations = 0
    }

    private struct State {
        var report = Report()
        var limit = min(8 << 30, MachineMemory.limit / 4)
        var idle: [Int: [UInt]] = [:]
    }

    private static let state = Lock(State())

    static let alignment = 64
    private static let hugePage = 2 << 20

    /// What the pool holds now.
    public static var report: Report { state.withLock { $0.report } }

    /// The largest number of idle bytes that the pool keeps; at the start 8 GiB, or a quarter of the memory.
    public static var limit: Int {
        get { state.withLock { $0.limit } }
        set {
            state.withLock { $0.limit = newValue }
            if report.idleBytes > newValue { empty() }
        }
    }

    /// Starts a new measurement of `peakLiveBytes`.
    package static func resetPeak() {
        state.withLock { $0.report.peakLiveBytes = $0.report.liveBytes }
    }

    /// Gives all idle buffers back to the operating system.
    public static func empty() {
        let buffers = state.withLock { state in
            let buffers = state.idle
            state.idle = [:]
            state.report.idleBytes = 0
            return buffers
        }
        for (_, addresses) in buffers {
            for address in addresses { unsafe free(UnsafeMutableRawPointer(bitPattern: address)) }
        }
    }

    /// The size class that serves `bytes`.
    static func capacity(for bytes: Int) -> Int {
        let least = max(bytes, 256)
        let power = Int.bitWidth - 1 - (least - 1).leadingZeroBitCount
        let step = max(1 << max(power - 2, 0), alignment)
        let size = (least + step - 1) / step * step
        // A smaller buffer would lose too much of its last page.
        return size >= 4 * hugePage ? (size + hugePage - 1) / hugePage * hugePage : size
    }

    static func take(capacity: Int) -> UnsafeMutableRawPointer {
        let reused: UInt? = state.withLock { state in
            state.report.requests += 1
            state.report.liveBytes += capacity
            state.report.peakLiveBytes = max(state.report.peakLiveBytes, state.report.liveBytes)
            guard let address = state.idle[capacity]?.popLast() else {
                state.report.allocations += 1
                return nil
            }
            state.report.idleBytes -= capacity
            return address
        }
        if let reused, let pointer = unsafe UnsafeMutableRawPointer(bitPattern: reused) {
            return unsafe pointer
        }
        return unsafe allocate(capacity)
    }

    static func give(_ pointer: UnsafeMutableRawPointer, capacity: Int) {
        let kept = state.withLock { state in
            state.report.liveBytes -= capacity
            guard state.report.idleBytes + capacity <= state.limit else { return false }
            state.report.idleBytes += capacity
            state.idle[capacity, default: []].append(UInt(bitPattern: pointer))
            return true
        }
        if !kept { unsafe free(pointer) }
    }

    private static func allocate(_ capacity: Int) -> UnsafeMutableRawPointer {
        let isLarge = capacity >= hugePage
        let get = {
            // The capacity need not be a multiple of the alignment, as `aligned_alloc` has it.
            var memory: UnsafeMutableRawPointer?
            let failed = unsafe posix_memalign(&memory, isLarge ? hugePage : alignment, capacity)
            return unsafe failed == 0 ? memory : nil
        }
        var memory = unsafe get()
        if unsafe memory == nil {
            // What waits for tensors of other sizes may be enough for this one.
            empty()
            unsafe memory = unsafe get()
        }
        guard let pointer = unsafe memory else { OutOfMemory.end(capacity, for: "a tensor") }
        if isLarge { unsafe madvise(pointer, capacity, MADV_HUGEPAGE) }
        return unsafe pointer
    }
}
