import HeedText
import Testing

@Suite("Tokenizing long runs")
struct LinearTimeTests {
    private static let runs = [
        "x", "^", "0", "a", "'s", " ", "\n", "\u{301}", "\u{323}\u{301}", "th",
    ]

    @Test("the work for a run grows with its length", arguments: runs)
    func lookups(run: String) throws {
        var trainer = BytePairTrainer(style: .rawText, mergeCount: 200)
        for length in 1...64 { trainer.add(String(repeating: run, count: length)) }
        trainer.add(sampleLines())
        let tokenizer = try trainer.train()
        let short = try tokenizer.pairLookups(encoding: String(repeating: run, count: 10_000))
        let long = try tokenizer.pairLookups(encoding: String(repeating: run, count: 80_000))
        // A word that repeats is looked up once; one long word three times a merge at most.
        #expect(long <= 9 * short + 100, "\(short) look-ups, then \(long)")
        #expect(long <= 3 * 80_000 * run.utf8.count + 100)
    }

    @Test("a million equal characters come back", arguments: runs)
    func million(run: String) throws {
        let tokenizer = try sampleTokenizer(.rawText)
        let text = String(repeating: run, count: 1_000_000)
        let decoded = try tokenizer.decode(tokenizer.encodeIDs(text))
        // Form C puts the marks into the order of their classes.
        let expected =
            run == "\u{323}\u{301}"
            ? String(repeating: "\u{323}", count: 1_000_000)
                + String(repeating: "\u{301}", count: 1_000_000) : text
        #expect(decoded.bytes == expected.bytes)
    }

    @Test("long and short words are merged alike")
    func longWords() throws {
        var trainer = BytePairTrainer(style: .pretokenized, mergeCount: 60)
        var generator = SeededGenerator(seed: 2)
        func word(_ length: Int) -> String {
            String((0..<length).map { _ in Bool.random(using: &generator) ? "a" : "b" })
        }
        for _ in 0..<200 { trainer.add(word(Int.random(in: 2...20, using: &generator))) }
        let tokenizer = try trainer.train()
        for _ in 0..<200 {
            let text = word(Int.random(in: 1...60, using: &generator))
            #expect(
                try tokenizer.encode(text, addingSpecialTokens: false).pieces
                    == slow(tokenizer, text))
        }
    }

    /// Merges one pair at a time: the first learned, and of equals the leftmost.
    private func slow(_ tokenizer: Tokenizer, _ text: String) -> [String] {
        var symbols = text.map { String($0) }
        symbols[symbols.count - 1] += "</w>"
        while true {
            // Merge results are numbered in the order of the merges, where none makes a known piece.
            let candidates = symbols.indices.dropLast().compactMap { index in
                tokenizer.mergeRank(symbols[index], symbols[index + 1]).map {
                    (rank: $0, index: index)
                }
            }
            guard let best = candidates.min(by: { $0 < $1 }) else { return symbols }
            symbols[best.index] += symbols.remove(at: best.index + 1)
        }
    }
}
