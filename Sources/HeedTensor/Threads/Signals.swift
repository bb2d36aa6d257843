import Glibc

/// Signals of this process.
package enum Signals {
    /// Whether whoever started this process had it ignore a signal, as `nohup` and the background of a script do.
    package static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard unsafe sigaction(number, nil, &action) == 0 else { return false }
        let handler = unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
        return unsafe handler == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// Keeps signals from the calling thread and those that it starts, for another to wait for them.
    package static func block(_ numbers: [Int32]) {
        var set = set(of: numbers)
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Lets signals through to the calling thread.
    package static func unblock(_ numbers: [Int32]) {
        var set = set(of: numbers)
        unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    /// Waits for one of some blocked signals and takes it.
    package static func wait(for numbers: [Int32]) {
        var set = set(of: numbers)
        var number: Int32 = 0
        while unsafe sigwait(&set, &number) != 0 {}
    }

    private static func set(of numbers: [Int32]) -> sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for number in numbers { unsafe sigaddset(&set, number) }
        return set
    }
}
