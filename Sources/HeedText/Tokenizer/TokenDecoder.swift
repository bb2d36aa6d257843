import HeedFormats

/// A step that turns pieces back into text: the `decoder` of a tokenizer.json.
indirect enum TokenDecoder: Sendable, Equatable {
    /// Turns runs of pieces such as `<0xE2>` into the characters whose bytes they are; a run that
    /// is no UTF-8 becomes one U+FFFD for each byte.
    case byteFallback
    /// Joins all pieces.
    case fuse
    /// Replaces every occurrence of a text in each piece.
    case replace(pattern: String, content: String)
    /// Removes up to so many characters from the beginning and the end of each piece.
    case strip(content: Unicode.Scalar, start: Int, stop: Int)
    /// Turns the mark at the end of words into a space, and into nothing in the last piece.
    case wordEnd(suffix: String)
    /// Several steps in turn.
    case sequence([TokenDecoder])

    /// Applies the step to the pieces, each in UTF-8.
    func apply(to pieces: [[UInt8]]) -> [[UInt8]] {
        switch self {
        case .byteFallback: return Self.joiningBytes(pieces)
        case .fuse: return [Array(pieces.joined())]
        case .replace(let pattern, let content):
            return pieces.map { replacing(Array(pattern.utf8), with: Array(content.utf8), in: $0) }
        case .strip(let content, let start, let stop):
            let mark = Array(String(content).utf8)
            return pieces.map { Self.stripped($0, of: mark, start: start, stop: stop) }
        case .wordEnd(let suffix):
            let mark = Array(suffix.utf8)
            return pieces.enumerated().map { index, piece in
                replacing(mark, with: index == pieces.count - 1 ? [] : [0x20], in: piece)
            }
        case .sequence(let steps):
            return steps.reduce(pieces) { $1.apply(to: $0) }
        }
    }

    private static func joiningBytes(_ pieces: [[UInt8]]) -> [[UInt8]] {
        var result: [[UInt8]] = []
        var run: [UInt8] = []
        func flush() {
            guard !run.isEmpty else { return }
            if String(validating: run, as: UTF8.self) != nil {
                result.append(run)
            } else {
                result.append(contentsOf: repeatElement([0xEF, 0xBF, 0xBD], count: run.count))
            }
            run.removeAll(keepingCapacity: true)
        }
        for piece in pieces {
            if let byte = BytePieces.byte(of: piece) {
                run.append(byte)
            } else {
                flush()
                result.append(piece)
            }
        }
        flush()
        return result
    }

    private static func stripped(
        _ piece: [UInt8], of mark: [UInt8], start: Int, stop: Int
    ) -> [UInt8] {
        var rest = piece[...]
        for _ in 0..<start {
            guard rest.starts(with: mark) else { break }
            rest = rest.dropFirst(mark.count)
        }
        for _ in 0..<stop {
            guard rest.count >= mark.count, rest.suffix(mark.count).elementsEqual(mark) else {
                break
            }
            rest = rest.dropLast(mark.count)
        }
        return Array(rest)
    }
}

/// The text with every occurrence of a pattern replaced, from left to right.
private func replacing(_ pattern: [UInt8], with content: [UInt8], in text: [UInt8]) -> [UInt8] {
    guard let first = pattern.first, text.contains(first) else { return text }
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var position = 0
    while position < text.count {
        if text[position] == first, text[position...].starts(with: pattern) {
            result.append(contentsOf: content)
            position += pattern.count
        } else {
            result.append(text[position])
            position += 1
        }
    }
    return result
}

extension TokenDecoder: TokenizerComponent {
    init(json reader: JSONObjectReader) throws {
        switch try reader.string("type") {
        case "ByteFallback": self = .byteFallback
        case "Fuse": self = .fuse
        case "Replace":
            self = .replace(
                pattern: try replacedText(reader), content: try reader.string("content"))
        case "Strip":
            let content = try reader.string("content").unicodeScalars
            guard let scalar = content.first, content.count == 1 else {
                throw reader.error("content", "must be one character")
            }
            self = .strip(
                content: scalar, start: try reader.int("start", in: 0...1_000_000),
                stop: try reader.int("stop", in: 0...1_000_000))
        case "BPEDecoder":
            let suffix = try reader.string("suffix", default: "</w>")
            guard !suffix.isEmpty else { throw reader.error("suffix", "must not be empty") }
            try checkLength(suffix, "suffix", reader)
            self = .wordEnd(suffix: suffix)
        case "Sequence":
            self = .sequence(try steps(reader, "decoders").map(TokenDecoder.init(json:)))
        default:
            throw unsupported(
                reader, "decoder", "ByteFallback, Fuse, Replace, Strip, BPEDecoder, Sequence")
        }
    }

    var json: JSONValue {
        switch self {
        case .byteFallback: ["type": "ByteFallback"]
        case .fuse: ["type": "Fuse"]
        case .replace(let pattern, let content):
            [
                "type": "Replace", "pattern": ["String": .string(pattern)],
                "content": .string(content),
            ]
        case .strip(let content, let start, let stop):
            [
                "type": "Strip", "content": .string(String(content)), "start": .int(start),
                "stop": .int(stop),
            ]
        case .wordEnd(let suffix): ["type": "BPEDecoder", "suffix": .string(suffix)]
        case .sequence(let steps): ["type": "Sequence", "decoders": .array(steps.map(\.json))]
        }
    }
}

/// The pieces `<0x00>` … `<0xFF>` that stand for single bytes.
enum BytePieces {
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// The piece of a byte.
    static func piece(of byte: UInt8) -> String {
        let hex = [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        return "<0x" + String(decoding: hex, as: UTF8.self) + ">"
    }

    /// The byte of a piece, or `nil` for any other piece.
    static func byte(of piece: [UInt8]) -> UInt8? {
        guard piece.count == 6, piece.starts(with: "<0x".utf8), piece[5] == UInt8(ascii: ">") else {
            return nil
        }
        return UInt8(String(decoding: piece[3..<5], as: UTF8.self), radix: 16)
    }
}

extension TokenDecoder {
    /// A bound on how many times longer a text becomes.
    var growth: Double {
        switch self {
        case .replace(let pattern, let content):
            max(1, Double(content.utf8.count) / Double(pattern.utf8.count))
        case .byteFallback, .fuse, .strip, .wordEnd: 1
        case .sequence(let steps): steps.reduce(1) { $0 * $1.growth }
        }
    }
}
