/// Adds up where the time of computations goes, by operator.
///
/// Operators of a `Context` that has a profiler report to it when they begin and end, and so does the backward pass of what
/// they record. Time is counted once: that of an operator inside another one belongs to the inner one alone. Nothing is
/// measured, and nothing is paid, in a context without a profiler. It is used from one thread, that of the context.
public final class Profiler {
    /// The direction of a computation.
    public enum Pass: String, Sendable {
        /// From inputs to outputs.
        case forward
        /// From the gradients of outputs to those of inputs.
        case backward
    }

    /// What was measured of one operator in one direction.
    public struct Entry: Sendable {
        /// The operator, such as `linear`.
        public let name: String
        /// The direction.
        public let pass: Pass
        /// How often it ran.
        public fileprivate(set) var calls = 0
        /// The seconds that it took, without those of operators inside it.
        public fileprivate(set) var seconds = 0.0
    }

    private struct Key: Hashable {
        let name: String
        let pass: Pass
    }

    /// What was measured, in the order in which it first ran.
    public private(set) var entries: [Entry] = []
    private var places: [Key: Int] = [:]
    /// The entries that run at this moment, each inside the one before it.
    private var running: [Int] = []
    private var mark = ContinuousClock.now

    /// A profiler that has measured nothing.
    public init() {}

    /// Begins a computation; `end` ends it.
    public func begin(_ name: String, _ pass: Pass = .forward) {
        charge()
        let key = Key(name: name, pass: pass)
        let place = places[key] ?? entries.count
        if place == entries.count {
            places[key] = place
            entries.append(Entry(name: name, pass: pass))
        }
        entries[place].calls += 1
        running.append(place)
    }

    /// Ends the computation that began last.
    public func end() {
        charge()
        _ = running.popLast()
    }

    /// Measures a computation.
    public func measure<Result>(
        _ name: String, _ pass: Pass = .forward, _ body: () throws -> Result
    ) rethrows -> Result {
        begin(name, pass)
        defer { end() }
        return try body()
    }

    /// Adds what other profilers measured at the same time, each on one thread of a pool of `threads`: their seconds
    /// become those that such a pool takes if it is always busy.
    package func add(_ others: [Profiler], threads: Int) {
        for entry in others.flatMap(\.entries) {
            let key = Key(name: entry.name, pass: entry.pass)
            let place = places[key] ?? entries.count
            if place == entries.count {
                places[key] = place
                entries.append(Entry(name: entry.name, pass: entry.pass))
            }
            entries[place].calls += entry.calls
            entries[place].seconds += entry.seconds / Double(threads)
        }
        // The time since the last change was theirs.
        mark = ContinuousClock.now
    }

    /// The backward pass of the operator that runs now, as one that is measured.
    func timed(_ backward: @escaping Tape.Backward) -> Tape.Backward {
        let name = running.last.map { entries[$0].name } ?? "unnamed"
        return { upstream, gradients in
            self.measure(name, .backward) { backward(upstream, &gradients) }
        }
    }

    /// Gives the time since the last change to the innermost computation.
    private func charge() {
        let now = ContinuousClock.now
        if let innermost = running.last { entries[innermost].seconds += (now - mark).seconds }
        mark = now
    }
}

extension Duration {
    /// The duration in seconds.
    package var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
