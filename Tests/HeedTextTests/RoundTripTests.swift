import Foundation
import HeedFormats
import HeedTestSupport
import HeedText
import Testing

@Suite("Raw text comes back")
struct RoundTripTests {
    private let special = Array(
        "\u{2581}\u{387}\u{B7}\u{37E} \u{A0}\t\n\r\0\u{85}\u{FEFF}\u{FFFD}\u{301}\u{323}\u{958}\u{1100}\u{1161}"
            .unicodeScalars)

    private func scalar(_ generator: inout SeededGenerator) -> Unicode.Scalar {
        while true {
            let limits: [UInt32] = [0x80, 0x300, 0x2E80, 0x11_0000]
            let limit = limits[Int.random(in: 0..<4, using: &generator)]
            if let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &generator)) {
                return scalar
            }
        }
    }

    private func text(_ generator: inout SeededGenerator) -> String {
        var text = String.UnicodeScalarView()
        let kind = Int.random(in: 0..<3, using: &generator)
        for _ in 0..<Int.random(in: 0..<24, using: &generator) {
            switch kind {
            case 0: text.append(scalar(&generator))
            case 1: text.append(special[Int.random(in: 0..<special.count, using: &generator)])
            default:
                let marks: [Unicode.Scalar] = ["a", "o", "E", "\u{1100}", " ", "\u{2581}"]
                let mark = Unicode.Scalar(UInt32.random(in: 0x300..<0x370, using: &generator))
                text.append(
                    Bool.random(using: &generator)
                        ? marks[Int.random(in: 0..<marks.count, using: &generator)] : mark ?? "x")
            }
        }
        return String(text)
    }

    @Test("100,000 generated texts come back in form C")
    func generated() throws {
        let tokenizer = try sampleTokenizer(.rawText)
        var generator = SeededGenerator(seed: 11)
        var failures: [String] = []
        for _ in 0..<100_000 {
            let original = text(&generator)
            let decoded = try tokenizer.decode(tokenizer.encodeIDs(original))
            // Equal as strings means canonically equal; form C is then what normalizing keeps.
            if decoded != original
                || decoded.unicodeScalars.contains(where: {
                    $0.properties.isFullCompositionExclusion
                })
            {
                failures.append(original.debugDescription)
            }
        }
        #expect(failures.isEmpty, "seed 11: \(failures.prefix(3))")
    }

    @Test("every scalar comes back in form C")
    func everyScalar() throws {
        let tokenizer = try sampleTokenizer(.rawText)
        var failures: [UInt32] = []
        for value in UInt32(0)..<0x11_0000 {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let text = String(scalar)
            let decoded = try tokenizer.decode(tokenizer.encodeIDs(text))
            if scalar.properties.isFullCompositionExclusion {
                if decoded != text || decoded.bytes == text.bytes { failures.append(value) }
            } else if decoded.bytes != text.bytes {
                failures.append(value)
            }
        }
        #expect(failures.isEmpty, "\(failures.prefix(10).map { String($0, radix: 16) })")
    }

    @Test(
        "decomposed text is composed, marks are ordered, composed text stays",
        arguments: [
            ("e\u{301}", "\u{E9}"), ("\u{E9}", "\u{E9}"), ("a\u{301}\u{323}", "\u{1EA1}\u{301}"),
            ("\u{212B}", "\u{C5}"), ("\u{958}", "\u{915}\u{93C}"),
            ("\u{1100}\u{1161}\u{11A8}", "\u{AC01}"),
            ("\u{344}", "\u{308}\u{301}"), ("\u{387}", "\u{B7}"), ("\u{301}a", "\u{301}a"),
            ("q\u{307}\u{323}", "q\u{323}\u{307}"), ("a\u{334}\u{301}", "\u{E1}\u{334}"),
            // Marks of Unicode 14: their order is put right on the way out.
            ("a\u{1AC1}\u{1AC3}", "a\u{1AC3}\u{1AC1}"), ("\u{11935}\u{11930}", "\u{11938}"),
        ])
    func vectors(text: String, expected: String) throws {
        let tokenizer = try sampleTokenizer(.rawText)
        #expect(try tokenizer.decode(tokenizer.encodeIDs(text)).bytes == expected.bytes)
    }

    @Test("special tokens in a text are text")
    func specialTokensInText() throws {
        for style in [BytePairTrainer.Style.rawText, .pretokenized] {
            let tokenizer = try sampleTokenizer(style)
            let ids = try tokenizer.encodeIDs("a </s> <pad> <0x41></s>", addingSpecialTokens: false)
            #expect(!ids.contains(0) && !ids.contains(2))
        }
        let tokenizer = try sampleTokenizer(.rawText)
        let text = "a </s><pad> <unk> <0x41>"
        #expect(try tokenizer.decode(tokenizer.encodeIDs(text)) == text)
    }

    @Test("offsets point into the original text")
    func offsets() throws {
        let tokenizer = try sampleTokenizer(.rawText)
        let text = "Hund über ☃"
        let encoding = try tokenizer.encode(text)
        let utf8 = Array(text.utf8)
        for (piece, range) in zip(encoding.pieces, encoding.byteOffsets) {
            guard piece.hasPrefix("\u{2581}"), piece.count > 1 else { continue }
            let part = String(decoding: utf8[range], as: UTF8.self)
            #expect(part.trimmingPrefix(" ") == piece.dropFirst())
        }
        #expect(encoding.byteOffsets.last == 0..<0)
        #expect(encoding.specialMask == encoding.ids.indices.map { $0 == encoding.count - 1 })
        let snow = encoding.scalarOffsets(in: text).dropLast().suffix(3)
        #expect(Array(snow) == [10..<11, 10..<11, 10..<11])
    }

    @Test("a folder is written and read again, roles included")
    func folder() throws {
        let tokenizer = try sampleTokenizer(.rawText)
        try withTemporaryFolder { folder in
            try tokenizer.write(to: folder, maximumLength: 77)
            let copy = try Tokenizer(folder: folder)
            #expect(copy.serialized() == tokenizer.serialized())
            #expect(copy.specialTokens == tokenizer.specialTokens)
            for line in sampleLines(count: 50, seed: 9) {
                #expect(try copy.encode(line) == tokenizer.encode(line))
            }
            let path = folder + "/tokenizer_config.json"
            let config = try JSONParser().parse(InputFile.bytes(path: path, limit: 1 << 20))
            #expect(config["model_max_length"]?.intValue == 77)
            #expect(config["tokenizer_class"]?.stringValue == "PreTrainedTokenizerFast")
            #expect(config["pad_token"]?.stringValue == "<pad>")
            #expect(config["clean_up_tokenization_spaces"]?.boolValue == false)
            #expect(config["split_special_tokens"]?.boolValue == true)
            // Tokens that no text has are none: some files name them without need.
            for name in ["\"<nowhere>\"", "\"\"", "{\"content\": \"<nowhere>\"}"] {
                try AtomicFile.write("{\"eos_token\": \(name), \"pad_token\": \(name)}", to: path)
                #expect(try Tokenizer(folder: folder).specialTokens == tokenizer.specialTokens)
            }
            try AtomicFile.write("{\"eos_token\": 5}", to: path)
            #expect(throws: JSONFieldError.self) { try Tokenizer(folder: folder) }
        }
    }

    @Test("many threads get the same ids as one")
    func threads() async throws {
        let tokenizer = try sampleTokenizer(.rawText)
        let lines = sampleLines(count: 300, seed: 21)
        let expected = try lines.map { try tokenizer.encode($0, addingSpecialTokens: true).ids }
        let results = try await withThrowingTaskGroup(of: [[Int32]].self) { group in
            for _ in 0..<8 { group.addTask { try lines.map { try tokenizer.encodeIDs($0) } } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.count == 8 && results.allSatisfy { $0 == expected })
        #expect(try tokenizer.encodeIDs(lines) == expected)
    }

    @Test("ids outside the vocabulary are refused")
    func unknownIDs() throws {
        let tokenizer = try sampleTokenizer(.rawText)
        let size = tokenizer.vocabularySize
        for id in [Int32(size), -1, .max, .min] {
            #expect(throws: TokenizerError.unknownID(id, vocabularySize: size)) {
                try tokenizer.decode([id])
            }
        }
    }

    @Test("bytes that are no UTF-8 decode to one replacement character each")
    func brokenBytes() throws {
        let tokenizer = try sampleTokenizer(.rawText)
        let ids = try ["\u{2581}", "<0xE2>", "<0x98>", "a"].map {
            try #require(tokenizer.id(of: $0))
        }
        #expect(try tokenizer.decode(ids) == "\u{FFFD}\u{FFFD}a")
    }

    @Test(
        "plain ASCII that sentencepiece's steps copy has the offsets of characters taken one by one"
    )
    func plainOffsets() throws {
        let letters = (0x21..<0x7F).map { JSONValue.string(String(UnicodeScalar(UInt8($0)))) }
        func encoding(_ text: String, _ userDefined: [JSONValue], _ flags: Int) throws -> Encoding {
            let file = try JSONParser().parse(sampleTokenizer(.rawText).serialized())
            var object = try #require(file.objectValue)
            object["normalizer"] = [
                "type": "HeedSentencePiece", "user_defined": .array(userDefined),
                "adds_space": .bool(flags & 1 > 0), "removes_extra_spaces": .bool(flags & 2 > 0),
                "puts_space_behind": .bool(flags & 4 > 0), "escapes_spaces": .bool(flags & 8 > 0),
            ]
            let bytes = JSONWriter().bytes(.object(object))
            return try Tokenizer(parsing: bytes, file: "tokenizer.json").encode(text)
        }
        for text in ["  plain words,  and é more ", "a", " ", "é", "ab\u{301}c 日x", "x  "] {
            for flags in 0..<16 {
                let copied = try encoding(text, [], flags)
                // Characters that a user defined are looked up, each by itself.
                #expect(try copied == encoding(text, letters, flags), "\(text) \(flags)")
                #expect(copied.byteOffsets.allSatisfy { $0.upperBound <= text.utf8.count })
            }
        }
    }
}
