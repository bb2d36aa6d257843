import CHeedKernels

/// Heed's own thread pool: the matrix library runs single-threaded inside it.
public enum ThreadPool {
    /// The number of threads that compute, the caller's included: `HEED_THREADS`, or else what the cores and
    /// the quota of this process allow. To be changed only while nothing computes.
    public static var threadCount: Int {
        get { Int(heed_thread_count()) }
        set { heed_set_thread_count(Int32(clamping: newValue)) }
    }

    /// What is wrong with the value of `HEED_THREADS`, if anything is; it has no effect then.
    public static var complaint: String? {
        guard let value = unsafe heed_threads_complaint() else { return nil }
        let text = unsafe String(cString: value).prefix(40)
        return "HEED_THREADS=\(text) is no number from 1 to 256; using \(threadCount)"
    }

    /// How often the pool has been woken, for tests of the budget per operator.
    package static var wakeups: UInt64 { heed_pool_wakeups() }
}

/// Runs `body` for each index below `count`, on all threads; a single index runs on the caller's.
///
/// What an index computes must not depend on the thread or on the order: that is what makes results
/// the same bits for any number of threads.
func parallel(_ count: Int, _ body: (Int) -> Void) {
    if count <= 1 {
        if count == 1 { body(0) }
        return
    }
    withoutActuallyEscaping(body) { escapable in
        var box = escapable
        unsafe withUnsafeMutablePointer(to: &box) { pointer in
            unsafe heed_parallel(
                Int64(count),
                { context, index in
                    guard let context = unsafe context else { return }
                    unsafe context.assumingMemoryBound(to: ((Int) -> Void).self).pointee(Int(index))
                }, pointer)
        }
    }
}

/// Work in tasks that depend neither on each other nor on their order.
struct TaskList {
    let count: Int
    let body: (Int) -> Void

    /// No work.
    static var empty: TaskList { TaskList(count: 0) { _ in } }
}

/// Runs the tasks of several lists with one wake-up of the pool, those of the first list first.
func parallel(_ lists: TaskList...) {
    let lists = lists.filter { $0.count > 0 }
    if lists.count == 1 { return parallel(lists[0].count, lists[0].body) }
    parallel(lists.reduce(0) { $0 + $1.count }) { index in
        var index = index
        for list in lists {
            if index < list.count { return list.body(index) }
            index -= list.count
        }
    }
}

/// On how many threads `parallel` would run here; what is computed must not depend on it.
var parallelThreads: Int { heed_inside_job() ? 1 : ThreadPool.threadCount }

/// How work is cut: by its own size alone, never by the number of threads.
enum Cut {
    /// Elements of an elementwise pass that one task takes.
    static let elements = 32_768

    /// Rows of `columns` elements that one task takes.
    static func rows(columns: Int) -> Int { max(1, elements / max(columns, 1)) }

    /// Rows whose contributions to a per-column sum are added up before the partial sums are: fixed, since the
    /// order of additions decides the bits.
    static let reductionRows = 256
}

/// Calls `body` with consecutive ranges of at most `size` that cover `0 ..< total`, in parallel.
func parallelRanges(_ total: Int, size: Int, _ body: (Range<Int>) -> Void) {
    let pieces = (total + size - 1) / size
    parallel(pieces) { piece in
        body(piece * size..<min((piece + 1) * size, total))
    }
}
