internal import COniguruma
internal import Glibc

/// A regular expression in oniguruma's syntax, which is what a tokenizer.json means by one.
///
/// A search that takes too many steps back, or seconds for what takes others milliseconds, ends with an error, so that a
/// pattern that comes from outside neither exhausts the stack nor hangs a program. One pattern may be used by many threads.
@safe
public final class SearchPattern: Sendable {
    /// The pattern as it was given.
    public let text: String
    /// Never changes after `init`; the library's searches only read it.
    private nonisolated(unsafe) let regex: OnigRegex

    /// Patterns beyond are refused.
    package static let maximumBytes = 1 << 14
    /// How many steps back a search may take at first, and how many times more at each further attempt.
    private static let firstLimit = 1 << 10
    private static let limitGrowth = 4
    /// The library counts steps back alone, and a step forward may take the rest of the text: at first only as many starts
    /// are tried at a time as have so many bytes behind all of them, then twice as many, with a look at the clock between.
    private static let bytesAtATime = 1 << 24

    /// Compiles a pattern.
    ///
    /// - Throws: `PatternError` where it is none.
    public init(_ text: String) throws {
        self.text = text
        guard OnigurumaLibrary.isReady, text.utf8.count <= Self.maximumBytes else {
            throw PatternError(pattern: text, problem: .invalid("is longer than 16 KB"))
        }
        let bytes = Array(text.utf8)
        var compiled: OnigRegex?
        var info = unsafe OnigErrorInfo()
        let status = unsafe bytes.withUnsafeBufferPointer { buffer -> Int32 in
            // An empty array may have no address.
            var nothing: UInt8 = 0
            return unsafe withUnsafePointer(to: &nothing) { empty in
                let start = unsafe buffer.baseAddress ?? empty
                return unsafe heed_onig_compile(&compiled, start, start + buffer.count, &info)
            }
        }
        guard status == ONIG_NORMAL, let compiled = unsafe compiled else {
            throw PatternError(
                pattern: text, problem: .invalid(unsafe OnigurumaLibrary.message(status, &info)))
        }
        unsafe regex = compiled
    }

    deinit {
        unsafe onig_free(regex)
    }

