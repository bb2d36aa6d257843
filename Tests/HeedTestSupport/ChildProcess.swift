import Glibc
public import HeedTensor

/// What a piece of work in a child process of the tests is run under.
///
/// The instruction set is fixed at the first use of a kernel, so that another one needs a process of its own: an exit
/// test, whose body calls `begin` first. A child also has the pool to itself: there the number of threads may change,
/// and what is counted belongs to the test alone.
public enum ChildProcess {
    /// The instruction sets of this CPU.
    public static var instructionSets: [InstructionSet] {
        InstructionSet.allCases.filter(\.isAvailable)
    }

    /// Sets the instruction set and the number of threads before anything computes.
    ///
    /// - Returns: whether the instruction set is in force.
    public static func begin(isa: String? = nil, threads: Int? = nil) -> Bool {
        if let isa { unsafe setenv("HEED_ISA", isa, 1) }
        if let threads { unsafe setenv("HEED_THREADS", String(threads), 1) }
        return isa == nil || InstructionSet.current.name == isa
    }

    /// Runs `body` with each number of threads and returns what it gave.
    public static func withThreads<Result>(
        _ counts: [Int] = [1, 2, 3, 4, 8], _ body: () -> Result
    ) -> [Result] {
        let before = ThreadPool.threadCount
        defer { ThreadPool.threadCount = before }
        return counts.map { count in
            ThreadPool.threadCount = count
            return body()
        }
    }
}
