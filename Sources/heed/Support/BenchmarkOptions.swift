import ArgumentParser
import HeedFormats
import HeedTasks
import HeedTensor

/// How a workload is measured, whichever it is.
struct BenchmarkOptions: ParsableArguments {
    @Option(help: "The arithmetic. (default: bfloat16 where this CPU is fastest at it)")
    var precision: Precision?

    @Option(
        parsing: .unconditional, help: "Threads that compute. (default: HEED_THREADS, or the cores)"
    )
    var threads: Int?

    @Option(parsing: .unconditional, help: "Runs that are timed, after some to warm up.")
    var `repeat` = BenchmarkRunner().repeats

    @Flag(help: "Say where the time goes, by operator, in some runs more.")
    var profile = false

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        try ThreadOption.check(threads)
        try checkOption("repeat", `repeat`, in: 1...100_000)
    }

    /// Refuses sizes that are 0 or enormous.
    static func check(_ sizes: [(name: String, value: Int)]) throws {
        for size in sizes { try checkOption(size.name, size.value, in: 1...(1 << 24)) }
    }

    /// Measures a workload and prints what was found.
    func run(_ benchmark: some Benchmark) throws {
        ThreadOption.apply(threads)
        var runner = BenchmarkRunner()
        runner.repeats = `repeat`
        runner.profiles = profile
        let result = try runner.measure(benchmark)
        if json {
            try StandardStreams.print(JSONWriter(.spaced).string(result.json))
        } else {
            try StandardStreams.write(result.lines.joined(separator: "\n") + "\n")
        }
    }
}
