/// chrF, the F-score of character n-grams (Popović, 2015), with the choices and numbers of sacreBLEU.
///
/// With `wordOrder` 2 it is chrF++ (Popović, 2017). Precision and recall are averaged over the orders
/// that occur on both sides of the corpus; of several references the one with the best score counts.
public struct CHRF: Sendable, Equatable {
    /// The longest character n-gram.
    public var characterOrder: Int
    /// The longest word n-gram; 0 for plain chrF.
    public var wordOrder: Int
    /// How many times more recall counts than precision.
    public var beta: Int
    /// Whether both sides are put into lower case first.
    public var isLowercased: Bool
    /// Whether white space counts among the characters.
    public var includesWhitespace: Bool

    /// Makes a metric; the defaults are those of sacreBLEU (chrF2).
    ///
    /// - Precondition: the orders are not negative and not both zero; `beta` is positive.
    public init(
        characterOrder: Int = 6,
        wordOrder: Int = 0,
        beta: Int = 2,
        isLowercased: Bool = false,
        includesWhitespace: Bool = false
    ) {
        precondition(characterOrder >= 0 && wordOrder >= 0 && characterOrder + wordOrder > 0)
        precondition(beta > 0)
        self.characterOrder = characterOrder
        self.wordOrder = wordOrder
        self.beta = beta
        self.isLowercased = isLowercased
        self.includesWhitespace = includesWhitespace
    }

    /// Scores a corpus.
    ///
    /// - Parameters:
    ///   - hypotheses: one sentence a line.
    ///   - references: one list for each reference translation, each as long as `hypotheses`.
    /// - Throws: `MetricError` if there is nothing to score or the lists differ in length.
    public func score(hypotheses: [String], references: [[String]]) throws -> CHRFScore {
        try MetricError.check(hypotheses: hypotheses.count, references: references.map(\.count))
        var sums = [OrderCounts](repeating: OrderCounts(), count: characterOrder + wordOrder)
        for (index, hypothesis) in hypotheses.enumerated() {
            let counts = sentence(hypothesis, against: references.map { $0[index] })
            for (order, count) in counts.enumerated() { sums[order].add(count) }
        }
        return CHRFScore(
            value: value(of: sums), name: "chrF\(beta)" + String(repeating: "+", count: wordOrder),
            signature: signature(referenceCount: references.count))
    }

    /// Scores one sentence against its references.
    ///
    /// - Throws: `MetricError` if there is no reference.
    public func score(sentence: String, references: [String]) throws -> CHRFScore {
        try score(hypotheses: [sentence], references: references.map { [$0] })
    }

    /// The parameters in sacreBLEU's form, with Heed's metric version at the end.
    public func signature(referenceCount: Int) -> String {
        [
            "nrefs:\(referenceCount)", "case:\(isLowercased ? "lc" : "mixed")", "eff:yes",
            "nc:\(characterOrder)", "nw:\(wordOrder)", "space:\(includesWhitespace ? "yes" : "no")",
            "version:\(metricVersion)",
        ].joined(separator: "|")
    }

    /// N-grams of one order: in the hypothesis, in the reference, in both.
    private struct OrderCounts {
        var hypothesis = 0
        var reference = 0
        var matches = 0

        mutating func add(_ other: OrderCounts) {
            hypothesis += other.hypothesis
            reference += other.reference
            matches += other.matches
        }
    }

    private func sentence(_ hypothesis: String, against references: [String]) -> [OrderCounts] {
        var extractor = Extractor(metric: self)
        let guessed = extractor.counts(of: hypothesis)
        var best: [OrderCounts] = []
        var bestValue = -1.0
        for reference in references {
            let counts = zip(guessed, extractor.counts(of: reference)).map(Self.compare)
            let value = value(of: counts)
            if value > bestValue { (best, bestValue) = (counts, value) }
        }
        return best
    }

    private static func compare(_ guess: [UInt32: Int], _ truth: [UInt32: Int]) -> OrderCounts {
        var counts = OrderCounts()
        for (gram, count) in guess {
            counts.hypothesis += count
            counts.matches += min(count, truth[gram] ?? 0)
        }
        // Without a reference n-gram of this order the hypothesis has nothing to miss.
        if truth.isEmpty { counts.hypothesis = 0 }
        counts.reference = truth.values.reduce(0, +)
        return counts
    }

    private func value(of counts: [OrderCounts]) -> Double {
        let factor = Double(beta * beta)
        let used = counts.filter { $0.hypothesis > 0 && $0.reference > 0 }
        guard !used.isEmpty else { return 0 }
        var precision = 0.0
        var recall = 0.0
        for count in used {
            precision += Double(count.matches) / Double(count.hypothesis)
            recall += Double(count.matches) / Double(count.reference)
        }
        precision /= Double(used.count)
        recall /= Double(used.count)
        guard precision + recall > 0 else { return 0 }
        return 100 * ((1 + factor) * precision * recall / (factor * precision + recall))
    }

    /// Counts n-grams so that equal ones of several sentences get equal numbers.
    private struct Extractor {
        let metric: CHRF
        private var characters: NGramCounter
        private var words: NGramCounter
        private var interner = Interner<ArraySlice<Unicode.Scalar>>()

        init(metric: CHRF) {
            self.metric = metric
            characters = NGramCounter(order: metric.characterOrder)
            words = NGramCounter(order: metric.wordOrder)
        }

        mutating func counts(of text: String) -> [[UInt32: Int]] {
            var scalars = Array(text.unicodeScalars)
            if metric.isLowercased { scalars = MetricText.lowercased(scalars) }
            var units = scalars
            if !metric.includesWhitespace { units.removeAll(where: MetricText.isSpace) }
            var tables = characters.counts(of: units.map(\.value))
            if metric.wordOrder > 0 {
                let pieces = MetricText.words(scalars).flatMap(Self.separatingPunctuation)
                tables += words.counts(of: pieces.map { interner.number(of: $0) })
            }
            return tables
        }

        /// A word without the ASCII mark at its end, or else at its beginning, and that mark.
        private static func separatingPunctuation(
            _ word: ArraySlice<Unicode.Scalar>
        ) -> [ArraySlice<Unicode.Scalar>] {
            guard word.count > 1, let first = word.first, let last = word.last else {
                return [word]
            }
            if isPunctuation(last) { return [word.dropLast(), word.suffix(1)] }
            if isPunctuation(first) { return [word.prefix(1), word.dropFirst()] }
            return [word]
        }

        private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar {
            case "!"..."/", ":"..."@", "["..."`", "{"..."~": true
            default: false
            }
        }
    }
}

/// A chrF score.
public struct CHRFScore: Sendable, Equatable, CustomStringConvertible {
    /// The score, from 0 to 100.
    public let value: Double
    /// The variant: `chrF2`, and a `+` for each word order.
    public let name: String
    /// The parameters of the metric, in sacreBLEU's form.
    public let signature: String

    /// Everything on one line, in sacreBLEU's form.
    public var description: String {
        "\(name)|\(signature) = \(MetricText.fixed(value, decimals: 2))"
    }
}
