import CHeedMemory
import Foundation
import HeedFormats
import HeedTensor
import Synchronization

/// What happens when the program is told to end, by Ctrl-C, SIGTERM or the end of its terminal, or cannot go on.
///
/// A thread of its own waits for these signals, so that what it does then is not bound by the rules for handlers. Those
/// that whoever started the program had it ignore stay ignored.
enum Interruption {
    private static let isSaving = Atomic<Bool>(false)
    private static let requested = Atomic<Bool>(false)

    /// Ends the program at a signal from now on, without leaving anything half-written behind. To be called before other
    /// threads are started.
    static func endProgram() {
        let numbers = [SIGINT, SIGTERM, SIGHUP].filter { !Signals.isIgnored($0) }
        guard !numbers.isEmpty else { return }
        Signals.block(numbers)
        Thread.detachNewThread {
            Signals.wait(for: numbers)
            if isSaving.load(ordering: .acquiring) {
                requested.store(true, ordering: .relaxed)
                Signals.wait(for: numbers)
            }
            // Should a file system hang now, the next signal still ends the program.
            Signals.unblock(numbers)
            UnfinishedOutput.removeAll {
                StandardStreams.printError("heed: interrupted")
                _exit(ExitStatus.interrupted.rawValue)
            }
        }
    }

    /// Ends the program with one line where memory is missing, without leaving anything half-written behind.
    static func endOutOfMemory() {
        OutOfMemory.handle { end(.noMemory, $0) }
        heed_watch_memory { Interruption.end(.noMemory, "out of memory: \($0) bytes") }
    }

    /// The same where weights cannot be read from their file any more while they are used.
    static func endOnLostFile() {
        MappedFile.endProcess(onLoss: { end(.inputOutput, "\($0)") })
    }

    private static func end(_ status: ExitStatus, _ message: String) -> Never {
        UnfinishedOutput.removeAll {
            StandardStreams.printError("heed: \(message)")
            _exit(status.rawValue)
        }
    }

    /// Whether the first signal is noted alone, for whoever asks, and only a second one ends the program.
    static func save(_ isOn: Bool) { isSaving.store(isOn, ordering: .releasing) }

    /// Whether to stop.
    static var isRequested: Bool { requested.load(ordering: .relaxed) }
}
