internal import Glibc
internal import Synchronization

extension AtomicFile {
    /// Ends the process with `status` when one of these signals comes, and removes the temporary file before, if it is
    /// still there. A process has one such file at a time.
    public func endProcess(on signals: [Int32], status: Int32) {
        Interruption.status.store(status, ordering: .relaxed)
        let path = temporaryPath.map { unsafe UInt(bitPattern: strdup($0)) } ?? 0
        // An earlier path stays: a signal could be reading it.
        Interruption.path.store(path, ordering: .sequentiallyConsistent)
        for number in signals {
            signal(number) { _ in
                // Nothing but calls that are allowed in a handler.
                let address = Interruption.path.load(ordering: .sequentiallyConsistent)
                if let path = unsafe UnsafePointer<CChar>(bitPattern: address) {
                    unsafe unlink(path)
                }
                _exit(Interruption.status.load(ordering: .relaxed))
            }
        }
    }
}

/// What the handler of signals needs; touched before it is installed, so that it finds it made.
private enum Interruption {
    /// The address of the path, 0 for none.
    static let path = Atomic<UInt>(0)
    static let status = Atomic<Int32>(0)
}
