import HeedFormats
import HeedModels

/// The tokens of a pair's sides, the end marks included.
public struct PairLength: Sendable, Equatable {
    /// Tokens of the source.
    public let source: Int
    /// Tokens of the target.
    public let target: Int
}

/// A file of lengths that no batches can be made of.
public struct PairLengthsError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file.
    public let file: String
    /// The line, from 1.
    public let line: Int
    /// What is wrong there.
    public let problem: String

    /// The whole message in one line.
    public var description: String { "\(nameForMessage(file)): line \(line): \(problem)" }
}

extension PairLength {
    private static let limit = 1 << 16

    /// Reads batches of lengths: a line `SOURCE TARGET` for each pair, an empty line between batches.
    ///
    /// Throws `PairLengthsError` and the errors of reading.
    public static func batches(path: String) throws -> [[PairLength]] {
        var batches: [[PairLength]] = [[]]
        let lines = try TextFile.lines(path: path)
        for (index, line) in lines.enumerated() {
            if line.isBlank {
                batches.append([])
                continue
            }
            let numbers = line.split(separator: " ").map { Int($0) ?? 0 }
            guard numbers.count == 2, numbers.allSatisfy((1...limit).contains) else {
                throw PairLengthsError(
                    file: path, line: index + 1,
                    problem: "'\(line.prefix(40))' is not two lengths from 1 to \(limit)")
            }
            batches[batches.count - 1].append(PairLength(source: numbers[0], target: numbers[1]))
        }
        batches.removeAll(where: \.isEmpty)
        guard !batches.isEmpty else {
            throw PairLengthsError(file: path, line: max(lines.count, 1), problem: "no pair")
        }
        return batches
    }
}

/// Makes sentences of random tokens.
struct RandomSentences {
    private let configuration: TransformerConfiguration
    private var numbers = CountingGenerator(seed: 1)

    init(_ configuration: TransformerConfiguration) {
        self.configuration = configuration
    }

    /// A sentence of this many tokens, the last of which is the end mark.
    mutating func next(length: Int) -> [Int32] {
        let special = [
            configuration.endToken, configuration.startToken, configuration.paddingToken,
        ]
        let first = (special.max() ?? 0) + 1
        let words = (1..<max(length, 1)).map { _ in
            Int32(first + numbers.below(configuration.sourceVocabulary - first))
        }
        return words + [Int32(configuration.endToken)]
    }
}
