import HeedPatterns
import HeedText
import Testing

@Suite("Split patterns that are scanned by hand")
struct SplitScannerTests {
    private static let alphabet: [Unicode.Scalar] = Array(
        "aAzZ sStTmMdDrRvVlLeE'\u{17F}019\u{B2}\u{2167} \t\n\r\u{A0}\u{3000}\u{85}/.,!?-_あ中\u{2B0}\u{1C5}\u{301}\u{903}\u{20DD}ßÄ\u{378}\u{1F600}\u{10FFFF}"
            .unicodeScalars)

    @Test("words are those that the pattern engine finds", arguments: 0..<knownSplitPatterns.count)
    func engine(index: Int) throws {
        let pattern = knownSplitPatterns[index]
        var generator = SeededGenerator(seed: UInt64(index) + 7)
        for round in 0..<4000 {
            var text = ""
            for _ in 0..<Int.random(in: 0...24, using: &generator) {
                let scalar = Self.alphabet[
                    Int.random(in: 0..<Self.alphabet.count, using: &generator)]
                let count = Int.random(in: 0..<8, using: &generator) == 0 ? 4 : 1
                for _ in 0..<count { text.unicodeScalars.append(scalar) }
            }
            let bytes = text.bytes
            let words = try splitWords(bytes, pattern: pattern, scanning: true)
            let expected = try splitWords(bytes, pattern: pattern, scanning: false)
            #expect(words == expected, "round \(round): \(text.debugDescription)")
        }
    }

    @Test("long runs of one character take no longer than their length")
    func linear() throws {
        for pattern in knownSplitPatterns {
            for text in ["x", "^", "0", "'s", " ", "\n", "\u{301}", "あ", "A", " \n", "aA"] {
                let bytes = String(repeating: text, count: 200_000).bytes
                let words = try splitWords(bytes, pattern: pattern, scanning: true)
                #expect(words.last?.upperBound == bytes.count)
            }
        }
    }

    @Test("a pattern that never ends is given up")
    func catastrophe() throws {
        #expect(throws: PatternError.self) {
            try matches(of: "(x+x+)+y", in: String(repeating: "x", count: 5000).bytes)
        }
        #expect(throws: PatternError.self) { try SearchPattern("(") }
        #expect(throws: PatternError.self) {
            try SearchPattern(String(repeating: "(", count: 100_000))
        }
        #expect(throws: PatternError.self) {
            try SearchPattern(String(repeating: "(", count: 16_000))
        }
    }

    @Test(
        "a pattern whose steps forward never end is given up, too",
        arguments: [
            "a(?=a*b)", "(a+)\\1b", "((((a{1,100}){1,100}){1,100}){1,100})b", "(?:a|a){11}c|a{11}",
        ])
    func forwardSteps(source: String) throws {
        let error = #expect(throws: PatternError.self) {
            try matches(of: source, in: String(repeating: "a", count: 200_000).bytes)
        }
        #expect(error?.problem == .tooManySteps)
    }

    private func matches(of source: String, in bytes: [UInt8]) throws -> [Range<Int>] {
        var matches: [Range<Int>] = []
        var budget = SearchBudget()
        try SearchPattern(source).appendMatches(
            in: bytes, bytes.indices, to: &matches, within: &budget)
        return matches
    }

    @Test("matches in a long text are those in its parts, wherever a search pauses")
    func pauses() throws {
        // Long enough for only sixteen starts at a time at first.
        let bytes = String(repeating: "aé日🙂 ", count: 200_000).bytes + "z".bytes
        let emojis = try matches(of: "z|(?<=日)🙂", in: bytes)
        #expect(emojis.count == 200_001 && emojis.last == bytes.count - 1..<bytes.count)
        #expect(emojis[199_999] == bytes.count - 6..<bytes.count - 2)
        #expect(try matches(of: "z|\\Ga", in: bytes) == [0..<1, bytes.count - 1..<bytes.count])
    }

    @Test("a match is found at any distance, also one that begins before the place that is tried")
    func distances() throws {
        let length = 2_000_000
        for distance in Array(0..<70) + [1000, 65_536, length - 4] {
            var bytes = [UInt8](repeating: 0x63, count: length)
            bytes.replaceSubrange(distance..<distance + 3, with: "aab".utf8)
            #expect(try matches(of: "(?<=aa)b", in: bytes) == [distance + 2..<distance + 3])
            #expect(try matches(of: "(?<=\\Kaa)b", in: bytes) == [distance..<distance + 3])
        }
    }

    @Test("matches that begin before their search are refused")
    func backwards() throws {
        for source in ["(?<=\\Ka)b|a", "(?<=\\Ka)"] {
            #expect(throws: PatternError.self) { try matches(of: source, in: "abab".bytes) }
        }
    }
}
