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
        let pattern = try SearchPattern("(x+x+)+y")
        var matches: [Range<Int>] = []
        let bytes = String(repeating: "x", count: 5000).bytes
        #expect(throws: PatternError.self) {
            try pattern.appendMatches(in: bytes, bytes.indices, to: &matches)
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
        let pattern = try SearchPattern(source)
        var matches: [Range<Int>] = []
        let bytes = String(repeating: "a", count: 200_000).bytes
        let error = #expect(throws: PatternError.self) {
            try pattern.appendMatches(in: bytes, bytes.indices, to: &matches)
        }
        #expect(error?.problem == .tooManySteps)
    }

    @Test("matches in a long text are those in its parts, wherever a search pauses")
    func pauses() throws {
        // Long enough for some hundred starts at a time.
        let bytes = String(repeating: "aé日🙂 ", count: 200_000).bytes + "z".bytes
        var matches: [Range<Int>] = []
        try SearchPattern("z|(?<=日)🙂").appendMatches(in: bytes, bytes.indices, to: &matches)
        #expect(matches.count == 200_001 && matches.last == bytes.count - 1..<bytes.count)
        #expect(matches[199_999] == bytes.count - 6..<bytes.count - 2)
        matches = []
        try SearchPattern("z|\\Ga").appendMatches(in: bytes, bytes.indices, to: &matches)
        #expect(matches == [0..<1, bytes.count - 1..<bytes.count])
    }

    @Test("matches that begin before their search are refused")
    func backwards() throws {
        for source in ["(?<=\\Ka)b|a", "(?<=\\Ka)"] {
            let pattern = try SearchPattern(source)
            var matches: [Range<Int>] = []
            let bytes = "abab".bytes
            #expect(throws: PatternError.self) {
                try pattern.appendMatches(in: bytes, bytes.indices, to: &matches)
            }
        }
    }
}
