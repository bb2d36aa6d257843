import HeedFormats
import HeedText

/// A file that does not fit another, or holds nothing to use.
public struct CorpusError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The whole message in one line.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Pairs of sentences, line by line from two files.
public struct ParallelText: Sendable {
    /// The sources.
    public let sources: [String]
    /// The targets.
    public let targets: [String]
    /// Pairs that were left out because a side was empty.
    public let skippedCount: Int

    /// Reads two files of the same number of lines. Pairs with an empty side are skipped and counted.
    ///
    /// Throws `CorpusError` for files of different length, and the errors of reading.
    public init(sourcePath: String, targetPath: String) throws {
        let sources = try TextFile.lines(path: sourcePath)
        let targets = try TextFile.lines(path: targetPath)
        guard sources.count == targets.count else {
            throw CorpusError(
                """
                \(nameForMessage(sourcePath)): has \(sources.count) lines, but \
                \(nameForMessage(targetPath)) has \(targets.count)
                """)
        }
        try self.init(sources: sources, targets: targets, name: sourcePath)
    }

    /// Pairs from memory; `name` is used in messages.
    public init(sources: [String], targets: [String], name: String) throws {
        var kept: ([String], [String]) = ([], [])
        for (source, target) in zip(sources, targets) where !source.isBlank && !target.isBlank {
            kept.0.append(source)
            kept.1.append(target)
        }
        guard !kept.0.isEmpty else {
            throw CorpusError("\(nameForMessage(name)): holds no pair of sentences")
        }
        (self.sources, self.targets) = kept
        skippedCount = sources.count - kept.0.count
    }
}

extension String {
    /// Whether there is nothing but white space.
    var isBlank: Bool { allSatisfy(\.isWhitespace) }
}

/// Pairs of sentences as ids, each ending with the end mark.
struct EncodedCorpus {
    let sources: [[Int32]]
    let targets: [[Int32]]
    /// Pairs that were left out because a side is longer than the limit.
    let longCount: Int
    /// Pairs that were left out because a tokenizer of the user's makes no token of the target.
    let emptyCount: Int

    /// Throws what encoding throws.
    init(_ text: ParallelText, _ tokenizers: TranslationTokenizers, maximumLength: Int) throws {
        var kept: ([[Int32]], [[Int32]]) = ([], [])
        var (long, empty) = (0, 0)
        let encoded = (
            try tokenizers.source.encodeIDs(text.sources),
            try tokenizers.target.encodeIDs(text.targets)
        )
        for (source, target) in zip(encoded.0, encoded.1) {
            if source.count > maximumLength || target.count > maximumLength {
                long += 1
                continue
            }
            if target.isEmpty {
                empty += 1
                continue
            }
            kept.0.append(source)
            kept.1.append(target)
        }
        (sources, targets) = kept
        (longCount, emptyCount) = (long, empty)
    }

    /// The number of tokens by which pairs are batched: the longer side, with its end mark.
    var lengths: [Int] { zip(sources, targets).map { max($0.count, $1.count) } }

    /// A checksum over all ids.
    var checksum: UInt32 {
        var bytes: [UInt8] = []
        for ids in sources + targets {
            for value in ids + [-1] {
                for shift in [0, 8, 16, 24] {
                    bytes.append(UInt8(truncatingIfNeeded: value >> Int32(shift)))
                }
            }
        }
        return CRC32C.checksum(of: bytes)
    }
}
