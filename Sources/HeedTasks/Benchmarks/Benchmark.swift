import Foundation
public import HeedFormats
public import HeedTensor

/// A workload that Heed's speed is measured by, with random weights and tokens.
public protocol Benchmark: Sendable {
    /// The name, such as `attention`.
    static var name: String { get }
    /// The arithmetic.
    var precision: Precision { get }
    /// The sizes, by the names of their options.
    var sizes: JSONObject { get }
    /// Makes weights and data.
    ///
    /// Throws errors that name what cannot be measured.
    func prepare() throws -> PreparedBenchmark
}

/// A workload whose weights and data are there.
public struct PreparedBenchmark {
    /// What is counted, such as `sentences`.
    let items: String
    /// How many of them a run deals with.
    let itemCount: Int
    /// Floating-point operations of a run's matrix products: two for each multiplication and addition.
    let operations: Double
    /// Runs once, under a profiler or not.
    let run: (Profiler?) throws -> Void
    /// Other figures of the runs so far, by name.
    var figures: () -> [(name: String, value: Double)] = { [] }

    init(
        items: String, itemCount: Int, operations: Double,
        run: @escaping (Profiler?) throws -> Void
    ) {
        self.items = items
        self.itemCount = itemCount
        self.operations = operations
        self.run = run
    }
}

/// Sizes that no workload can have.
public struct BenchmarkError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The whole message in one line.
    public let description: String
}

/// Measures workloads: some runs to warm up, then runs that are timed one by one, then, if asked for, some under a profiler.
public struct BenchmarkRunner: Sendable {
    /// Runs that are timed.
    public var repeats = 7
    /// Whether some more runs say where the time goes.
    public var profiles = false
    /// Seconds of warming up at least; there are two runs in any case.
    var warmup = 0.3
    /// Runs under the profiler.
    private static let profiledRuns = 3

    /// A runner with the usual settings.
    public init() {}

    /// Measures a workload.
    public func measure(_ benchmark: some Benchmark) throws -> BenchmarkResult {
        let prepared = try benchmark.prepare()
        let clock = ContinuousClock()
        let start = clock.now
        var runs = 0
        while runs < 2 || (clock.now - start).seconds < warmup {
            try prepared.run(nil)
            runs += 1
        }
        let times = try (0..<max(repeats, 1)).map { _ in
            try clock.measure { try prepared.run(nil) }.seconds
        }
        // Before anything else needs memory.
        let memory = MachineMemory.peakResidentBytes
        return BenchmarkResult(
            name: type(of: benchmark).name, benchmark.precision, benchmark.sizes, prepared,
            times: times, peakResidentBytes: memory,
            limit: prepared.operations > 0
                ? MachineCheck.productSpeed(benchmark.precision) : nil,
            profile: profiles ? try profile(prepared) : nil)
    }

    private func profile(_ prepared: PreparedBenchmark) throws -> [BenchmarkResult.ProfileLine] {
        let profiler = Profiler()
        for _ in 0..<Self.profiledRuns {
            try profiler.measure("between operators") { try prepared.run(profiler) }
        }
        let total = profiler.entries.reduce(0) { $0 + $1.seconds }
        return profiler.entries.sorted { $0.seconds > $1.seconds }.map { entry in
            BenchmarkResult.ProfileLine(
                name: entry.name, pass: entry.pass,
                calls: Double(entry.calls) / Double(Self.profiledRuns),
                seconds: entry.seconds / Double(Self.profiledRuns), share: entry.seconds / total)
        }
    }
}
