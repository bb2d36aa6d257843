import HeedFormats
import HeedTestSupport
import HeedText
import Testing

@Suite("Forms of tokenizers")
struct TokenizerLoadingTests {
    private func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        [number << 3 | 2, UInt8(bytes.count)] + bytes
    }

    private func piece(_ text: String, _ score: Float, _ kind: UInt8? = nil) -> [UInt8] {
        let bits = score.bitPattern
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: bits >> UInt32(8 * $0)) }
        return field(1, field(1, text.bytes) + [0x15] + bytes + (kind.map { [0x18, $0] } ?? []))
    }

    private func model(_ algorithm: UInt8) -> [UInt8] {
        piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("</s>", 0, 3) + piece("\u{2581}a", -1)
            + piece("b", -2) + piece("\u{2581}", -3) + piece("a", -4) + piece("ab", -1.5)
            + field(2, [0x18, algorithm])
    }

    @Test("a model of sentencepiece is read, of either kind", arguments: [UInt8(1), 2])
    func sentencePiece(algorithm: UInt8) throws {
        let tokenizer = try Tokenizer(contents: model(algorithm), file: "m.model")
        let encoding = try tokenizer.encode("  a b  zz</s>")
        #expect(encoding.pieces.prefix(3) == ["\u{2581}a", "\u{2581}", "b"])
        #expect(encoding.scalarOffsets.prefix(3) == [2..<3, 3..<4, 4..<5])
        #expect(tokenizer.specialTokens.endOfSequence == 2 && tokenizer.specialTokens.unknown == 0)
        // One piece for all that is unknown in a row.
        #expect(encoding.ids.suffix(1) == [0])
        let again = try Tokenizer(parsing: tokenizer.serialized(), file: "t")
        #expect(
            try again.encodeIDs("  a b  zz</s>", addingSpecialTokens: false).first
                == encoding.ids[0])
    }

    @Test("pieces of sentencepiece that are not used are merged on, and taken apart at the end")
    func unusedPieces() throws {
        let pieces =
            piece("<unk>", 0, 2) + piece("\u{2581}", -5) + piece("a", -4) + piece("b", -4)
            + piece("c", -4) + piece("ab", -1, 5) + piece("abc", -1.5) + piece("z", -3, 5)
        let pairs = try Tokenizer(contents: pieces + field(2, [0x18, 2]), file: "m.model")
        #expect(try pairs.encodeIDs("abc") == [1, 6])
        let encoding = try pairs.encode("abaz")
        #expect(encoding.ids == [1, 2, 3, 2, 0])
        #expect(encoding.scalarOffsets == [0..<0, 0..<1, 1..<2, 2..<3, 3..<4])
        let again = try Tokenizer(parsing: pairs.serialized(), file: "t")
        #expect(try again.encode("abaz") == encoding)
        let unigram = try Tokenizer(contents: pieces + field(2, [0x18, 1]), file: "m.model")
        #expect(try unigram.encodeIDs("abaz") == [1, 2, 3, 2, 0])
    }

    /// A model with bytes, a piece of the user and one of two spaces, whose unknown piece looks like ?!.
    private func modelWithBytes(addsSpace: Bool = true, removesSpaces: Bool = true) throws
        -> Tokenizer
    {
        let bytes = (0..<256).flatMap { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return piece("<0x\(byte < 16 ? "0" : "")\(digits)>", 0, 6)
        }
        let pieces =
            piece("<unk>", 0, 2) + piece("\u{2581}", -3) + piece("a", -4) + piece("b", -4)
            + piece("\u{2581}ab", 0, 4) + piece("\u{2581}\u{2581}", -2)
        // unk_surface, field 44, has a number of two bytes.
        let trainer = field(2, [0x18, 1, 0x98, 2, 1, 0xE2, 2, 2] + "?!".bytes)
        let normalizer = field(3, [0x18, addsSpace ? 1 : 0, 0x20, removesSpaces ? 1 : 0])
        return try Tokenizer(
            contents: pieces + bytes + trainer + normalizer, file: "m.model")
    }

    @Test("a piece that a user defined is taken where sentencepiece takes it")
    func userDefinedPieces() throws {
        #expect(try modelWithBytes().encodeIDs("ab a") == [4, 1, 2])
        // Each byte but the first is worth 0.1: 0.3 - 3 against the score of what holds both.
        for (score, ids) in [(Float(-2.75), [Int32(2), 3]), (-2.65, [4])] {
            let pieces =
                piece("<unk>", 0, 2) + piece("\u{2581}", -3) + piece("aaaa", 0, 4) + piece("X", -3)
                + piece("aaaaX", score)
            let tokenizer = try Tokenizer(
                contents: pieces + field(2, [0x18, 1]) + field(3, [0x18, 0]), file: "m.model")
            #expect(try tokenizer.encodeIDs("aaaaX") == ids, "\(score)")
        }
    }

    /// Pieces and their texts, as sentencepiece 0.2.3 decodes them: with all spaces at the beginning removed, with the first
    /// one, and with none.
    private static let decodings: [(ids: [Int32], all: String, first: String, kept: String)] = [
        ([1, 1, 2], "a", " a", "  a"), ([5, 2], " a", " a", "  a"),
        ([5, 5, 2, 1], "   a ", "   a ", "    a "),
        ([6 + 0xE2, 6 + 0x96, 6 + 0x81, 2], "\u{2581}a", "\u{2581}a", "\u{2581}a"),
        ([0, 1, 2], "?! a", "?! a", "?! a"),
        (
            [6 + 0xC3, 6 + 0xA9, 6 + 0xC3, 2, 6 + 0xFF, 6 + 0x41], "é\u{FFFD}a\u{FFFD}A",
            "é\u{FFFD}a\u{FFFD}A", "é\u{FFFD}a\u{FFFD}A"
        ),
        ([1, 6 + 0x41, 1, 2], "A a", "A a", " A a"),
    ]

    @Test("pieces of sentencepiece become the text that it makes of them")
    func sentencePieceDecoding() throws {
        let all = try modelWithBytes()
        let first = try modelWithBytes(removesSpaces: false)
        let kept = try modelWithBytes(addsSpace: false, removesSpaces: false)
        for entry in Self.decodings {
            #expect(try all.decode(entry.ids) == entry.all, "\(entry.ids)")
            #expect(try first.decode(entry.ids) == entry.first, "\(entry.ids)")
            #expect(try kept.decode(entry.ids) == entry.kept, "\(entry.ids)")
            let again = try Tokenizer(parsing: first.serialized(), file: "t")
            #expect(try again.decode(entry.ids) == entry.first, "\(entry.ids)")
        }
    }

    @Test("a stream loses no space, however many there are")
    func streamOfSpaces() throws {
        for tokenizer in [try modelWithBytes(), try modelWithBytes(removesSpaces: false)] {
            for ids in [
                [Int32](repeating: 1, count: 30) + [2, 1, 1, 5, 3],
                [2] + [Int32](repeating: 1, count: 30) + [4, 2],
                [2, 3, 2, 3] + [Int32](repeating: 5, count: 11) + [6 + 0xC3, 6 + 0xA9, 1, 4],
            ] {
                var stream = DecodingStream(tokenizer)
                var text = ""
                for id in ids { text += try stream.add(id) ?? "" }
                text += try stream.finish() ?? ""
                #expect(try text == tokenizer.decode(ids), "\(ids)")
            }
        }
    }

    @Test(
        "of equally probable unigrams those are taken that the library takes, whose scores are rounded twice"
    )
    func roundedScores() throws {
        #expect(try roundedTwice("-7.3962509978998074") == -7.396250997899808)
        #expect(try roundedTwice("-11.083721340869236") == -11.083721340869236)
        #expect(try roundedTwice("1e-5") == 1e-5 && roundedTwice("-0.5E+2") == -50)
        #expect(try roundedTwice("123456789012345678901234567890.5") == 1.2345678901234568e29)
        for zero in [
            "0.1e-9223372036854775808", "1e-99999999999999999999", "0.00e99999999999999999999",
            "0e9223372036854775807",
        ] { #expect(try roundedTwice(zero) == 0, "\(zero)") }
        let tokenizer = try Tokenizer(
            parsing: Array(
                """
                {"model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["0", -7.3962509978998074],
                ["000", -11.083721340869236], ["\u{2581}", -4.189133720731849]]}}
                """.utf8), file: "t")
        #expect(try tokenizer.encodeIDs("\u{2581}00000") == [3, 1, 1, 2])
    }

    private func roundedTwice(_ text: String) throws -> Double? {
        let value = try JSONParser().parse(text)
        guard case .number(let number) = value else { return nil }
        return number.twiceRoundedValue
    }

    @Test("every prefix of a model is refused or read, and never more")
    func prefixes() {
        let bytes = model(1)
        for count in 0..<bytes.count {
            _ = try? Tokenizer(contents: Array(bytes[..<count]), file: "m.model")
        }
    }

    @Test("ranks of tiktoken are read")
    func tiktoken() throws {
        var lines: [String] = []
        for byte in 0..<256 { lines.append("\(base64([UInt8(byte)])) \(byte)") }
        lines.append("\(base64("ab".bytes)) 256")
        lines.append("\(base64("abc".bytes)) 257")
        let tokenizer = try Tokenizer(
            contents: lines.joined(separator: "\n").bytes, file: "x.tiktoken")
        #expect(try tokenizer.encodeIDs("abc xab é") == [257, 32, 120, 256, 32, 0xC3, 0xA9])
        #expect(try tokenizer.decode([257, 0xC3, 0xA9]) == "abcé")
        #expect(throws: TokenizerFileError.self) {
            try Tokenizer(contents: "YQ== 0\nYg== 0\n".bytes, file: "x.tiktoken")
        }
    }

    private func base64(_ bytes: [UInt8]) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = Array(bytes[start..<min(start + 3, bytes.count)])
            let bits = (0..<3).reduce(0) { $0 << 8 | ($1 < part.count ? Int(part[$1]) : 0) }
            for index in 0..<4 {
                text.append(index <= part.count ? digits[bits >> (18 - 6 * index) & 63] : "=")
            }
        }
        return text
    }

    @Test("vocab.txt, and vocab.json with merges.txt, are found in a folder")
    func lists() throws {
        try withTemporaryFolder { folder in
            let list = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\nwor\n##ld\n"
            try AtomicFile.write(list.bytes, to: folder + "/vocab.txt")
            let bert = try Tokenizer(path: folder)
            #expect(try bert.encodeIDs("Hello World [MASK] x") == [2, 5, 6, 7, 4, 1, 3])
            let pair = try bert.encode("hello", pair: "world")
            #expect(pair.typeIDs == [0, 0, 0, 1, 1, 1] && pair.sequences == [-1, 0, -1, 1, 1, -1])
            #expect(try Tokenizer(path: folder + "/vocab.txt").encodeIDs("hello") == [2, 5, 3])
            try AtomicFile.write("{\"a\":0,\"b\":1,\"ab\":2}".bytes, to: folder + "/vocab.json")
            try AtomicFile.write("#version: 0.2\na b\n".bytes, to: folder + "/merges.txt")
            #expect(try Tokenizer(path: folder).encodeIDs("abab") == [2, 2])
            #expect(try Tokenizer(path: folder + "/merges.txt").encodeIDs("ab") == [2])
            try AtomicFile.write("#version: 0.2\na c\n".bytes, to: folder + "/merges.txt")
            #expect(throws: TokenizerFileError.self) { try Tokenizer(path: folder) }
        }
        #expect(throws: TokenizerFileError.self) {
            try withTemporaryFolder { _ = try Tokenizer(path: $0) }
        }
    }

    @Test("what is added to a text is as tokenizer_config.json says, or as Llama's models have it")
    func settings() throws {
        try withTemporaryFolder { folder in
            try AtomicFile.write(model(2), to: folder + "/tokenizer.model")
            let plain = try Tokenizer(path: folder)
            let ids = try plain.encodeIDs("ab")
            #expect(ids.first != 1 && !plain.parsesSpecialTokens)
            let llama = try Tokenizer(folder: folder, addsBeginning: true)
            #expect(try llama.encodeIDs("ab") == [1] + ids && llama.parsesSpecialTokens)
            #expect(try llama.encode("ab").ids == [1] + ids)
            #expect(try llama.encodeIDs("</s>").last == 2 && llama.decode([1] + ids) == "ab")
            let cases: [(String, [Int32], Bool)] = [
                ("{}", [1] + ids, true),
                ("{\"add_bos_token\": false, \"split_special_tokens\": true}", ids, false),
                ("{\"add_bos_token\": false, \"add_eos_token\": true}", ids + [2], true),
                ("{\"tokenizer_class\": \"LlamaTokenizer\"}", [1] + ids, true),
            ]
            for (text, expected, parses) in cases {
                try AtomicFile.write(text.bytes, to: folder + "/tokenizer_config.json")
                let tokenizer = try Tokenizer(folder: folder, addsBeginning: true)
                #expect(try tokenizer.encodeIDs("ab") == expected, "\(text)")
                #expect(tokenizer.parsesSpecialTokens == parses, "\(text)")
            }
            #expect(try Tokenizer(path: folder).encodeIDs("ab") == [1] + ids)
            let pair = try Tokenizer(path: folder).encode("ab", pair: "ab")
            #expect(pair.ids == [1] + ids + [1] + ids)
        }
    }

    @Test("the tokens that tokenizer_config.json names are special beside a vocab.json")
    func settingsOfLists() throws {
        try withTemporaryFolder { folder in
            let vocabulary = "{\"a\":0,\"b\":1,\"ab\":2,\"<s>\":3,\"</s>\":4}"
            try AtomicFile.write(vocabulary.bytes, to: folder + "/vocab.json")
            try AtomicFile.write("#version: 0.2\na b\n".bytes, to: folder + "/merges.txt")
            // Texts begin with no token if nobody says so: the form is not Llama's.
            let bare = try Tokenizer(folder: folder, addsBeginning: true)
            #expect(try bare.encodeIDs("ab") == [2])
            let names = "\"bos_token\": \"<s>\", \"eos_token\": \"</s>\""
            let path = folder + "/tokenizer_config.json"
            try AtomicFile.write("{\(names)}".bytes, to: path)
            let named = try Tokenizer(folder: folder)
            #expect(try named.encodeIDs("ab</s>") == [2, 4] && named.decode([3, 2, 4]) == "ab")
            #expect(named.specialTokens.endOfSequence == 4)
            try AtomicFile.write("{\(names), \"add_bos_token\": true}".bytes, to: path)
            #expect(try Tokenizer(folder: folder).encodeIDs("ab") == [3, 2])
        }
    }

    @Test("a text that is no tokenizer is called so")
    func noTokenizer() throws {
        for text in ["# Title\n\nSome words.\n\nSome words.\n", "one\none\n", "a b c"] {
            let error = #expect(throws: TokenizerFileError.self) {
                try Tokenizer(contents: text.bytes, file: "README.md")
            }
            #expect(error?.line == nil)
            #expect(error?.problem.contains("is no tokenizer") == true, "\(text)")
        }
        let twice = #expect(throws: TokenizerFileError.self) {
            try Tokenizer(contents: "[UNK]\na\na\n".bytes, file: "vocab.txt")
        }
        #expect(twice?.line == 3)
    }
}
