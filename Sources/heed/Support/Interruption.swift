import Foundation
import HeedTensor
import Synchronization

/// Whether the user asked the program to stop: the first Ctrl-C or SIGTERM is noted, a second one ends it at once.
enum Interruption {
    private static let requested = Atomic<Bool>(false)

    /// Notes signals from now on.
    static func watch() {
        // Touched here, so that the handler finds it made.
        requested.store(false, ordering: .relaxed)
        let numbers = [SIGINT, SIGTERM]
        for number in numbers {
            signal(number) { number in
                Interruption.requested.store(true, ordering: .relaxed)
                signal(SIGINT, SIG_DFL)
                signal(SIGTERM, SIG_DFL)
            }
        }
        Signals.unblock(numbers)
    }

    /// Whether to stop.
    static var isRequested: Bool { requested.load(ordering: .relaxed) }
}
