import ArgumentParser
import HeedFormats
import HeedTasks

/// The file that `heed attend` writes, one map after another.
struct AttentionFile {
    /// What the ending of a file's name asks for.
    enum Format: String, CaseIterable {
        case json, npz, jsonl

        /// Whether it holds one map; `npz` does both.
        private func takes(single: Bool) -> Bool {
            self == .npz || (self != .jsonl) == single
        }

        /// Throws `ValidationError` for any other ending.
        init(path: String, isSingle: Bool) throws {
            let ending = path.split(separator: "/").last?.split(separator: ".").last
            let format = ending.flatMap { Format(rawValue: $0.lowercased()) }
            guard let format, format.takes(single: isSingle) else {
                let names = Self.allCases.filter { $0.takes(single: isSingle) }
                    .map { ".\($0.rawValue)" }
                throw ValidationError(
                    """
                    --output \(nameForMessage(path)): for \
                    \(isSingle ? "--source" : "--input") it must end with \
                    \(names.dropLast().joined(separator: ", ")) or \(names[names.count - 1])
                    """)
            }
            self = format
        }
    }

    private enum Destination {
        case archive(AttentionArchive)
        case text(AtomicFile)
    }

    private let destination: Destination

    /// Begins the file; throws `FileError`, and `ValidationError` for its ending.
    ///
    /// - Parameter isSingle: whether there will be one map.
    init(path: String, isSingle: Bool) throws {
        let format = try Format(path: path, isSingle: isSingle)
        destination =
            format == .npz
            ? .archive(try AttentionArchive(path: path, isNumbered: !isSingle))
            : .text(try AtomicFile(path: path))
    }

    /// Adds a map; throws `FileError`, and a `Failure` for more weights than can be shown.
    func add(_ map: AttentionMap) throws {
        switch destination {
        case .archive(let archive): try archive.add(map)
        case .text(let file): try file.write(map.json + "\n")
        }
    }

    /// Makes the file appear.
    func commit() throws {
        switch destination {
        case .archive(let archive): try archive.commit()
        case .text(let file): try file.commit()
        }
    }
}
