internal import Synchronization

/// Makes the n-th system call of a task fail, so that tests reach every way out of a save.
package final class SystemFaults: Sendable {
    /// The calls that can be made to fail.
    package enum Call: String, Sendable, CaseIterable {
        case open, write, flush, rename, create, remove, close, read
    }

    /// The plan of the current task; nil outside tests.
    @TaskLocal package static var current: SystemFaults?

    private let failing: Int?
    private let code: Int32
    private let calls: Lock<[Call]>

    /// Fails the call of number `failing` (from 0) with an `errno`, or none at all.
    package init(failing: Int?, code: Int32) {
        self.failing = failing
        self.code = code
        calls = Lock([])
    }

    /// The calls made so far.
    package var log: [Call] { calls.withLock { $0 } }

    /// The `errno` that a call must fail with, or nil where it goes ahead.
    static func code(for call: Call) -> Int32? {
        guard let current else { return nil }
        return current.calls.withLock { calls in
            calls.append(call)
            return calls.count - 1 == current.failing ? current.code : nil
        }
    }
}
