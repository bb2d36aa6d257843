internal import Glibc
internal import Synchronization

/// What happens where bytes of a mapped file are gone: the file was cut, or its disk fails.
///
/// The system tells it with SIGBUS to the thread that reads such a byte, which ends the process. A program may say
/// what is wrong before that; the library alone handles no signal.
extension MappedFile {
    private struct Map: Sendable {
        let count: Int

        /// With the rest of the last page, into which a vector that ends behind the file may reach.
        let mappedCount: Int
        let descriptor: Int32
        let path: String

        /// Why a byte of it cannot be read.
        var error: FileError {
            let size = try? System.status(of: descriptor, path: path).size
            if let size, size < count {
                return FileError(path: path, .endedEarly(offset: size, expected: count))
            }
            return FileError(path: path, .system(operation: "read", code: EIO))
        }
    }

    /// The maps that there are, by their addresses.
    private static let maps = Lock<[UInt: Map]>([:])
    private static let loss = Lock<(@Sendable (FileError) -> Never)?>(nil)

    /// Lets a function end the process, with what is wrong, where a byte of a mapped file cannot be read any more.
    ///
    /// It is called on the thread that reads the byte. That may hold no lock that the function needs: bytes of maps are
    /// read by kernels and copied into tensors, and nothing of this happens behind a lock of files or memory.
    package static func endProcess(onLoss function: @escaping @Sendable (FileError) -> Never) {
        loss.withLock { $0 = function }
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_sigaction = { _, information, _ in
            // One that another process sends has no address.
            let isFault = unsafe (information?.pointee.si_code ?? 0) > 0
            let address = unsafe information?.pointee._sifields._sigfault.si_addr
            MappedFile.end(isFault ? UInt(bitPattern: address) : nil)
        }
        action.sa_flags = SA_SIGINFO
        unsafe sigaction(SIGBUS, &action, nil)
    }

    /// Ends the process: with the function where an address lies in a map, else as the signal does by itself.
    private static func end(_ address: UInt?) {
        // Should anything hang now, the alarm ends the process, also where whoever started it had it block alarms; one
        // that was blocked until now is forgotten.
        signal(SIGALRM, SIG_IGN)
        signal(SIGALRM, SIG_DFL)
        var alarms = sigset_t()
        unsafe sigemptyset(&alarms)
        unsafe sigaddset(&alarms, SIGALRM)
        unsafe pthread_sigmask(SIG_UNBLOCK, &alarms, nil)
        alarm(10)
        // Without an address the lock is not taken: this thread may hold it.
        let map = address.flatMap { address in
            maps.withLock { maps in
                maps.first { $0 <= address && address - $0 < $1.mappedCount }?.value
            }
        }
        guard let map, let function = loss.withLock({ $0 }) else {
            signal(SIGBUS, SIG_DFL)
            raise(SIGBUS)
            return
        }
        function(map.error)
    }

    func remember() {
        let page = sysconf(Int32(_SC_PAGESIZE))
        let map = Map(
            count: count, mappedCount: (count + page - 1) / page * page,
            descriptor: file.descriptor, path: path)
        Self.maps.withLock { $0[base] = map }
    }

    func forget() { Self.maps.withLock { _ = $0.removeValue(forKey: base) } }
}
