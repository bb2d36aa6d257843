import HeedFormats
import HeedText
import Testing

@Suite("Learning byte pairs")
struct BytePairTrainerTests {
    private func merges(_ tokenizer: Tokenizer) throws -> [[String]] {
        let json = try JSONParser().parse(tokenizer.serialized())
        return (json["model"]?["merges"]?.arrayValue ?? []).map {
            ($0.arrayValue ?? []).compactMap(\.stringValue)
        }
    }

    private struct Pair: Hashable {
        let left: String
        let right: String
    }

    /// The algorithm as the paper states it: all counts taken anew for each merge.
    private func slowMerges(_ lines: [String], limit: Int) -> [[String]] {
        var words: [[String]: Int] = [:]
        for word in lines.flatMap({ $0.split(separator: " ") }) {
            var symbols = word.unicodeScalars.map { String($0) }
            symbols[symbols.count - 1] += "</w>"
            words[symbols, default: 0] += 1
        }
        var merges: [[String]] = []
        while merges.count < limit {
            var counts: [Pair: Int] = [:]
            for (word, count) in words {
                for (left, right) in zip(word, word.dropFirst()) {
                    counts[Pair(left: left, right: right), default: 0] += count
                }
            }
            func key(_ entry: (key: Pair, value: Int)) -> (Int, [UInt32], [UInt32]) {
                let (left, right) = (entry.key.left, entry.key.right)
                return (
                    entry.value, left.unicodeScalars.map(\.value), right.unicodeScalars.map(\.value)
                )
            }
            let best = counts.max { a, b in
                let (x, y) = (key(a), key(b))
                if x.0 != y.0 { return x.0 < y.0 }
                if x.1 != y.1 { return x.1.lexicographicallyPrecedes(y.1) }
                return x.2.lexicographicallyPrecedes(y.2)
            }
            guard let best, best.value >= 2 else { break }
            merges.append([best.key.left, best.key.right])
            var merged: [[String]: Int] = [:]
            for (word, count) in words {
                var result: [String] = []
                for symbol in word {
                    // A pair that was just made is no left part of another one.
                    if result.last == best.key.left, symbol == best.key.right {
                        result[result.count - 1] += symbol + "\u{0}"
                    } else {
                        result.append(symbol)
                    }
                }
                merged[result.map { $0.filter { $0 != "\u{0}" } }, default: 0] += count
            }
            words = merged
        }
        return merges
    }

    @Test(
        "merges equal those of the plain algorithm, ties included",
        arguments: [1, 2, 3] as [UInt64])
    func plainAlgorithm(seed: UInt64) throws {
        let letters = ["a", "b", "c", "é", "z"]
        var generator = SeededGenerator(seed: seed)
        let lines = (0..<60).map { _ in
            (0..<5).map { _ in
                (0..<Int.random(in: 1...8, using: &generator))
                    .map { _ in letters[Int.random(in: 0..<5, using: &generator)] }.joined()
            }.joined(separator: " ")
        }
        var trainer = BytePairTrainer(style: .pretokenized, mergeCount: 120)
        trainer.add(lines)
        let learned = try merges(trainer.train())
        #expect(learned.count > 50)
        #expect(learned == slowMerges(lines, limit: 120), "seed \(seed)")
    }

    @Test(
        "the order of lines changes nothing",
        arguments: [BytePairTrainer.Style.rawText, .pretokenized])
    func order(style: BytePairTrainer.Style) throws {
        var forward = BytePairTrainer(style: style, mergeCount: 80)
        forward.add(sampleLines())
        var backward = BytePairTrainer(style: style, mergeCount: 80)
        backward.add(sampleLines().reversed())
        #expect(try forward.train().serialized() == backward.train().serialized())
    }

    @Test("ids begin with special tokens and bytes, then characters, then merges")
    func layout() throws {
        var trainer = BytePairTrainer(style: .rawText, mergeCount: 1)
        trainer.add(["b b", "ab b", "x"])
        let tokenizer = try trainer.train()
        #expect(tokenizer.piece(of: 0) == "</s>" && tokenizer.piece(of: 2) == "<pad>")
        #expect(tokenizer.piece(of: 3) == "<0x00>" && tokenizer.piece(of: 258) == "<0xFF>")
        // x and a occur once and are left to their bytes.
        #expect(tokenizer.piece(of: 259) == "b" && tokenizer.piece(of: 260) == "\u{2581}")
        #expect(tokenizer.piece(of: 261) == "\u{2581}b")
        #expect(tokenizer.vocabularySize == 262)
        #expect(try tokenizer.encode("b x").pieces == ["\u{2581}b", "\u{2581}", "<0x78>", "</s>"])
    }

    @Test("digits and punctuation are never merged in raw text")
    func isolation() throws {
        var trainer = BytePairTrainer(style: .rawText, mergeCount: 500)
        trainer.add(Array(repeating: "2016 don't (x), ab12cd", count: 20))
        let tokenizer = try trainer.train()
        for id in 259..<Int32(tokenizer.vocabularySize) {
            let piece = try #require(tokenizer.piece(of: id))
            #expect(
                piece.unicodeScalars.count == 1
                    || !piece.contains { $0.isNumber || $0.isPunctuation || $0 == "(" },
                "\(piece)")
        }
    }

    @Test("pretokenized pieces are shown as subword-nmt shows them")
    func display() throws {
        var trainer = BytePairTrainer(style: .pretokenized, mergeCount: 3)
        trainer.add(Array(repeating: "the then", count: 5))
        let tokenizer = try trainer.train()
        let ids = try tokenizer.encodeIDs("the  then hen x", addingSpecialTokens: false)
        #expect(
            try tokenizer.displayPieces(of: ids) == [
                "the", "the@@", "n", "h@@", "e@@", "n", "<unk>",
            ])
        #expect(try tokenizer.decode(tokenizer.encodeIDs("the then")) == "the then")
        #expect(throws: TokenizerError.self) { try tokenizer.displayPieces(of: [-1]) }
    }

    @Test("a merge never makes the text of a special token")
    func forbiddenMerges() throws {
        var trainer = BytePairTrainer(style: .pretokenized, mergeCount: 500)
        trainer.add(Array(repeating: "</s>x <unk>y <pad>", count: 50))
        let tokenizer = try trainer.train()
        let ids = try tokenizer.encodeIDs("</s>x <unk>y <pad>", addingSpecialTokens: false)
        #expect(ids.allSatisfy { $0 > 2 })
    }

    @Test("nothing to learn from and bad settings are errors")
    func errors() throws {
        var trainer = BytePairTrainer(style: .rawText, mergeCount: 5)
        trainer.add("")
        #expect(throws: TokenizerError.nothingToLearnFrom) { try trainer.train() }
        var negative = BytePairTrainer(style: .rawText, mergeCount: -1)
        negative.add("a")
        #expect(throws: TokenizerError.badSetting(name: "mergeCount", value: -1)) {
            try negative.train()
        }
    }
}