    /// Appends all matches inside of a range of a text, which are looked for as if the range were the
    /// whole text, from left to right and without overlap.
    ///
    /// Of an empty match just behind another one nothing is said, as in the `tokenizers` library.
    ///
    /// - Parameters:
    ///   - bytes: valid UTF-8.
    ///   - range: whole characters of it.
    ///   - matches: gets the ranges of the matches.
    ///   - budget: what is left for the searches of the text to which the bytes belong.
    /// - Throws: `PatternError` where a search takes too many steps.
    public func appendMatches(
        in bytes: [UInt8], _ range: Range<Int>, to matches: inout [Range<Int>],
        within budget: inout SearchBudget
    ) throws {
        guard 0 <= range.lowerBound, range.upperBound <= bytes.count, !range.isEmpty else { return }
        guard let region = unsafe onig_region_new(), let limits = unsafe onig_new_match_param()
        else {
            throw PatternError(pattern: text, problem: .invalid("has no memory"))
        }
        defer {
            unsafe onig_region_free(region, 1)
            unsafe onig_free_match_param(limits)
        }
        unsafe onig_initialize_match_param(limits)
        budget.beginSearch(ofBytes: range.count)
        try unsafe bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            let search = unsafe Search(
                start: base + range.lowerBound, end: base + range.upperBound,
                region: region, limits: limits)
            var position = 0
            var lastEnd = -1
            while position <= range.count {
                guard let match = try unsafe find(from: position, search, &budget) else { return }
                if match.isEmpty, match.lowerBound == lastEnd {
                    position +=
                        position < range.count
                        ? Self.length(bytes[range.lowerBound + position]) : 1
                    continue
                }
                position = match.upperBound
                lastEnd = match.upperBound
                matches.append(
                    match.lowerBound + range.lowerBound..<match.upperBound + range.lowerBound)
            }
        }
    }

    private static func length(_ lead: UInt8) -> Int {
        lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    }

    /// What is searched, and what the library needs for it.
    @unsafe private struct Search {
        let start: UnsafePointer<UInt8>
        let end: UnsafePointer<UInt8>
        let region: UnsafeMutablePointer<OnigRegion>
        let limits: OpaquePointer

        var count: Int { unsafe end - start }
    }

    /// The next match as offsets from the start of the search, or nil.
    private func find(
        from position: Int, _ search: Search, _ budget: inout SearchBudget
    ) throws -> Range<Int>? {
        var first = position
        var window = unsafe max(Self.bytesAtATime / search.count, 16)
        while true {
            var last = unsafe min(first + window, search.count)
            while unsafe last < search.count && search.start[last] & 0xC0 == 0x80 { last += 1 }
            let match = try unsafe firstMatch(at: first...last, from: position, search, &budget)
            if unsafe match != nil || last == search.count {
                let tried = max(0, (match?.lowerBound ?? last) - first) + 1
                try check(budget.hasTime(afterReading: unsafe tried * search.count))
                return match
            }
            try check(budget.hasTime())
            first = last
            window *= 2
        }
    }

    private func check(_ hasTime: Bool) throws {
        guard hasTime else { throw PatternError(pattern: text, problem: .tooManySteps) }
    }

    /// The match that begins at the first of some offsets where one does, or nil, in a search that began at `position`.
    ///
    /// The library does not tell how many steps it took: a small limit is tried first, then larger
    /// ones, and each is taken from the budget as if it had been used up.
    private func firstMatch(
        at starts: ClosedRange<Int>, from position: Int, _ search: Search,
        _ budget: inout SearchBudget
    ) throws -> Range<Int>? {
        // `\G` stands only where the whole search begins.
        let options =
            starts.lowerBound == position ? ONIG_OPTION_NONE : ONIG_OPTION_NOT_BEGIN_POSITION
        var limit = Self.firstLimit
        while true {
            let allowed = min(limit, budget.steps)
            // To the library 0 means that there is no limit.
            guard allowed > 0 else { throw PatternError(pattern: text, problem: .tooManySteps) }
            unsafe onig_set_retry_limit_in_search_of_match_param(search.limits, UInt(allowed))
            unsafe onig_set_retry_limit_in_match_of_match_param(search.limits, UInt(allowed))
            let found = unsafe onig_search_with_param(
                regex, search.start, search.end, search.start + starts.lowerBound,
                search.start + starts.upperBound,
                search.region, options, search.limits)
            if found == ONIG_MISMATCH {
                budget.steps -= limit == Self.firstLimit ? 1 : allowed
                return nil
            }
            if found >= 0, unsafe search.region.pointee.num_regs > 0 {
                // Most searches take a few steps only: they are charged one.
                budget.steps -= limit == Self.firstLimit ? 1 : allowed
                let begin = unsafe Int(search.region.pointee.beg[0])
                let end = unsafe Int(search.region.pointee.end[0])
                // `\K` in a look-behind lets a match begin before its search.
                guard position <= begin, begin <= end, unsafe end <= search.count else {
                    throw PatternError(
                        pattern: text, problem: .invalid("matches what lies behind it"))
                }
                return begin..<end
            }
            guard heed_onig_is_limit(found) != 0 else {
                throw PatternError(pattern: text, problem: .tooManySteps)
            }
            budget.steps -= allowed
            limit *= Self.limitGrowth
            try check(budget.hasTime())
        }
    }

    /// Defines properties of characters, such as `\p{Lu}`, in the place of the library's own, whose
    /// version of Unicode is whatever is installed. Only the first call counts, before any pattern.
    ///
    /// - Parameter properties: names without spaces and marks, and sorted ranges of scalars.
    /// - Returns: whether the library took them all.
    public static func define(_ properties: [(name: String, ranges: [ClosedRange<UInt32>])]) -> Bool
    {
        OnigurumaLibrary.define(properties)
    }
}

/// A pattern that cannot be compiled, or a search that was given up.
public struct PatternError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong.
    public enum Problem: Sendable, Equatable {
        /// It is no pattern; the library's words.
        case invalid(String)
        /// A text takes it more steps than are allowed.
        case tooManySteps
    }

    /// The pattern.
    public let pattern: String
    /// What is wrong.
    public let problem: Problem

    /// The whole message in one line.
    public var description: String {
        let shown = pattern.unicodeScalars.prefix(80).map { $0.escaped(asASCII: true) }.joined()
        return switch problem {
        case .invalid(let words): "the pattern \"\(shown)\" \(words)"
        case .tooManySteps: "the pattern \"\(shown)\" takes too many steps to be found in a text"
        }
    }
}
