import CHeedKernels
import HeedFormats
import Synchronization

/// What happens where there is no memory for a tensor, or for what computes it: nothing can go on, and operators do not
/// throw, so that the process ends.
package enum OutOfMemory {
    private static let handler = Lock<(@Sendable (String) -> Never)?>(nil)

    /// Lets a program say it in its own way; without that, the process traps.
    package static func handle(_ body: @escaping @Sendable (String) -> Never) {
        handler.withLock { $0 = body }
    }

    /// Ends the process.
    static func end(_ byteCount: Int, for purpose: String) -> Never {
        end("out of memory: \(byteCount) bytes for \(purpose)")
    }

    /// Ends the process after the matrix library failed, which it may also do for want of memory.
    static func endAfterFailure(_ message: String) -> Never {
        if heed_has_room() { fatalError("the matrix library \(message)") }
        end("out of memory: the matrix library \(message)")
    }

    private static func end(_ message: String) -> Never {
        if let handler = handler.withLock({ $0 }) { handler(message) }
        fatalError(message)
    }
}
