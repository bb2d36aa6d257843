import HeedFormats

/// Pairs of sentences, divided for training, validation and test so that no sentence of one part occurs in another.
///
/// Pairs that share a source or a target, directly or through other pairs, belong together and go to the same part:
/// otherwise a model would be tested on sentences that it has seen. Equal pairs count once.
public struct ParallelSplit: Sendable {
    /// Pairs to train on.
    public let training: [TextPair]
    /// Pairs to choose the best epoch by.
    public let validation: [TextPair]
    /// Pairs to measure with.
    public let test: [TextPair]
    private let seed: UInt64

    /// Divides pairs; about `validationCount` and `testCount` of them are held out.
    ///
    /// - Throws: `CorpusError` when too little would be left to train on.
    public init(
        _ pairs: [TextPair], validationCount: Int, testCount: Int, seed: UInt64
    ) throws {
        self.seed = seed
        let groups = Self.groups(pairs)
        var random = CountingGenerator(seed: seed)
        // Small groups are held out: a large one would be most of a part.
        var small = groups.indices.filter { groups[$0].count <= 4 }
        for index in stride(from: small.count - 1, to: 0, by: -1) {
            small.swapAt(index, random.below(index + 1))
        }
        var parts = [[Int]](repeating: [], count: 2)
        var next = small.makeIterator()
        for (part, count) in [validationCount, testCount].enumerated() {
            while parts[part].count < count, let group = next.next() {
                parts[part] += groups[group]
            }
        }
        let heldOut = Set(parts.joined())
        let rest = groups.joined().filter { !heldOut.contains($0) }.sorted()
        guard rest.count > parts[0].count + parts[1].count, !parts[0].isEmpty, !parts[1].isEmpty
        else {
            throw CorpusError(
                """
                \(pairs.count) pairs are too few, or too connected, to hold out \(validationCount) \
                and \(testCount)
                """
            )
        }
        training = rest.map { pairs[$0] }
        validation = parts[0].sorted().map { pairs[$0] }
        test = parts[1].sorted().map { pairs[$0] }
    }

    /// The first occurrences of the pairs, by connected components.
    private static func groups(_ pairs: [TextPair]) -> [[Int]] {
        var components = DisjointSets()
        var sources = NameDictionary<Int>()
        var targets = NameDictionary<Int>()
        var kept: [(pair: Int, element: Int)] = []
        var seen = NameDictionary<Bool>()
        for (index, pair) in pairs.enumerated()
        where seen.insert(true, forName: pair.source + "\t" + pair.target) {
            let element = components.add()
            kept.append((index, element))
            if let other = sources[pair.source] {
                components.join(element, other)
            } else {
                sources.insert(element, forName: pair.source)
            }
            if let other = targets[pair.target] {
                components.join(element, other)
            } else {
                targets.insert(element, forName: pair.target)
            }
        }
        var positions: [Int: Int] = [:]
        var groups: [[Int]] = []
        for (pair, element) in kept {
            let root = components.root(of: element)
            if let position = positions[root] {
                groups[position].append(pair)
            } else {
                positions[root] = groups.count
                groups.append([pair])
            }
        }
        return groups
    }

    /// Writes `train`, `valid` and `test` files, one text a line, and `dataset.json`.
    ///
    /// - Parameter path: a folder that is empty or does not exist.
    /// - Throws: `FolderNotEmptyError`, or `FileError` when a file cannot be written.
    public func write(toFolder path: String) throws {
        try DatasetFolder(
            training: training, validation: validation, test: test,
            description: [
                "description": "pairs split by connected components of equal sentences",
                "seed": .string("\(seed)"),
            ]
        ).write(to: path)
    }
}

/// Sets that are joined two at a time.
private struct DisjointSets {
    private var parents: [Int] = []

    mutating func add() -> Int {
        parents.append(parents.count)
        return parents.count - 1
    }

    mutating func root(of element: Int) -> Int {
        var root = element
        while parents[root] != root { root = parents[root] }
        var next = element
        while parents[next] != root { (parents[next], next) = (root, parents[next]) }
        return root
    }

    mutating func join(_ a: Int, _ b: Int) {
        let (a, b) = (root(of: a), root(of: b))
        parents[max(a, b)] = min(a, b)
    }
}

extension TextPair {
    /// Reads pairs from a file of columns between tab stops.
    ///
    /// - Parameters:
    ///   - path: the file; `-` is standard input.
    ///   - sourceColumn: the source's column, from 1.
    ///   - targetColumn: the target's column, from 1.
    ///   - skippedLines: lines at the beginning that are no pairs, such as a header.
    /// - Throws: `CorpusError` that names the line with too few columns, and the errors of reading.
    public static func read(
        path: String, sourceColumn: Int, targetColumn: Int, skippingLines skippedLines: Int = 0
    ) throws -> [TextPair] {
        var lines = path == "-" ? TextLines.standardInput() : try TextLines(path: path)
        var pairs: [TextPair] = []
        while let line = try lines.next() {
            if lines.lineNumber <= skippedLines || line.isBlank { continue }
            let columns = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard sourceColumn >= 1, targetColumn >= 1,
                max(sourceColumn, targetColumn) <= columns.count
            else {
                throw CorpusError(
                    """
                    \(nameForMessage(lines.name)): line \(lines.lineNumber): has no column \
                    \(max(sourceColumn, targetColumn)) between tab stops, only \(columns.count)
                    """)
            }
            pairs.append(
                TextPair(
                    source: unquoted(columns[sourceColumn - 1]),
                    target: unquoted(columns[targetColumn - 1])))
        }
        return pairs
    }

    /// The text of a field that a table's writer put between quotes, doubling those inside.
    private static func unquoted(_ field: Substring) -> String {
        let bytes = field.utf8
        let quote = UInt8(ascii: "\"")
        guard bytes.count >= 2, bytes.first == quote, bytes.last == quote else {
            return String(field)
        }
        return String(
            decoding: Array(bytes.dropFirst().dropLast()).replacing([quote, quote], with: [quote]),
            as: UTF8.self)
    }
}
