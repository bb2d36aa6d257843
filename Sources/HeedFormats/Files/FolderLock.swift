internal import Glibc

/// Keeps other processes that ask from working in a folder, until it is released or this process ends, however that is.
///
/// Nothing is written: the lock is the system's, on the folder itself. File systems that have no such locks let everyone
/// in.
public final class FolderLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock of an existing folder; throws `FileError`, with `inUse` where another has it.
    public init(path: String) throws {
        let descriptor = try System.open(path, O_RDONLY | O_DIRECTORY)
        while flock(descriptor, LOCK_EX | LOCK_NB) == -1 {
            if errno == EINTR { continue }
            if errno == EWOULDBLOCK {
                _ = close(descriptor)
                throw FileError(path: path, .inUse)
            }
            break
        }
        self.descriptor = descriptor
    }

    deinit {
        // A process that is being started has a copy of the descriptor until it runs its own program: the lock goes at once.
        _ = flock(descriptor, LOCK_UN)
        _ = close(descriptor)
    }
}
