internal import COniguruma
internal import Glibc

/// A regular expression in oniguruma's syntax, which is what a tokenizer.json means by one.
///
/// A search that takes too many steps back, or seconds for what takes others milliseconds, ends with an error: a pattern
/// that comes from outside cannot exhaust the stack, and hang a program only by what it does at one place of a text. One
/// pattern may be used by many threads.
@safe
public final class SearchPattern: Sendable {
    /// The pattern as it was given.
    public let text: String
    /// Never changes after `init`; the library's searches only read it.
    private nonisolated(unsafe) let regex: OnigRegex

    /// Patterns beyond are refused.
    package static let maximumBytes = 1 << 14
    /// How many steps back a search may take at first, how much more at each further attempt, and how
    /// many all searches of a text may take: a constant, and so many a byte.
    private static let firstLimit = 1 << 10
    private static let limitGrowth = 4
    private static let constantBudget = 1 << 24
    private static let budgetPerByte = 64
    /// The library counts steps back alone, and a step forward may take the rest of the text: at first only as many starts
    /// are tried at a time as have so many bytes behind all of them, then twice as many, while a text has so much of its
    /// thread's time: a constant, and a margin of ten for each byte. What a single start takes nothing bounds.
    private static let bytesAtATime = 1 << 24
    private static let bytesBetweenLooks = 1 << 28
    private static let constantSeconds = 2.0
    private static let secondsPerByte = 2e-6

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
    /// - Throws: `PatternError` where a search takes too many steps.
    public func appendMatches(
        in bytes: [UInt8], _ range: Range<Int>, to matches: inout [Range<Int>]
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
        try unsafe bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            var search = unsafe Search(
                start: base + range.lowerBound, end: base + range.upperBound,
                region: region, limits: limits)
            unsafe search.budget = Self.constantBudget + Self.budgetPerByte * range.count
            var position = 0
            var lastEnd = -1
            while position <= range.count {
                guard let match = try unsafe find(from: position, &search) else { return }
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

    /// A search of one text.
    @unsafe private struct Search {
        let start: UnsafePointer<UInt8>
        let end: UnsafePointer<UInt8>
        let region: UnsafeMutablePointer<OnigRegion>
        let limits: OpaquePointer
        var budget = 0
        /// Bytes that may have been read since the clock was looked at.
        var unwatched = 0
        /// The thread's time when it was first looked at.
        var began: Double?

        var count: Int { unsafe end - start }
    }

    /// The next match as offsets from the start of the search, or nil.
    private func find(from position: Int, _ search: inout Search) throws -> Range<Int>? {
        var first = position
        var window = unsafe max(Self.bytesAtATime / search.count, 16)
        while true {
            var last = unsafe min(first + window, search.count)
            while unsafe last < search.count && search.start[last] & 0xC0 == 0x80 { last += 1 }
            let match = try unsafe find(first...last, isFirst: first == position, &search)
            let tried = (match?.lowerBound ?? last) - first + 1
            unsafe search.unwatched += tried * search.count
            if unsafe search.unwatched > Self.bytesBetweenLooks { try unsafe checkTime(&search) }
            if unsafe match != nil || last == search.count { return match }
            try unsafe checkTime(&search)
            first = last
            window *= 2
        }
    }

    private func checkTime(_ search: inout Search) throws {
        unsafe search.unwatched = 0
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        let now = Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
        let began = unsafe search.began ?? now
        unsafe search.began = began
        let limit = unsafe Self.constantSeconds + Self.secondsPerByte * Double(search.count)
        if now - began > limit { throw PatternError(pattern: text, problem: .tooManySteps) }
    }

    /// The next match that begins at one of some offsets, or nil.
    ///
    /// The library does not tell how many steps it took: a small limit is tried first, then larger
    /// ones, and each is taken from the budget as if it had been used up.
    private func find(
        _ starts: ClosedRange<Int>, isFirst: Bool, _ search: inout Search
    ) throws -> Range<Int>? {
        // `\G` stands where the last match ended alone.
        let options = isFirst ? ONIG_OPTION_NONE : ONIG_OPTION_NOT_BEGIN_POSITION
        var limit = Self.firstLimit
        while true {
            let allowed = unsafe min(limit, search.budget)
            // To the library 0 means that there is no limit.
            guard allowed > 0 else { throw PatternError(pattern: text, problem: .tooManySteps) }
            unsafe onig_set_retry_limit_in_search_of_match_param(search.limits, UInt(allowed))
            unsafe onig_set_retry_limit_in_match_of_match_param(search.limits, UInt(allowed))
            let found = unsafe onig_search_with_param(
                regex, search.start, search.end, search.start + starts.lowerBound,
                search.start + starts.upperBound,
                search.region, options, search.limits)
            if found == ONIG_MISMATCH {
                unsafe search.budget -= limit == Self.firstLimit ? 1 : allowed
                return nil
            }
            if found >= 0, unsafe search.region.pointee.num_regs > 0 {
                // Most searches take a few steps only: they are charged one.
                unsafe search.budget -= limit == Self.firstLimit ? 1 : allowed
                let begin = unsafe Int(search.region.pointee.beg[0])
                let end = unsafe Int(search.region.pointee.end[0])
                // `\K` in a look-behind lets a match begin before its search.
                guard starts.lowerBound <= begin, begin <= end, unsafe end <= search.count
                else {
                    throw PatternError(
                        pattern: text, problem: .invalid("matches what lies behind it"))
                }
                return begin..<end
            }
            guard heed_onig_is_limit(found) != 0 else {
                throw PatternError(pattern: text, problem: .tooManySteps)
            }
            unsafe search.budget -= allowed
            limit *= Self.limitGrowth
            try unsafe checkTime(&search)
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
