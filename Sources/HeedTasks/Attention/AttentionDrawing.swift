/// A picture of cross attention for a terminal: the source's words along the top, the target's down the side, and the
/// darker a field, the more the words of its row attend to the word of its column.
public struct AttentionDrawing: Sendable {
    /// The source's words, the end mark last.
    public let sourceWords: [String]
    /// The target's words, the end mark last where the model ended it by itself.
    public let targetWords: [String]
    /// [target words][source words]: the mean over a target word's pieces of the sums over a source word's pieces.
    public let weights: [[Float]]

    private static let shades: [Character] = [" ", "░", "▒", "▓", "█"]

    /// A drawing of the last layer's mean over heads; nil where no cross attention was recorded.
    public init?(_ map: AttentionMap) {
        let matrix = map.meanCross
        guard !matrix.isEmpty, let part = map.part(.cross) else { return nil }
        let sources = Self.words(of: part.columns)
        let targets = Self.words(of: part.rows)
        sourceWords = sources.map(\.text)
        targetWords = targets.map(\.text)
        weights = targets.map { target in
            sources.map { source in
                let sum = target.pieces.reduce(Float(0)) { sum, row in
                    source.pieces.reduce(sum) { $0 + matrix[row][$1] }
                }
                return sum / Float(target.pieces.count)
            }
        }
    }

    /// The lines of the picture.
    public var lines: [String] {
        let margin = (targetWords.map(\.count).max() ?? 0) + 2
        let space = String(repeating: " ", count: margin)
        var lines = [space + sourceWords.joined(separator: " ")]
        for (word, row) in zip(targetWords, weights) {
            var line = word + String(repeating: " ", count: margin - word.count)
            line += zip(sourceWords, row).map { source, weight in
                String(repeating: Self.shade(weight), count: source.count)
            }.joined(separator: " ")
            while line.last == " " { line.removeLast() }
            lines.append(line)
        }
        return lines
    }

    private static func shade(_ weight: Float) -> Character {
        let steps: [Float] = [0.08, 0.25, 0.5, 0.75]
        return shades[steps.count { weight >= $0 }]
    }

    /// Pieces put together to words: a piece begins one after a space, after a whole word, or with punctuation.
    private static func words(of pieces: [String]) -> [(text: String, pieces: [Int])] {
        let hasSpaceMarks = pieces.contains { $0.hasPrefix("▁") }
        var words: [(bytes: [UInt8], pieces: [Int])] = []
        var endsWord = true
        for (index, piece) in pieces.enumerated() {
            var text = piece
            let isContinued = !hasSpaceMarks && piece.hasSuffix("@@")
            if isContinued { text.removeLast(2) }
            var begins = hasSpaceMarks ? piece.hasPrefix("▁") : endsWord
            if hasSpaceMarks, let first = piece.first {
                begins = begins || first.isPunctuation || piece == "</s>"
            }
            endsWord = !isContinued
            if piece.hasPrefix("▁") { text.removeFirst() }
            if begins || words.isEmpty {
                words.append((bytes(of: text), [index]))
            } else {
                words[words.count - 1].bytes += bytes(of: text)
                words[words.count - 1].pieces.append(index)
            }
        }
        return words.map { word in
            let text = String(decoding: word.bytes, as: UTF8.self)
            return (text == "</s>" ? "∎" : text.isEmpty ? "▁" : text, word.pieces)
        }
    }

    /// The bytes that a piece stands for: `<0x48>` is one of them.
    private static func bytes(of piece: String) -> [UInt8] {
        if piece.hasPrefix("<0x"), piece.hasSuffix(">"), piece.count == 6,
            let byte = UInt8(piece.dropFirst(3).dropLast(), radix: 16)
        {
            return [byte]
        }
        return Array(piece.utf8)
    }
}
