import Foundation

/// The memory that this process may use.
enum MachineMemory {
    /// Bytes of memory in the machine, or fewer where a cgroup of version 2 or 1 allows fewer.
    static var limit: Int {
        let limits = [
            "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        ].compactMap { path in
            // A cgroup without a limit says "max", or a number larger than any memory.
            (try? String(contentsOfFile: path, encoding: .utf8)).flatMap {
                Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
            }
        }
        return (limits + [Int(clamping: ProcessInfo.processInfo.physicalMemory)]).min() ?? Int.max
    }
}
