internal import Glibc

/// What all searches in one text may take together: steps back, and time of the thread, a constant of each and so much
/// for each byte that is searched.
public struct SearchBudget: Sendable {
    private static let stepsPerByte = 64
    /// Ten times what usual patterns take.
    private static let secondsPerByte = 2e-6
    private static let bytesBetweenLooks = 1 << 28

    /// The steps back that are left.
    var steps = 1 << 24
    private var seconds = 2.0
    /// Bytes that may have been read since the clock was looked at.
    private var unwatched = 0
    /// The thread's time when it was last looked at during this search.
    private var lookedAt: Double?

    /// The budget of a text in which nothing has been searched yet.
    public init() {}

    /// Adds what the search of so many bytes may take, which begins now.
    mutating func beginSearch(ofBytes count: Int) {
        steps += Self.stepsPerByte * count
        seconds += Self.secondsPerByte * Double(count)
        unwatched = 0
        lookedAt = nil
    }

    /// Whether there is time left after so many bytes may have been read; looks at the clock once they are many.
    mutating func hasTime(afterReading count: Int) -> Bool {
        unwatched += count
        return unwatched <= Self.bytesBetweenLooks || hasTime()
    }

    /// Looks at the clock of the thread: whether there is time left.
    mutating func hasTime() -> Bool {
        unwatched = 0
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        let now = Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
        if let lookedAt { seconds -= now - lookedAt }
        lookedAt = now
        return seconds >= 0
    }
}
