internal import Glibc

/// Paths as strings: joining, parents, temporary names, and the rule for names that come from files.
///
/// A slash is a byte of its own, whatever follows it: to Swift it is one character with an accent behind it.
public enum RelativePath {
    private static let slash = UInt8(ascii: "/")

    /// A path inside a folder.
    public static func join(_ folder: String, _ name: String) -> String {
        if folder.isEmpty || name.utf8.first == slash { return name }
        return folder.utf8.last == slash ? folder + name : folder + "/" + name
    }

    /// The folder that a path is in; `.` for a plain name.
    public static func parent(of path: String) -> String {
        let trimmed = trimmingSlashes(path)
        guard let slash = trimmed.utf8.lastIndex(of: Self.slash) else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    /// The last part of a path.
    public static func lastName(of path: String) -> String {
        let trimmed = trimmingSlashes(path)
        guard let slash = trimmed.utf8.lastIndex(of: Self.slash), trimmed != "/" else {
            return trimmed
        }
        return String(trimmed[trimmed.utf8.index(after: slash)...])
    }

    /// Whether a name that a file tells stays inside its folder as far as its text says: relative,
    /// without `..`, `.`, empty parts or NUL.
    public static func isContained(_ name: String) -> Bool {
        if name.isEmpty || name.utf8.contains(0) { return false }
        let parts = name.utf8.split(separator: slash, omittingEmptySubsequences: false)
        return parts.allSatisfy {
            !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8)
        }
    }

    /// A name that no other process or call uses: `.NAME.tmp-…` beside a file.
    static func temporaryName(for path: String) -> String {
        // Names have 255 bytes at most.
        var name = lastName(of: path)[...]
        while name.utf8.count > 100 { name.unicodeScalars.removeLast() }
        return join(parent(of: path), ".\(name).tmp-\(uniqueSuffix())")
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
        var bytes = path.utf8[...]
        while bytes.count > 1, bytes.last == slash { bytes.removeLast() }
        return String(path[bytes.startIndex..<bytes.endIndex])
    }
}
