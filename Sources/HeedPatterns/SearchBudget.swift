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
    /// The thread's time when it was first looked at.
    private var began: Double?

    /// The budget of a text in which nothing has been searched yet.
    public init() {}

    /// Adds what the search of so many bytes may take.
    mutating func add(bytes: Int) {
        steps += Self.stepsPerByte * bytes
        seconds += Self.secondsPerByte * Double(bytes)
    }

    /// Notes that so many bytes may have been read.
    mutating func noteRead(bytes: Int) { unwatched += bytes }

    /// Whether so much may have been read since the last look at the clock that there should be another one.
    var isLookDue: Bool { unwatched > Self.bytesBetweenLooks }

    /// Looks at the clock of the thread: whether there is time left.
    mutating func hasTime() -> Bool {
        unwatched = 0
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        let now = Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
        let began = began ?? now
        self.began = began
        return now - began <= seconds
    }
}
