import Dispatch

/// Runs the jobs of an actor one after another on a thread of its own, so that Swift's cooperative threads are never
/// occupied by a product.
public final class ComputeExecutor: SerialExecutor {
    private let queue: DispatchQueue

    /// An executor with this name.
    public init(_ name: String) {
        queue = DispatchQueue(label: name)
    }

    /// The reference that an actor gives as its `unownedExecutor`; the actor keeps the executor alive.
    @safe public var reference: UnownedSerialExecutor { unsafe asUnownedSerialExecutor() }

    /// Takes a job.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = unsafe asUnownedSerialExecutor()
        queue.async { unsafe job.runSynchronously(on: executor) }
    }
}
