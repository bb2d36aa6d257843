import ArgumentParser
import HeedFormats
import HeedTasks

/// The file that `heed attend` writes, one map after another.
struct AttentionFile {
    /// What the ending of a file's name asks for.
    enum Format: String, CaseIterable {
        case html, svg, json, npz, jsonl

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
                    \(isSingle ? "one text" : "--input") it must end with \
                    \(names.dropLast().joined(separator: ", ")) or \(names[names.count - 1])
                    """)
            }
            self = format
        }
    }

    private enum Destination {
        case archive(AttentionArchive)
        case text(AtomicFile, Format)
    }

    /// Weights that a page or a figure shows at most: more would need more memory than browsers have.
    private static let limits = [Format.html: 40_000_000, .svg: 250_000]

    private let destination: Destination
    private let kinds: [AttentionKind]
    private let layers: [Int]

    /// Begins the file; throws `FileError`, and `ValidationError` for its ending.
    ///
    /// - Parameters:
    ///   - isSingle: whether there will be one map.
    ///   - kinds: what a figure shows; its own choice when empty.
    ///   - layers: likewise.
    init(path: String, isSingle: Bool, kinds: [AttentionKind], layers: [Int]) throws {
        self.kinds = kinds
        self.layers = layers
        let format = try Format(path: path, isSingle: isSingle)
        destination =
            format == .npz
            ? .archive(try AttentionArchive(path: path, isNumbered: !isSingle))
            : .text(try AtomicFile(path: path), format)
    }

    /// Adds a map; throws `FileError`, and a `Failure` for more weights than can be shown.
    func add(_ map: AttentionMap) throws {
        switch destination {
        case .archive(let archive): try archive.add(map)
        case .text(let file, let format):
            let shown = format == .svg ? map.forFigure(kinds: kinds, layers: layers) : map
            let count = shown.parts.reduce(0) { $0 + $1.weights.count }
            if let limit = Self.limits[format], count > limit {
                throw Failure(
                    .badData,
                    """
                    \(count) weights are more than the \(limit) that .\(format.rawValue) shows; \
                    choose some with --kind, --layer and --head
                    """)
            }
            switch format {
            case .html: try file.write(shown.html())
            case .svg: try file.write(map.svg(kinds: kinds, layers: layers))
            default: try file.write(shown.json + "\n")
            }
        }
    }

    /// Makes the file appear.
    func commit() throws {
        switch destination {
        case .archive(let archive): try archive.commit()
        case .text(let file, _): try file.commit()
        }
    }
}
