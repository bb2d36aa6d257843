internal import Glibc

/// The descriptors 0, 1 and 2, which every program takes for its standard streams.
package enum StandardDescriptors {
    /// Fills those that whoever started the process closed, so that no file takes their numbers; using one is an error.
    package static func reserve() {
        for number in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
        where fcntl(number, F_GETFD) == -1 {
            // The lowest free number is this one. What cannot be written to is opened for reading, and the reverse.
            _ = unsafe open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }
}
