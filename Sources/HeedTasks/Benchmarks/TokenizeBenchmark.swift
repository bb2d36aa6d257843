public import HeedFormats
public import HeedTensor
import HeedText

/// Encoding of a text, line by line or as a whole.
public struct TokenizeBenchmark: Benchmark {
    /// The workload's name.
    public static let name = "tokenize"

    /// The file or folder of the tokenizer; nil means that of the model that comes with Heed.
    public var file: String?
    /// The text file; nil means lines of made-up words.
    public var input: String?
    /// Lines of made-up words.
    public var lines = 20_000
    /// Whether the text is one, line breaks included, and not one for each line.
    public var isWhole = false
    /// Whether offsets are computed, too, and not ids alone.
    public var hasOffsets = false
    /// Nothing is multiplied here.
    public var precision: Precision { .float32 }

    /// The usual sizes.
    public init() {}

    /// The sizes, by the names of their options.
    public var sizes: JSONObject {
        var sizes = JSONObject()
        sizes.insert(file.map(JSONValue.string) ?? .null, forName: "file")
        if let input {
            sizes.insert(.string(input), forName: "input")
        } else {
            sizes.insert(.int(lines), forName: "lines")
        }
        sizes.insert(.bool(isWhole), forName: "whole")
        sizes.insert(.bool(hasOffsets), forName: "offsets")
        return sizes
    }

    /// Loads the tokenizer and the text.
    public func prepare() throws -> PreparedBenchmark {
        let path = try file ?? DefaultModel.folder()
        let clock = ContinuousClock()
        let start = clock.now
        let tokenizer = try Tokenizer(path: path)
        let loading = (clock.now - start).seconds
        let texts = try texts()
        let bytes = texts.reduce(0) { $0 + $1.utf8.count }
        guard bytes > 0 else {
            throw CorpusError(
                "\(input.map { nameForMessage($0) } ?? "the text"): has nothing to encode")
        }
        let tokens = try tokenizer.encodeIDs(texts).reduce(0) { $0 + $1.count }
        let threads = ThreadPool.threadCount
        var prepared = PreparedBenchmark(
            items: "bytes", itemCount: bytes, operations: 0
        ) { [hasOffsets] _ in
            if hasOffsets {
                _ = try tokenizer.encode(texts, threads: threads)
            } else {
                _ = try tokenizer.encodeIDs(texts, threads: threads)
            }
        }
        prepared.figures = {
            [("load_s", loading), ("bytes_per_token", Double(bytes) / Double(max(tokens, 1)))]
        }
        return prepared
    }

    /// The text, whole or its lines.
    private func texts() throws -> [String] {
        guard let input else {
            let text = Self.madeUpText(lines)
            return isWhole ? [text] : text.split(separator: "\n").map(String.init)
        }
        return try isWhole ? [TextFile.string(path: input)] : TextFile.lines(path: input)
    }

    /// Lines of a dozen words of few letters each, some of which are far more frequent than others.
    private static func madeUpText(_ lines: Int) -> String {
        var numbers = CountingGenerator(seed: 1)
        let letters = Array("etaoinshrdlucmfwypvbgk")
        let words = (0..<8000).map { number in
            String((0..<2 + number % 8).map { _ in letters[numbers.below(letters.count)] })
        }
        return (0..<lines).map { _ in
            (0..<12).map { _ in words[numbers.below(1 + numbers.below(words.count))] }
                .joined(separator: " ") + ".\n"
        }.joined()
    }
}
