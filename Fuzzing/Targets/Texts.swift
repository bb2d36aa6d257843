import HeedFormats
import HeedTasks
import HeedText

extension FuzzTarget {
    /// Texts, and what cuts them into pieces.
    static let texts = [
        FuzzTarget(name: "tokenizer", seeds: tokenizerSeeds, body: readTokenizer),
        FuzzTarget(name: "vocabulary", seeds: vocabularySeeds, body: readVocabulary),
        FuzzTarget(name: "text", seeds: textSeeds, body: readText),
        FuzzTarget(name: "lines", seeds: lineSeeds, body: readLines),
    ]

    private static let sample = "A dog runs; ein Hund läuft: 12 🦙 ﬁ e\u{301} \u{2581} <0x41>  ☃"

    // MARK: tokenizer.json

    private static func tokenizer(_ style: BytePairTrainer.Style, merges: Int) throws -> Tokenizer {
        var trainer = BytePairTrainer(style: style, mergeCount: merges)
        trainer.add([sample, "a dog and a dog and 1 Hund"])
        return try trainer.train()
    }

    /// Short ones, since most of a file that Heed writes is a list of 256 bytes.
    private static func tokenizerSeeds() throws -> [[UInt8]] {
        let model =
            #""type":"BPE","vocab":{"a":0,"b":1,"ab":2,"▁":3,"</s>":4,"?":5},"merges":["a b"]"#
        return try [
            tokenizer(.pretokenized, merges: 3).serialized(),
            tokenizer(.rawText, merges: 1).serialized(),
            "{\"model\":{\(model)}}".bytes,
            """
            {"added_tokens":[{"id":4,"content":"</s>","special":true}],"normalizer":{"type":"Sequence",
            "normalizers":[{"type":"NFC"},{"type":"Prepend","prepend":"▁"},{"type":"Replace",
            "pattern":{"String":" "},"content":"▁"}]},"pre_tokenizer":{"type":"Sequence","pretokenizers":[
            {"type":"Metaspace","replacement":"▁","prepend_scheme":"never"},{"type":"Punctuation"},
            {"type":"Digits","individual_digits":true}]},"post_processor":{"type":"TemplateProcessing",
            "single":[{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}}],
            "pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":0}}],
            "special_tokens":{"</s>":{"id":"</s>","ids":[4],"tokens":["</s>"]}}},
            "decoder":{"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Fuse"},
            {"type":"Strip","content":" ","start":1,"stop":1}]},
            "model":{\(model),"unk_token":"?","fuse_unk":true,"byte_fallback":false}}
            """.bytes,
            """
            {"added_tokens":[{"id":4,"content":"</s>","lstrip":true,"rstrip":true,"single_word":true,"normalized":true,
            "special":false}],"normalizer":{"type":"Sequence","normalizers":[{"type":"BertNormalizer"},{"type":"NFKC"},
            {"type":"Replace","pattern":{"Regex":"a+|\\\\s"},"content":"b"},{"type":"Nmt"},{"type":"Strip","strip_left":true,
            "strip_right":true}]},"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":
            "\\\\p{L}+"},"behavior":"MergedWithNext","invert":true},{"type":"UnicodeScripts"},{"type":"FixedLength"},
            {"type":"Metaspace","replacement":"▁","prepend_scheme":"first"},{"type":"ByteLevel"}]},"post_processor":
            {"type":"RobertaProcessing","cls":["a",0],"sep":["b",1]},"truncation":{"max_length":9,"strategy":"LongestFirst"},
            "padding":{"strategy":{"Fixed":8}},"decoder":{"type":"Sequence","decoders":[{"type":"WordPiece"},{"type":"CTC"},
            {"type":"ByteLevel"}]},"model":{\(model),"ignore_merges":true,"continuing_subword_prefix":"#"}}
            """.bytes,
            """
            {"normalizer":{"type":"Lowercase"},"pre_tokenizer":{"type":"BertPreTokenizer"},"model":{"type":"WordPiece",
            "vocab":{"[UNK]":0,"a":1,"##d":2}}}
            """.bytes,
            """
            {"pre_tokenizer":{"type":"Metaspace","replacement":"▁"},"model":{"type":"Unigram","unk_id":0,"byte_fallback":true,
            "vocab":[["?",0],["▁",-1],["a",-2.5],["do",-3]]}}
            """.bytes,
        ]
    }

