import Foundation
import HeedFormats
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

    /// Ends the program at a signal from now on, without leaving the file's temporary form behind.
    static func endProgram(removing file: AtomicFile) {
        let numbers = [SIGINT, SIGTERM]
        file.endProcess(on: numbers, status: ExitStatus.interrupted.rawValue)
        Signals.unblock(numbers)
    }

    /// Whether to stop.
    static var isRequested: Bool { requested.load(ordering: .relaxed) }
}
