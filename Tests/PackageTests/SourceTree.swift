import Foundation

/// A source file of the package: the target that holds it, its path from the root, and its text.
struct SourceFile: Sendable {
    var target: String
    var path: String
    var text: String

    /// The lines that an editor would number.
    var lineCount: Int {
        text.split(separator: "\n", omittingEmptySubsequences: false).count
            - (text.hasSuffix("\n") ? 1 : 0)
    }
}

/// The package as it lies on the disk, found from this file's own place.
enum SourceTree {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent()

    private static let extensions: Set<String> = ["swift", "c", "h", "inc"]

    /// Every Swift and C file under a folder of the root; the folder below it names the target.
    static func files(under folder: String) throws -> [SourceFile] {
        let base = root.appending(path: folder, directoryHint: .isDirectory)
        guard let paths = FileManager.default.enumerator(atPath: base.path) else { return [] }
        var files: [SourceFile] = []
        for case let path as String in paths {
            guard
                extensions.contains(URL(filePath: path).pathExtension),
                let target = path.split(separator: "/").first,
                !path.hasPrefix("."), !path.contains("/.")
            else { continue }
            let text = try String(contentsOf: base.appending(path: path), encoding: .utf8)
            files.append(
                SourceFile(target: String(target), path: "\(folder)/\(path)", text: text))
        }
        return files.sorted { $0.path < $1.path }
    }
}
