#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// BLEU up to 4-grams (Papineni et al., 2002) with the choices and numbers of sacreBLEU (Post, 2018).
///
/// Counts are summed over the corpus, clipped by the largest count in any reference; the reference
/// length nearest to the hypothesis counts, the shorter of two equally near; an order without a match
/// gets half of the smallest credit, halved again for each further one (smoothing `exp`).
public struct BLEU: Sendable, Equatable {
    /// How sentences are cut into words.
    public enum Tokenization: String, Sendable, CaseIterable {
        /// The rules of `mteval-v13a`, for text as people write it.
        case mteval13a = "13a"
        /// White space alone, for text that is tokenized already.
        case none
    }

    /// The longest n-gram that is counted.
    public static let order = 4

    /// How sentences are cut into words.
    public var tokenization: Tokenization
    /// Whether both sides are put into lower case first.
    public var isLowercased: Bool
    /// Whether orders longer than the hypothesis are left out of the mean: meant for single sentences.
    public var usesEffectiveOrder: Bool

    /// Makes a metric; the defaults are those of sacreBLEU for a corpus.
    public init(
        tokenization: Tokenization = .mteval13a,
        isLowercased: Bool = false,
        usesEffectiveOrder: Bool = false
    ) {
        self.tokenization = tokenization
        self.isLowercased = isLowercased
        self.usesEffectiveOrder = usesEffectiveOrder
    }

    /// Scores a corpus.
    ///
    /// - Parameters:
    ///   - hypotheses: one sentence a line.
    ///   - references: one list for each reference translation, each as long as `hypotheses`.
    /// - Throws: `MetricError` if there is nothing to score or the lists differ in length.
    public func score(hypotheses: [String], references: [[String]]) throws -> BLEUScore {
        try MetricError.check(hypotheses: hypotheses.count, references: references.map(\.count))
        var statistics = BLEUStatistics()
        for (index, hypothesis) in hypotheses.enumerated() {
            statistics.add(sentence(hypothesis, against: references.map { $0[index] }))
        }
        return score(of: statistics, referenceCount: references.count)
    }

    /// Scores one sentence against its references.
    ///
    /// - Throws: `MetricError` if there is no reference.
    public func score(sentence: String, references: [String]) throws -> BLEUScore {
        try score(hypotheses: [sentence], references: references.map { [$0] })
    }

    /// The parameters in sacreBLEU's form, with Heed's metric version at the end.
    public func signature(referenceCount: Int) -> String {
        [
            "nrefs:\(referenceCount)", "case:\(isLowercased ? "lc" : "mixed")",
            "eff:\(usesEffectiveOrder ? "yes" : "no")", "tok:\(tokenization.rawValue)",
            "smooth:exp",
            "version:\(metricVersion)",
        ].joined(separator: "|")
    }

    private func words(_ text: String) -> [ArraySlice<Unicode.Scalar>] {
        var scalars = Array(text.unicodeScalars)
        if isLowercased { scalars = MetricText.lowercased(scalars) }
        scalars = MetricText.trimmedEnd(scalars)
        if tokenization == .mteval13a { scalars = MTEvalTokenizer.tokenized(scalars) }
        return MetricText.words(scalars)
    }

    private func sentence(_ hypothesis: String, against references: [String]) -> BLEUStatistics {
        var interner = Interner<ArraySlice<Unicode.Scalar>>()
        var counter = NGramCounter(order: Self.order)
        let guess = words(hypothesis).map { interner.number(of: $0) }
        let guessed = counter.counts(of: guess)
        var allowed = [[UInt32: Int]](repeating: [:], count: Self.order)
        var nearest: Int?
        for reference in references {
            let units = words(reference).map { interner.number(of: $0) }
            for (order, table) in counter.counts(of: units).enumerated() {
                allowed[order].merge(table, uniquingKeysWith: max)
            }
            let candidate = (abs(units.count - guess.count), units.count)
            if let best = nearest, (abs(best - guess.count), best) <= candidate { continue }
            nearest = units.count
        }
        var statistics = BLEUStatistics()
        statistics.hypothesisLength = guess.count
        statistics.referenceLength = nearest ?? 0
        for (order, table) in guessed.enumerated() {
            statistics.totals[order] = max(0, guess.count - order)
            statistics.matches[order] = table.reduce(0) { sum, entry in
                sum + min(entry.value, allowed[order][entry.key] ?? 0)
            }
        }
        return statistics
    }

