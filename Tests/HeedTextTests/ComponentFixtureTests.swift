import HeedFormats
import HeedText
import Testing

@Suite("Parts of a tokenizer.json, as the tokenizers library has them")
struct ComponentFixtureTests {
    private func entries() throws -> [JSONObjectReader] {
        let fixtures = try #require(try fixture("tokenizer_components.json").arrayValue)
        #expect(fixtures.count > 90)
        return try fixtures.map { try JSONObjectReader($0, file: "tokenizer_components.json") }
    }

    private func tokenizer(_ entry: JSONObjectReader) throws -> Tokenizer {
        try Tokenizer(
            parsing: JSONWriter().bytes(entry.value("tokenizer")), file: entry.string("name"))
    }

    @Test("ids, offsets, segments, masks and decoded texts are the library's, for every part")
    func encoding() throws {
        for entry in try entries() {
            let name = try entry.string("name")
            let tokenizer = try tokenizer(entry)
            for found in try entry.objects("cases") {
                let text = try found.string("text")
                let encoding = try tokenizer.encode(
                    text, pair: found.optionalString("pair"), keepingOverflow: true)
                let place = "\(name): \(text.debugDescription)"
                #expect(encoding.ids.map(Int.init) == (try found.ints("ids")), "\(place)")
                let offsets = encoding.scalarOffsets.flatMap { [$0.lowerBound, $0.upperBound] }
                #expect(offsets == (try found.ints("offsets")), "\(place)")
                #expect(encoding.typeIDs.map(Int.init) == (try found.ints("type_ids")), "\(place)")
                let special = encoding.specialMask.map { $0 ? 1 : 0 }
                #expect(special == (try found.ints("special")), "\(place)")
                // The library takes special tokens for a part of the text where ByteLevel comes behind them.
                if !name.hasPrefix("processors, ") {
                    let sequences = encoding.sequences.map(Int.init)
                    #expect(sequences == (try found.ints("sequences")), "\(place)")
                }
                let attention = encoding.attentionMask.map { $0 ? 1 : 0 }
                #expect(attention == (try found.ints("attention")), "\(place)")
                let decoded = encoding.ids.isEmpty ? "" : try tokenizer.decode(encoding.ids)
                #expect(decoded.bytes == (try found.string("decoded").bytes), "\(place)")
                let everything =
                    encoding.ids.isEmpty
                    ? "" : try tokenizer.decode(encoding.ids, skippingSpecialTokens: false)
                #expect(everything.bytes == (try found.string("everything").bytes), "\(place)")
                try check(encoding.overflow, found.objects("overflow"), place)
                if try found.optionalString("pair") == nil {
                    #expect(try tokenizer.encodeIDs(text) == encoding.ids, "\(place)")
                }
            }
        }
    }

    private func check(
        _ overflow: [Encoding], _ expected: [JSONObjectReader], _ place: String
    ) throws {
        #expect(overflow.count == expected.count, "\(place)")
        for (found, expected) in zip(overflow, expected) {
            #expect(found.ids.map(Int.init) == (try expected.ints("ids")), "\(place)")
            #expect(found.typeIDs.map(Int.init) == (try expected.ints("type_ids")), "\(place)")
            let offsets = found.scalarOffsets.flatMap { [$0.lowerBound, $0.upperBound] }
            #expect(offsets == (try expected.ints("offsets")), "\(place)")
            let special = found.specialMask.map { $0 ? 1 : 0 }
            #expect(special == (try expected.ints("special")), "\(place)")
            #expect(
                found.sequences.map(Int.init) == (try expected.ints("sequences")), "\(place)")
        }
    }

    @Test("a tokenizer that is written and read again is the same")
    func writing() throws {
        for entry in try entries() {
            let tokenizer = try tokenizer(entry)
            let bytes = tokenizer.serialized()
            let again = try Tokenizer(parsing: bytes, file: "again")
            let name = try entry.string("name")
            #expect(again.serialized() == bytes, "\(name)")
            for found in try entry.objects("cases") {
                let text = try found.string("text")
                #expect(try again.encode(text) == tokenizer.encode(text))
            }
        }
    }

    @Test("a stream of ids gives the text that decoding gives, and never a part of a character")
    func streaming() throws {
        let text = "Ünï 日本 👨‍👩‍👧 it's\n  e\u{301}"
        var tried = 0
        for entry in try entries() {
            let name = try entry.string("name")
            guard name.hasPrefix("bytes") else { continue }
            // The vocabulary lacks bytes of the text.
            let isCut = name.hasPrefix("bytes missing")
            let tokenizer = try tokenizer(entry)
            let ids = try tokenizer.encodeIDs(text)
            let whole = try tokenizer.decode(ids)
            #expect(whole.unicodeScalars.contains("\u{FFFD}") == isCut, "\(name)")
            var stream = DecodingStream(tokenizer)
            var joined = ""
            for id in ids {
                if let part = try stream.add(id) {
                    #expect(isCut || !part.unicodeScalars.contains("\u{FFFD}"))
                    joined += part
                }
            }
            joined += try stream.finish() ?? ""
            #expect(joined.bytes == whole.bytes)
            tried += 1
        }
        #expect(tried > 3)
    }

    @Test("a stream does not wait long for bytes that are no text")
    func streamOfInvalidBytes() throws {
        for name in ["bytes True True", "unigram True"] {
            let entry = try #require(try entries().first { try $0.string("name") == name })
            let tokenizer = try tokenizer(entry)
            let bytes = [UInt8](repeating: 0x80, count: 1000) + [0xE6, 0x97, 0xA5]
            let ids = try bytes.map { byte in
                // GPT-2's alphabet has other characters for 7F to A0.
                let visible = Unicode.Scalar(UInt32(byte) + (byte < 0xA1 ? 0xA2 : 0))
                let name = "<0x" + String(byte, radix: 16, uppercase: true) + ">"
                return try #require(
                    tokenizer.id(of: name) ?? visible.flatMap { tokenizer.id(of: String($0)) })
            }
            var stream = DecodingStream(tokenizer)
            var joined = ""
            var (wait, longestWait) = (0, 0)
            for id in ids {
                let part = try stream.add(id)
                wait = part == nil ? wait + 1 : 0
                longestWait = max(longestWait, wait)
                joined += part ?? ""
            }
            joined += try stream.finish() ?? ""
            #expect(longestWait < 20, "\(name)")
            #expect(joined.bytes == (try tokenizer.decode(ids).bytes), "\(name)")
        }
    }

    @Test("many texts on several threads are encoded as they are one by one")
    func threads() throws {
        let entry = try #require(try entries().first { try $0.string("name") == "bytes True True" })
        let tokenizer = try tokenizer(entry)
        let texts = sampleLines(count: 3000)
        let alone = try texts.map { try tokenizer.encodeIDs($0) }
        for threads in [1, 2, 3, 8] {
            #expect(try tokenizer.encodeIDs(texts, threads: threads) == alone)
            #expect(try tokenizer.encode(texts, threads: threads).map(\.ids) == alone)
        }
    }
}
