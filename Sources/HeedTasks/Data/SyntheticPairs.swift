/// A source text and the target text that belongs to it.
public struct TextPair: Hashable, Sendable {
    /// The text to translate.
    public var source: String
    /// Its one right translation.
    public var target: String

    /// A pair of these two texts.
    public init(source: String, target: String) {
        self.source = source
        self.target = target
    }
}

/// A small language that the program makes up itself, so that a first training needs no download.
///
/// Each source has exactly one right target, so that exact match is a fair measure.
public enum SyntheticTask: String, CaseIterable, Sendable {
    /// English dates of the years 1900 … 2099 in 15 forms, to ISO 8601.
    case dates
    /// 2 … 12 letters, to the same letters.
    case copy
    /// 2 … 12 letters, to the letters from last to first.
    case reverse
    /// Numbers below a million in English words, to digits.
    case numbers

    /// What the task's sources and targets are, in one sentence.
    public var summary: String {
        switch self {
        case .dates: "English dates of the years 1900 to 2099, to ISO 8601"
        case .copy: "2 to 12 letters, to the same letters"
        case .reverse: "2 to 12 letters, to the same letters from last to first"
        case .numbers: "English numbers below a million, to digits"
        }
    }

    /// The most pairs that one data set may hold: at most half of a language's sentences, so that
    /// drawing them without repetition stays fast.
    public var maximumCount: Int { 500_000 }

    func pair(_ random: inout CountingGenerator) -> TextPair {
        switch self {
        case .dates: return Self.date(&random)
        case .numbers: return Self.number(&random)
        case .copy:
            let letters = Self.letters(&random)
            return TextPair(source: letters, target: letters)
        case .reverse:
            let letters = Self.letters(&random)
            return TextPair(source: letters, target: String(letters.reversed()))
        }
    }

    private static func date(_ random: inout CountingGenerator) -> TextPair {
        let date = CalendarDate(daysSince1900: random.below(CalendarDate.numberOfDays))
        let form = random.below(DatePhrases.forms.count)
        return TextPair(source: DatePhrases.phrase(date, form: form), target: date.iso)
    }

    /// One to six digits with equal chances, so that short numbers are learned too.
    private static func number(_ random: inout CountingGenerator) -> TextPair {
        let limits = [0, 10, 100, 1000, 10_000, 100_000, 1_000_000]
        let digits = 1 + random.below(6)
        let low = limits[digits - 1]
        let number = low + random.below(limits[digits] - low)
        return TextPair(source: EnglishNumbers.cardinal(number), target: "\(number)")
    }

    private static func letters(_ random: inout CountingGenerator) -> String {
        let alphabet = "abcdefghijklmnopqrstuvwxyz".map(String.init)
        let count = 2 + random.below(11)
        return (0..<count).map { _ in random.element(of: alphabet) }.joined(separator: " ")
    }
}

/// Pairs of a made-up language, divided into training, validation and test pairs.
///
/// The same task, count and seed give the same pairs on every machine. No source occurs twice.
public struct SyntheticPairs: Sendable {
    /// The language of the pairs.
    public let task: SyntheticTask
    /// The seed of the draw.
    public let seed: UInt64
    /// All pairs but those below.
    public let training: [TextPair]
    /// A twentieth of the pairs, at least 1 and at most 1,000.
    public let validation: [TextPair]
    /// As many pairs as for validation.
    public let test: [TextPair]

    /// Draws `count` pairs, at least 3 and at most `task.maximumCount`.
    ///
    /// - Throws: `SyntheticCountError` for any other count.
    public init(task: SyntheticTask, count: Int, seed: UInt64) throws {
        guard (3...task.maximumCount).contains(count) else {
            throw SyntheticCountError(task: task, count: count)
        }
        var random = CountingGenerator(seed: seed)
        var seen: Set<String> = []
        var pairs: [TextPair] = []
        seen.reserveCapacity(count)
        pairs.reserveCapacity(count)
        while pairs.count < count {
            let pair = task.pair(&random)
            if seen.insert(pair.source).inserted { pairs.append(pair) }
        }
        let held = min(1000, max(1, count / 20))
        self.task = task
        self.seed = seed
        test = Array(pairs[..<held])
        validation = Array(pairs[held..<(2 * held)])
        training = Array(pairs[(2 * held)...])
    }
}

/// A data set was asked for that is too small to divide or larger than its language allows.
public struct SyntheticCountError: Error, Equatable, CustomStringConvertible {
    /// The language that was asked for.
    public let task: SyntheticTask
    /// The number of pairs that was asked for.
    public let count: Int

    /// The error for a number of pairs of a language.
    public init(task: SyntheticTask, count: Int) {
        self.task = task
        self.count = count
    }

    /// The error in one line.
    public var description: String {
        "a data set of '\(task.rawValue)' holds 3 to \(task.maximumCount) pairs, not \(count)"
    }
}
