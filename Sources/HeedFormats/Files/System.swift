internal import Glibc

/// The system calls of this package, with their errors as `FileError`.
enum System {
    /// What a file is, from its inode.
    struct Status {
        let mode: mode_t
        let size: Int
        let device: UInt64
        let inode: UInt64

        var isRegular: Bool { mode & S_IFMT == S_IFREG }
        var isFolder: Bool { mode & S_IFMT == S_IFDIR }
        var permissions: mode_t { mode & 0o777 }

        var kind: String {
            switch mode & S_IFMT {
            case S_IFDIR: "a folder"
            case S_IFIFO: "a pipe"
            case S_IFSOCK: "a socket"
            case S_IFCHR, S_IFBLK: "a device"
            case S_IFLNK: "a symbolic link"
            default: "something else"
            }
        }

        init(_ info: stat) {
            mode = info.st_mode
            size = Int(info.st_size)
            device = UInt64(info.st_dev)
            inode = UInt64(info.st_ino)
        }
    }

    /// Runs a call that gives -1 on failure, again where a signal interrupted it.
    static func call<T: SignedInteger>(
        _ kind: SystemFaults.Call, _ operation: String, path: String, _ body: () -> T
    ) throws -> T {
        if let code = SystemFaults.code(for: kind) {
            throw FileError(path: path, .system(operation: operation, code: code))
        }
        while true {
            let result = body()
            if result != -1 { return result }
            let code = errno
            if code != EINTR {
                throw FileError(path: path, .system(operation: operation, code: code))
            }
        }
    }

    /// Refuses a path that C would cut at a NUL.
    static func check(path: String) throws {
        if path.isEmpty || path.utf8.contains(0) { throw FileError(path: path, .invalidPath) }
    }

    static func open(
        _ path: String, _ flags: Int32, mode: mode_t = 0o666, operation: String = "open"
    ) throws -> Int32 {
        try check(path: path)
        return try call(.open, operation, path: path) {
            unsafe Glibc.open(path, flags | O_CLOEXEC | O_NOCTTY, mode)
        }
    }

    static func close(_ descriptor: Int32, path: String) throws {
        // After EINTR the descriptor is gone on Linux: closing again could hit another file.
        let fault = SystemFaults.code(for: .close)
        let result = Glibc.close(descriptor)
        let code = fault ?? (result == -1 && errno != EINTR ? errno : nil)
        if let code { throw FileError(path: path, .system(operation: "close", code: code)) }
    }

    static func status(of descriptor: Int32, path: String) throws -> Status {
        var info = stat()
        guard unsafe fstat(descriptor, &info) == 0 else {
            throw FileError(path: path, .system(operation: "inspect", code: errno))
        }
        return Status(info)
    }

    /// The status behind a path, or nil where nothing is there.
    static func status(at path: String, followingLinks: Bool = true) throws -> Status? {
        try check(path: path)
        var info = stat()
        let result =
            unsafe followingLinks ? stat(path, &info) : lstat(path, &info)
        if result == 0 { return Status(info) }
        let code = errno
        if code == ENOENT || code == ENOTDIR { return nil }
        throw FileError(path: path, .system(operation: "inspect", code: code))
    }

    /// Reads up to the size of a buffer; 0 at the end of the file.
    static func read(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int?,
        path: String
    ) throws -> Int {
        // Linux reads at most about 2 GiB in one call.
        let count = min(buffer.count, 1 << 30)
        return try call(.read, "read", path: path) {
            if let offset {
                unsafe pread(descriptor, buffer.baseAddress, count, off_t(offset))
            } else {
                unsafe Glibc.read(descriptor, buffer.baseAddress, count)
            }
        }
    }

    /// Writes all bytes, at an offset or at the end of what was written before.
    static func write(
        _ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int? = nil, path: String
    ) throws {
        var done = 0
        while done < bytes.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count = min(rest.count, 1 << 30)
            done += try call(.write, "write", path: path) {
                if let offset {
                    unsafe pwrite(descriptor, rest.baseAddress, count, off_t(offset + done))
                } else {
                    unsafe Glibc.write(descriptor, rest.baseAddress, count)
                }
            }
        }
    }

    static func flush(_ descriptor: Int32, path: String) throws {
        _ = try call(.flush, "flush", path: path) { fsync(descriptor) }
    }

    /// Flushes the entries of a folder, so that a rename inside it survives a loss of power.
    static func flushFolder(_ path: String) throws {
        let descriptor = try open(path, O_RDONLY | O_DIRECTORY, operation: "open the folder")
        defer { _ = Glibc.close(descriptor) }
        do {
            try flush(descriptor, path: path)
        } catch let error as FileError {
            // Some network file systems cannot flush folders and say so with EINVAL.
            guard case .system(_, EINVAL) = error.problem else { throw error }
        }
    }

    static func rename(_ source: String, to destination: String) throws {
        try check(path: source)
        try check(path: destination)
        _ = try call(.rename, "rename to \(nameForMessage(destination))", path: source) {
            unsafe Glibc.rename(source, destination)
        }
    }

    static func remove(_ path: String) throws {
        try check(path: path)
        _ = try call(.remove, "remove", path: path) { unsafe unlink(path) }
    }

    static func removeFolder(_ path: String) throws {
        try check(path: path)
        _ = try call(.remove, "remove", path: path) { unsafe rmdir(path) }
    }

    static func createFolder(_ path: String) throws {
        try check(path: path)
        _ = try call(.create, "create the folder", path: path) { unsafe mkdir(path, 0o777) }
    }

    /// The path without links, `.` and `..`, or nil where nothing is there.
    static func resolve(_ path: String) throws -> String? {
        try check(path: path)
        guard let resolved = unsafe realpath(path, nil) else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw FileError(path: path, .system(operation: "resolve", code: errno))
        }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }
}
