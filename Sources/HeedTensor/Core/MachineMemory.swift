import Glibc
import HeedFormats

/// The memory that this process may use.
package enum MachineMemory {
    /// Bytes of memory in the machine, or fewer where a control group or a limit of this process's addresses allows fewer.
    package static var limit: Int {
        let pages = sysconf(Int32(_SC_PHYS_PAGES))
        let machine = pages.multipliedReportingOverflow(by: sysconf(Int32(_SC_PAGESIZE)))
        let limits = [machine.overflow || pages < 1 ? nil : machine.partialValue, addresses]
        return (limits + [groupLimit(below: "")]).compactMap(\.self).min() ?? Int.max
    }

    /// The most memory that the process ever had in RAM, as Linux counts it; nil elsewhere.
    package static var peakResidentBytes: Int? {
        guard let line = lines("/proc/self/status").first(where: { $0.hasPrefix("VmHWM:") }),
            let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first
        else { return nil }
        return Int(kilobytes).map { $0 * 1024 }
    }

    /// The most bytes of addresses that this process may have, as `ulimit -v` sets it, or nil for no limit.
    private static var addresses: Int? {
        var limits = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limits) == 0 else {
            return nil
        }
        return Int(exactly: limits.rlim_cur)
    }

    /// The bytes that the control groups of this process allow, as files below `root` tell it, or nil for no limit.
    ///
    /// A limit on any ancestor holds, too. In a container the path may be the host's, and does not exist below the mount;
    /// the mount's root is then the container's own group.
    package static func groupLimit(below root: String) -> Int? {
        let groups = lines("\(root)/proc/self/cgroup").map {
            // "number:controllers:path"; version 2 has no controllers.
            $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        }
        var limits: [Int] = []
        for group in groups where group.count == 3 {
            let isMemory = group[1].split(separator: ",").contains("memory")
            guard isMemory || group[1].isEmpty else { continue }
            var path = String(group[2])
            while true {
                let folder = "\(root)/sys/fs/cgroup\(isMemory ? "/memory" : "")\(path)"
                let file = isMemory ? "memory.limit_in_bytes" : "memory.max"
                // A group without a limit says "max", or a number larger than any memory.
                if let line = lines("\(folder)/\(file)").first, let limit = Int(line), limit > 0 {
                    limits.append(limit)
                }
                guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { break }
                path = String(path[..<slash])
            }
        }
        return limits.min()
    }

    private static func lines(_ path: String) -> [String] {
        guard var reader = try? TextLines(path: path, maximumLineBytes: 1 << 16) else { return [] }
        var lines: [String] = []
        while let line = try? reader.next() { lines.append(line) }
        return lines
    }
}
