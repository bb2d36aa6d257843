internal import Glibc

/// Paths as strings: joining, parents, temporary names, and the rule for names that come from files.
public enum RelativePath {
    /// A path inside a folder.
    public static func join(_ folder: String, _ name: String) -> String {
        if folder.isEmpty || name.hasPrefix("/") { return name }
        return folder.hasSuffix("/") ? folder + name : folder + "/" + name
    }

    /// The folder that a path is in; `.` for a plain name.
    public static func parent(of path: String) -> String {
        let trimmed = trimmingSlashes(path)
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    /// The last part of a path.
    public static func lastName(of path: String) -> String {
        let trimmed = trimmingSlashes(path)
        guard let slash = trimmed.lastIndex(of: "/"), trimmed != "/" else { return trimmed }
        return String(trimmed[trimmed.index(after: slash)...])
    }

    /// Whether a name that a file tells stays inside its folder as far as its text says: relative,
    /// without `..`, `.`, empty parts or NUL.
    public static func isContained(_ name: String) -> Bool {
        if name.isEmpty || name.utf8.contains(0) { return false }
        return name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
            !$0.isEmpty && $0 != "." && $0 != ".."
        }
    }

    /// A name that no other process or call uses: `.NAME.tmp-…` beside a file.
    static func temporaryName(for path: String) -> String {
        let name = lastName(of: path)
        return join(parent(of: path), ".\(name.prefix(100)).tmp-\(uniqueSuffix())")
    }

    /// Whether a file or folder was begun by `AtomicFile` or `AtomicFolder`: `NAME.tmp-…`.
    public static func isTemporaryName(_ name: String) -> Bool {
        guard let mark = name.ranges(of: ".tmp-").last else { return false }
        let parts = name[mark.upperBound...].utf8.split(
            separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return parts.count == 2
            && parts.allSatisfy { part in
                !part.isEmpty
                    && part.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
            }
    }

    static func uniqueSuffix() -> String {
        String(getpid(), radix: 36) + "-" + String(UInt64.random(in: 0 ... .max), radix: 36)
    }

    private static func trimmingSlashes(_ path: String) -> String {
        var path = path[...]
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return String(path)
    }
}
