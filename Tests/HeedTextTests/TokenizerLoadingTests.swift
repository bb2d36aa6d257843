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
}
