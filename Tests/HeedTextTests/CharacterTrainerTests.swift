import HeedText
import Testing

@Suite("Tokenizers of characters")
struct CharacterTrainerTests {
    @Test("have a piece for each character, in order, and give texts back")
    func characters() throws {
        var trainer = CharacterTrainer()
        trainer.add("ba\nab é")
        trainer.add("c🙂")
        let tokenizer = try trainer.train()
        #expect(tokenizer.vocabularySize == 8)
        #expect(try tokenizer.encodeIDs("\n abcé🙂") == [1, 2, 3, 4, 5, 6, 7])
        for text in ["", "a", "abba cab\n\né  🙂", " a "] {
            let ids = try tokenizer.encodeIDs(text)
            #expect(try tokenizer.decode(ids) == text)
        }
        let again = try Tokenizer(parsing: tokenizer.serialized(), file: "tokenizer.json")
        let expected = try tokenizer.encodeIDs("cab 🙂")
        #expect(try again.encodeIDs("cab 🙂") == expected)
    }

    @Test("others are the unknown piece, and nothing cannot be learned from")
    func others() throws {
        var trainer = CharacterTrainer()
        trainer.add("ab")
        #expect(try trainer.train().encodeIDs("axb") == [1, 0, 2])
        #expect(throws: TokenizerError.nothingToLearnFrom) { try CharacterTrainer().train() }
    }
}
