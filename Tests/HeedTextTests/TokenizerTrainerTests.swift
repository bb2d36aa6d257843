import HeedFormats
import HeedText
import Testing

@Suite("Training of tokenizers")
struct TokenizerTrainerTests {
    private func trained(
        _ kind: TokenizerTrainer.Kind, _ size: Int, special: [String]? = nil
    ) throws -> Tokenizer {
        var trainer = TokenizerTrainer(kind, vocabularySize: size, specialTokens: special)
        trainer.add(sampleLines())
        return try trainer.train()
    }

    @Test(
        "the vocabulary is no larger than asked for, and read again the same",
        arguments: TokenizerTrainer.Kind.allCases)
    func sizes(kind: TokenizerTrainer.Kind) throws {
        let tokenizer = try trained(kind, 330)
        #expect(tokenizer.vocabularySize <= 330 && tokenizer.vocabularySize > 60)
        let again = try Tokenizer(parsing: tokenizer.serialized(), file: "t")
        for line in sampleLines(count: 50, seed: 9) {
            #expect(try again.encode(line) == tokenizer.encode(line))
        }
        #expect(try trained(kind, 330).serialized() == tokenizer.serialized())
    }

    @Test("byte pairs bring back every scalar")
    func roundTrip() throws {
        let tokenizer = try trained(.bytePairs, 300)
        var text = ""
        for value in UInt32(0)..<0x110000 {
            if let scalar = Unicode.Scalar(value) { text.unicodeScalars.append(scalar) }
        }
        #expect(try tokenizer.decode(tokenizer.encodeIDs(text)).bytes == text.bytes)
    }

    @Test("special tokens have the first ids and stand for themselves")
    func special() throws {
        let tokenizer = try trained(.bytePairs, 300, special: ["<a>", "<b>"])
        #expect(tokenizer.id(of: "<a>") == 0 && tokenizer.id(of: "<b>") == 1)
        #expect(try tokenizer.encodeIDs("<b><a>") == [1, 0])
    }

    @Test("frequent words become one piece", arguments: TokenizerTrainer.Kind.allCases)
    func words(kind: TokenizerTrainer.Kind) throws {
        let tokenizer = try trained(kind, 700)
        let ids = try tokenizer.encodeIDs(" running the", addingSpecialTokens: false)
        let pieces = try tokenizer.displayPieces(of: ids)
        #expect(pieces.count <= 4, "\(pieces)")
    }

    @Test("visible bytes are readable as the text, or the bytes, that they stand for")
    func readablePieces() throws {
        var trainer = TokenizerTrainer(.bytePairs, vocabularySize: 260)
        trainer.add(Array(repeating: " the the", count: 20))
        let tokenizer = try trainer.train()
        let ids = try tokenizer.encodeIDs("a the\n \u{301}ü<|endoftext|>")
        #expect(try tokenizer.displayPieces(of: ids)[1] == "Ġthe")
        #expect(
            try tokenizer.readablePieces(of: ids) == [
                "a", "▁the", "\n", "▁", "<0xCC>", "<0x81>", "<0xC3>", "<0xBC>", "<|endoftext|>",
            ])
        #expect(throws: TokenizerError.self) { try tokenizer.readablePieces(of: [300]) }
        let words = try trained(.wordPieces, 60)
        let pieces = try words.encodeIDs("a dog")
        #expect(try words.readablePieces(of: pieces) == words.displayPieces(of: pieces))
    }

    @Test("nothing to learn from, or no room, is an error")
    func errors() throws {
        #expect(throws: TokenizerError.self) {
            try TokenizerTrainer(.bytePairs, vocabularySize: 300).train()
        }
    }

    @Test(
        "a vocabulary below the least one is refused with that number, and the least one is learned",
        arguments: [
            (TokenizerTrainer.Kind.bytePairs, 257), (.wordPieces, 6), (.unigram, 261),
        ])
    func leastSizes(kind: TokenizerTrainer.Kind, least: Int) throws {
        #expect(TokenizerTrainer(kind, vocabularySize: 1).leastVocabularySize == least)
        #expect(try trained(kind, least).vocabularySize == least)
        for size in [-1, 0, 1, least - 1] {
            #expect(throws: TokenizerError.vocabularyTooSmall(size, least: least)) {
                try trained(kind, size)
            }
        }
    }
}
