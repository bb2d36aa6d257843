import HeedFormats

extension TokenDecoder: TokenizerComponent {
    init(json reader: JSONObjectReader) throws {
        switch try reader.string("type") {
        case "ByteFallback": self = .byteFallback
        case "Fuse": self = .fuse
        case "Replace":
            self = .replace(
                pattern: try TextPattern(json: reader), content: try reader.string("content"))
        case "ByteLevel": self = .byteLevel
        case "WordPiece":
            let prefix = try reader.string("prefix", default: "##")
            try checkLength(prefix, "prefix", reader)
            self = .wordPiece(prefix: prefix, cleansUp: try reader.bool("cleanup", default: true))
        case "Metaspace": self = .metaspace(try Metaspace(json: reader))
        case "CTC":
            let padding = try reader.string("pad_token", default: "<pad>")
            let delimiter = try reader.string("word_delimiter_token", default: "|")
            try checkLength(padding, "pad_token", reader)
            try checkLength(delimiter, "word_delimiter_token", reader)
            self = .ctc(
                padding: padding, delimiter: delimiter,
                cleansUp: try reader.bool("cleanup", default: true))
        case "Strip":
            self = .strip(
                content: try scalar(reader, "content"),
                start: try reader.int("start", in: 0...1_000_000),
                stop: try reader.int("stop", in: 0...1_000_000))
        case "BPEDecoder":
            let suffix = try reader.string("suffix", default: "</w>")
            guard !suffix.isEmpty else { throw reader.error("suffix", "must not be empty") }
            try checkLength(suffix, "suffix", reader)
            self = .wordEnd(suffix: suffix)
        case SentencePieceDecoder.type:
            self = .sentencePiece(try SentencePieceDecoder(json: reader))
        case "Sequence":
            self = .sequence(try steps(reader, "decoders").map(TokenDecoder.init(json:)))
        default:
            throw unsupported(
                reader, "decoder",
                """
                BPEDecoder, ByteFallback, ByteLevel, CTC, Fuse, Metaspace, Replace, Sequence, Strip, \
                WordPiece
                """)
        }
    }

    var json: JSONValue {
        switch self {
        case .byteFallback: ["type": "ByteFallback"]
        case .fuse: ["type": "Fuse"]
        case .replace(let pattern, let content):
            ["type": "Replace", "pattern": pattern.json, "content": .string(content)]
        case .byteLevel:
            [
                "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true,
                "use_regex": true,
            ]
        case .wordPiece(let prefix, let cleansUp):
            ["type": "WordPiece", "prefix": .string(prefix), "cleanup": .bool(cleansUp)]
        case .metaspace(let rule): rule.json
        case .ctc(let padding, let delimiter, let cleansUp):
            [
                "type": "CTC", "pad_token": .string(padding),
                "word_delimiter_token": .string(delimiter), "cleanup": .bool(cleansUp),
            ]
        case .strip(let content, let start, let stop):
            [
                "type": "Strip", "content": .string(String(content)), "start": .int(start),
                "stop": .int(stop),
            ]
        case .wordEnd(let suffix): ["type": "BPEDecoder", "suffix": .string(suffix)]
        case .sentencePiece(let decoder): decoder.json
        case .sequence(let steps): ["type": "Sequence", "decoders": .array(steps.map(\.json))]
        }
    }
}

extension TokenDecoder {
    /// A bound on how many times longer a text becomes.
    var growth: Double {
        switch self {
        case .replace(let pattern, let content):
            max(1, 1 + Double(content.utf8.count) / Double(pattern.minimumBytes))
        case .wordPiece, .metaspace, .ctc: 2
        case .byteFallback, .fuse, .strip, .wordEnd, .byteLevel: 1
        case .sentencePiece(let decoder): decoder.growth
        case .sequence(let steps): steps.reduce(1) { $0 * $1.growth }
        }
    }
}