    private static func readTokenizer(_ bytes: [UInt8]) throws {
        let tokenizer = try Tokenizer(parsing: bytes, file: "tokenizer.json")
        try use(tokenizer, sample)
        let again = require("a tokenizer that was written is refused") {
            try Tokenizer(parsing: tokenizer.serialized(), file: "again")
        }
        require(
            try again.encodeIDs(sample) == tokenizer.encodeIDs(sample),
            "a tokenizer that was written gives other ids")
    }

    // MARK: Other forms

    private static func vocabularySeeds() -> [[UInt8]] {
        // Two pieces of sentencepiece's, an unknown one, and the type of the model.
        let piece: ([UInt8], [UInt8]) -> [UInt8] = { text, rest in
            let body = [0x0A, UInt8(text.count)] + text + [0x15, 0, 0, 0x80, 0xBF] + rest
            return [0x0A, UInt8(body.count)] + body
        }
        let pieces =
            piece("<unk>".bytes, [0x18, 2]) + piece("a".bytes, []) + piece("\u{2581}".bytes, [])
        return [
            pieces, pieces + [0x12, 0x02, 0x18, 2], pieces + [0x12, 0x03, 0xC0, 0x02, 1],
            "[UNK]\n[CLS]\n[SEP]\na\n##b\n".bytes, "YQ== 0\nYg== 1\nYWI= 2\n".bytes,
            "#version: 0.2\na b\nab c</w>\n".bytes,
        ]
    }

    private static func readVocabulary(_ bytes: [UInt8]) throws {
        let tokenizer = try Tokenizer(contents: bytes, file: "vocabulary")
        do {
            try use(tokenizer, sample)
        } catch is TokenizerError {
            // There may be no piece for what is unknown.
        }
    }

    private static func use(_ tokenizer: Tokenizer, _ text: String) throws {
        let encoding = try tokenizer.encode(text)
        require(try encoding.ids == tokenizer.encodeIDs(text), "two ways give two lists of ids")
        for range in encoding.byteOffsets {
            require(
                0 <= range.lowerBound && range.upperBound <= text.utf8.count, "an offset outside")
        }
        for id in encoding.ids {
            require(id >= 0 && Int(id) < tokenizer.vocabularySize, "an id outside the vocabulary")
        }
        _ = require("ids of a text") { try tokenizer.decode(encoding.ids) }
        _ = require("pieces of a text") { try tokenizer.displayPieces(of: encoding.ids) }
    }

    // MARK: Texts

    private static let rawText = require("a tokenizer") { try tokenizer(.rawText, merges: 20) }
    private static let pretokenized = require("a tokenizer") {
        try tokenizer(.pretokenized, merges: 20)
    }

    private static func textSeeds() -> [[UInt8]] {
        let texts = [sample, "a\u{315}\u{300}\u{5ae}\u{300}b 각 각", "\u{0}\r\n\t  .,;'s 3.14 </s>"]
        return (0..<8).flatMap { kind in
            texts.map { [UInt8(kind)] + $0.bytes }
        }
    }

    private static func readText(_ bytes: [UInt8]) throws {
        // The first byte says what the rest is for.
        let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
        let score: Double
        switch (bytes.first ?? 0) % 8 {
        case 0...2: return try use(rawText, text)
        case 3, 4: return try use(pretokenized, text)
        case 5: score = try CHRF().score(hypotheses: [text], references: [[sample]]).value
        case let kind:
            let metric = BLEU(tokenization: kind == 6 ? .mteval13a : .none)
            score = try metric.score(hypotheses: [text], references: [[sample]]).value
        }
        require((0...100.0001).contains(score), "a score of \(score)")
    }

    // MARK: Lines

    private static let lineFolder = ScratchFolder("lines")

    private static func lineSeeds() -> [[UInt8]] {
        ["a\nb\r\n\n", "\u{FEFF}é\n", "a\rb\u{2028}\u{85}c\u{0}\n"].map(\.bytes) + [
            [0x61, 0x0A, 0xFF]
        ]
    }

    private static func readLines(_ bytes: [UInt8]) throws {
        lineFolder.write(bytes, "lines")
        let path = lineFolder.path("lines")
        let lines = try TextFile.lines(path: path)
        let feeds = bytes.count { $0 == 0x0A }
        let isOpen = bytes.last.map { $0 != 0x0A } ?? false
        require(lines.count == feeds + (isOpen ? 1 : 0), "another number of lines")
        _ = try ParallelText(sourcePath: path, targetPath: path)
    }
}
