import Glibc

/// Signals of this process.
package enum Signals {
    /// Lets signals through that whoever started this process had blocked, as threads of servers often have.
    package static func unblock(_ numbers: [Int32]) {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for number in numbers { unsafe sigaddset(&set, number) }
        unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }
}
