import HeedFormats
import HeedText
import Testing

@Suite("Learning whole words")
struct WordTrainerTests {
    private func tokenizer(_ lines: [String], minimumCount: Int = 2) throws -> Tokenizer {
        var trainer = WordTrainer(minimumCount: minimumCount)
        trainer.add(lines)
        return try trainer.train()
    }

    @Test(
        "ids begin with special tokens; then come words by count, and by code point where that is equal"
    )
    func layout() throws {
        let tokenizer = try tokenizer(["b a ü b once", "é b  a\tü", "\u{10000} \u{10000} é"])
        let pieces = (0..<Int32(tokenizer.vocabularySize)).map { tokenizer.piece(of: $0) }
        #expect(pieces == ["</s>", "<unk>", "<pad>", "b", "a", "é", "ü", "\u{10000}"])
        #expect(tokenizer.specialTokens.endOfSequence == 0)
        #expect(tokenizer.specialTokens.unknown == 1)
        #expect(tokenizer.specialTokens.padding == 2)
    }

    @Test("rarer words are one unknown piece each, which decoding shows")
    func unknown() throws {
        let tokenizer = try tokenizer(["the dog", "the dog", "a cat"])
        let encoding = try tokenizer.encode("the cat, the  zebra dog")
        #expect(encoding.pieces == ["the", "<unk>", "the", "<unk>", "dog", "</s>"])
        #expect(encoding.byteOffsets == [0..<3, 4..<8, 9..<12, 14..<19, 20..<23, 0..<0])
        #expect(try tokenizer.encodeIDs("the cat, the  zebra dog") == encoding.ids)
        #expect(try tokenizer.decode(encoding.ids) == "the <unk> the <unk> dog")
        #expect(try tokenizer.displayPieces(of: encoding.ids) == encoding.pieces)
        #expect(try tokenizer.encodeIDs(String(repeating: "x", count: 1_000_000)) == [1, 0])
        #expect(try tokenizer.encodeIDs(" ") == [0] && tokenizer.encodeIDs("") == [0])
    }

    @Test("known words come back, and every word is known where one occurrence is enough")
    func roundTrip() throws {
        let lines = sampleLines()
        let tokenizer = try tokenizer(lines, minimumCount: 1)
        for line in lines { #expect(try tokenizer.decode(tokenizer.encodeIDs(line)) == line) }
    }

    @Test("special tokens in a text are unknown words")
    func specialTokensInText() throws {
        let line = "</s> <pad> a</s>b <unk> x"
        let tokenizer = try tokenizer([line, line])
        let ids = try tokenizer.encodeIDs(line, addingSpecialTokens: false)
        #expect(ids.filter { $0 <= 2 } == [1, 1, 1] && ids.count == 5)
        #expect(try tokenizer.decode(ids) == "<unk> <unk> a<unk>b <unk> x")
    }

    @Test("the order of lines changes nothing, and the file reads back as it was")
    func order() throws {
        let tokenizer = try tokenizer(sampleLines())
        let other = try self.tokenizer(sampleLines().reversed())
        #expect(tokenizer.serialized() == other.serialized())
        var copy = try Tokenizer(parsing: tokenizer.serialized(), file: "t.json")
        copy.parsesSpecialTokens = false
        #expect(copy.serialized() == tokenizer.serialized())
        #expect(copy.specialTokens == tokenizer.specialTokens)
        for line in sampleLines(count: 50, seed: 9) + ["</s> new <pad>"] {
            #expect(try copy.encode(line) == tokenizer.encode(line))
        }
        let json = try JSONParser().parse(tokenizer.serialized())
        #expect(json["model"]?["type"] == "WordLevel" && json["model"]?["unk_token"] == "<unk>")
    }

    @Test("nothing to learn from and bad settings are errors")
    func errors() throws {
        #expect(throws: TokenizerError.nothingToLearnFrom) { try tokenizer([" ", ""]) }
        #expect(throws: TokenizerError.badSetting(name: "minimumCount", value: -1)) {
            try tokenizer(["a"], minimumCount: -1)
        }
    }

    @Test(
        "broken files of words are named",
        arguments: [
            ("{\"a\": 0}", "\"<unk>\"", "model.unk_token"), ("{}", "null", "model.unk_token"),
            ("{\"?\": 0, \"a\": 0}", "\"?\"", "model.vocab.a"),
            ("{\"?\": 0}", "1", "model.unk_token"),
            ("[]", "\"?\"", "model.vocab"),
        ])
    func brokenFiles(vocabulary: String, unknown: String, field: String) {
        let text = """
            {"model": {"type": "WordLevel", "vocab": \(vocabulary), "unk_token": \(unknown)}}
            """
        let error = #expect(throws: JSONFieldError.self) {
            try Tokenizer(parsing: text.bytes, file: "t.json")
        }
        #expect(error?.field == field)
    }
}