    private func score(of statistics: BLEUStatistics, referenceCount: Int) -> BLEUScore {
        let lengths = (Double(statistics.hypothesisLength), Double(statistics.referenceLength))
        var penalty = 1.0
        if lengths.0 < lengths.1 { penalty = lengths.0 > 0 ? exp(1 - lengths.1 / lengths.0) : 0 }
        var precisions = [Double](repeating: 0, count: Self.order)
        var value = 0.0
        if statistics.matches.contains(where: { $0 > 0 }) {
            var smoothing = 1.0
            var usedOrders = Self.order
            for order in 0..<Self.order {
                let (match, total) = (statistics.matches[order], statistics.totals[order])
                if total == 0 { break }
                if usesEffectiveOrder { usedOrders = order + 1 }
                if match == 0 { smoothing *= 2 }
                precisions[order] =
                    match == 0
                    ? 100 / (smoothing * Double(total)) : 100 * Double(match) / Double(total)
            }
            // An order without any n-gram has no precision; its logarithm is a very small number.
            let logarithms = precisions[..<usedOrders].map { $0 == 0 ? -9_999_999_999 : log($0) }
            value = penalty * exp(logarithms.reduce(0, +) / Double(usedOrders))
        }
        return BLEUScore(
            value: value, precisions: precisions, brevityPenalty: penalty,
            matches: statistics.matches,
            totals: statistics.totals, hypothesisLength: statistics.hypothesisLength,
            referenceLength: statistics.referenceLength,
            signature: signature(referenceCount: referenceCount))
    }
}

/// A BLEU score with the counts behind it.
public struct BLEUScore: Sendable, Equatable, CustomStringConvertible {
    /// The score, from 0 to 100.
    public let value: Double
    /// The precisions of orders 1 to 4, in percent, smoothed.
    public let precisions: [Double]
    /// The factor for hypotheses shorter than their references.
    public let brevityPenalty: Double
    /// How many n-grams of orders 1 to 4 occur in a reference.
    public let matches: [Int]
    /// How many n-grams of orders 1 to 4 the hypotheses have.
    public let totals: [Int]
    /// Words in the hypotheses.
    public let hypothesisLength: Int
    /// Words in the nearest references.
    public let referenceLength: Int
    /// The parameters of the metric, in sacreBLEU's form.
    public let signature: String

    /// Everything on one line, in sacreBLEU's form.
    public var description: String {
        let parts = precisions.map { MetricText.fixed($0, decimals: 1) }.joined(separator: "/")
        let ratio =
            referenceLength == 0 ? 0 : Double(hypothesisLength) / Double(referenceLength)
        return "BLEU|\(signature) = \(MetricText.fixed(value, decimals: 2)) \(parts) "
            + "(BP = \(MetricText.fixed(brevityPenalty, decimals: 3)) "
            + "ratio = \(MetricText.fixed(ratio, decimals: 3)) "
            + "hyp_len = \(hypothesisLength) ref_len = \(referenceLength))"
    }
}

/// What a corpus score needs to know of its sentences: sums over them.
struct BLEUStatistics {
    var hypothesisLength = 0
    var referenceLength = 0
    var matches = [Int](repeating: 0, count: BLEU.order)
    var totals = [Int](repeating: 0, count: BLEU.order)

    mutating func add(_ other: BLEUStatistics) {
        hypothesisLength += other.hypothesisLength
        referenceLength += other.referenceLength
        for order in 0..<BLEU.order {
            matches[order] += other.matches[order]
            totals[order] += other.totals[order]
        }
    }
}
