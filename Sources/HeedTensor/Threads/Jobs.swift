import HeedFormats
import Synchronization

extension ThreadPool {
    /// Computes a value for each index below `count`, several at a time, each on one thread: an operator inside a job does
    /// not wake other threads. A single job runs on the caller's thread and leaves the pool to its operators.
    ///
    /// - Parameters:
    ///   - count: how many values.
    ///   - job: gives the value of an index, which must not depend on when and where it runs. It may ask whether to stop:
    ///     because the task that called was cancelled, or because another job failed.
    /// - Throws: the error of one of the jobs that failed.
    public static func concurrently<Value: Sendable>(
        _ count: Int, _ job: (_ index: Int, _ shouldStop: () -> Bool) throws -> Value
    ) throws -> [Value] {
        let results = Lock<[Int: Result<Value, any Error>]>([:])
        let failed = Atomic<Bool>(false)
        TaskCancellation.watch { cancellation in
            let shouldStop = {
                cancellation.isRequested || failed.load(ordering: .relaxed)
            }
            parallel(count) { index in
                // A job that begins after another's failure would be in vain.
                guard !failed.load(ordering: .relaxed) else { return }
                let result = Result { try job(index, shouldStop) }
                if case .failure = result { failed.store(true, ordering: .relaxed) }
                results.withLock { $0[index] = result }
            }
        }
        let found = results.withLock { $0 }
        // What stopped because of another's failure says nothing of its cause.
        let errors = (0..<count).compactMap { index -> (any Error)? in
            if case .failure(let error) = found[index] { error } else { nil }
        }
        if let error = errors.first(where: { !($0 is CancellationError) }) ?? errors.first {
            throw error
        }
        return try (0..<count).compactMap { try found[$0]?.get() }
    }
}

/// Whether the task of a computation was cancelled, as any thread that works for it may ask.
@safe private struct TaskCancellation: @unchecked Sendable {
    private let task: UnsafeCurrentTask?

    /// Whether it was.
    var isRequested: Bool { unsafe task?.isCancelled ?? false }

    /// Gives `body` the state of the current task, to be asked until `body` returns.
    static func watch(_ body: (TaskCancellation) -> Void) {
        unsafe withUnsafeCurrentTask { task in
            body(unsafe TaskCancellation(task: task))
        }
    }
}
