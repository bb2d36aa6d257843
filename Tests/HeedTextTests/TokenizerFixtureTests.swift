import HeedFormats
import HeedText
import Testing

@Suite("Files of the tokenizers library")
struct TokenizerFixtureTests {
    @Test("ids, pieces, offsets and decoded texts are those of the library", arguments: 0..<4)
    func equality(index: Int) throws {
        let fixtures = try #require(try fixture("tokenizers.json").arrayValue)
        let json = try #require(fixtures[index]["tokenizer"])
        var tokenizer = try Tokenizer(parsing: JSONWriter().bytes(json), file: "tokenizers.json")
        tokenizer.parsesSpecialTokens = false
        let cases = try #require(fixtures[index]["cases"]?.arrayValue)
        #expect(cases.count > 50)
        for value in cases {
            let reader = try JSONObjectReader(value, file: "tokenizers.json")
            let text = try reader.string("text")
            let encoding = try tokenizer.encode(text)
            let ids = try reader.ints("ids")
            #expect(encoding.ids.map(Int.init) == ids, "\(text.debugDescription)")
            #expect(encoding.pieces == (try reader.strings("tokens")))
            let offsets = encoding.scalarOffsets(in: text).flatMap {
                [$0.lowerBound, $0.upperBound]
            }
            #expect(offsets == (try reader.ints("offsets")), "\(text.debugDescription)")
            #expect(encoding.specialMask == encoding.ids.indices.map { $0 == ids.count - 1 })
            #expect(try tokenizer.encodeIDs(text) == encoding.ids)
            let decoded = try tokenizer.decode(encoding.ids)
            #expect(decoded.bytes == (try reader.string("decoded").bytes))
            let all = try tokenizer.decode(encoding.ids, skippingSpecialTokens: false)
            #expect(all.bytes == (try reader.string("decoded_all").bytes))
            if index == 0 { #expect(decoded.bytes == (try reader.string("nfc").bytes)) }
        }
    }

    @Test("a file is written as it was read", arguments: 0..<4)
    func writing(index: Int) throws {
        let fixtures = try #require(try fixture("tokenizers.json").arrayValue)
        let json = try #require(fixtures[index]["tokenizer"])
        let tokenizer = try Tokenizer(parsing: JSONWriter().bytes(json), file: "tokenizers.json")
        #expect(try JSONParser().parse(tokenizer.serialized()) == json)
    }

    @Test("roles of special tokens are told from the file")
    func roles() throws {
        let fixtures = try #require(try fixture("tokenizers.json").arrayValue)
        let json = try #require(fixtures[0]["tokenizer"])
        let tokenizer = try Tokenizer(parsing: JSONWriter().bytes(json), file: "tokenizers.json")
        #expect(tokenizer.specialTokens.endOfSequence == 0)
        #expect(tokenizer.specialTokens.unknown == 1)
        #expect(tokenizer.specialTokens.padding == 2)
        #expect(tokenizer.isSpecial(2) && !tokenizer.isSpecial(3))
        #expect(tokenizer.piece(of: 3) == "<0x00>" && tokenizer.id(of: "<0x00>") == 3)
        #expect(tokenizer.piece(of: 1_000_000) == nil && tokenizer.piece(of: -1) == nil)
    }
}
