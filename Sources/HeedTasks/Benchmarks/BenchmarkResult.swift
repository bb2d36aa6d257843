import Foundation
public import HeedFormats
public import HeedTensor

/// What was measured of a workload.
public struct BenchmarkResult: Sendable {
    /// The time of one operator in one direction.
    public struct ProfileLine: Sendable {
        /// The operator.
        public let name: String
        /// The direction.
        public let pass: Profiler.Pass
        /// Calls in a run.
        public let calls: Double
        /// Seconds in a run.
        public let seconds: Double
        /// The part of all time.
        public let share: Double
    }

    /// The workload.
    public let name: String
    /// The arithmetic.
    public let precision: Precision
    /// The sizes.
    public let sizes: JSONObject
    /// The seconds of each run, sorted.
    public let times: [Double]
    /// What is counted, such as `sentences`.
    public let items: String
    /// Items that are dealt with in a second.
    public let itemsPerSecond: Double
    /// The most memory that the process ever had in RAM, in bytes; nil where the system does not say.
    public let peakResidentBytes: Int?
    /// Floating-point operations of matrix products in a second, in 10⁹.
    public let gigaflops: Double
    /// The same of one large matrix product in this arithmetic; nil where the machine has none.
    public let limit: Double?
    /// Other figures, by name.
    public let figures: [(name: String, value: Double)]
    /// Where the time goes, longest first; nil if that was not asked for.
    public let profile: [ProfileLine]?

    init(
        name: String, _ precision: Precision, _ sizes: JSONObject, _ prepared: PreparedBenchmark,
        times: [Double], peakResidentBytes: Int?, limit: Double?, profile: [ProfileLine]?
    ) {
        self.name = name
        self.precision = precision
        self.sizes = sizes
        self.times = times.sorted()
        self.peakResidentBytes = peakResidentBytes
        self.limit = limit
        self.profile = profile
        figures = prepared.figures()
        items = prepared.items
        let seconds = max(Self.median(self.times), 1e-9)
        itemsPerSecond = Double(prepared.itemCount) / seconds
        gigaflops = prepared.operations / seconds / 1e9
    }

    /// The median of a run's seconds.
    public var median: Double { Self.median(times) }

    private static func median(_ sorted: [Double]) -> Double {
        guard !sorted.isEmpty else { return 0 }
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2)
            ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }

    /// Everything as one object.
    public var json: JSONValue {
        var object = JSONObject()
        func add(_ name: String, _ value: JSONValue) { object.insert(value, forName: name) }
        add("workload", .string(name))
        add("median_s", .double(median))
        add("min_s", .double(times.first ?? 0))
        add("max_s", .double(times.last ?? 0))
        add("items", .string(items))
        add("items_per_s", .double(itemsPerSecond))
        add("peak_rss_bytes", peakResidentBytes.map(JSONValue.int) ?? .null)
        add("gflops", gigaflops > 0 ? .double(gigaflops) : .null)
        add("limit_gflops", limit.map(JSONValue.double) ?? .null)
        add("limit_share", limit.map { .double(gigaflops / $0) } ?? .null)
        for figure in figures { add(figure.name, .double(figure.value)) }
        add("precision", .string(precision.rawValue))
        add("threads", .int(ThreadPool.threadCount))
        add("repeat", .int(times.count))
        for size in sizes.entries { add(size.name, size.value) }
        if let profile { add("profile", .array(profile.map(\.json))) }
        return .object(object)
    }

    /// Everything in words, a fact a line.
    public var lines: [String] {
        let sizes = sizes.entries.map { size in
            let value = size.value.stringValue ?? JSONWriter(.compact).string(size.value)
            return "\(size.name.replacing("_", with: " ")) \(value)"
        }
        let milliseconds = [median, times.first ?? 0, times.last ?? 0].map { $0 * 1e3 }
        var lines = [
            "\(name), \(precision.rawValue), \(ThreadPool.threadCount) threads"
                + sizes.map { ", " + $0 }.joined(),
            String(
                format: "median %.2f ms (%.2f to %.2f, %d runs), %.1f ", milliseconds[0],
                milliseconds[1], milliseconds[2], times.count, itemsPerSecond)
                + "\(items) a second",
        ]
        if gigaflops > 0 {
            lines.append(
                String(format: "%.1f GFLOP/s of matrix products", gigaflops)
                    + (limit.map {
                        String(format: ", %.0f %% of %.0f", gigaflops / $0 * 100, $0)
                    } ?? ""))
        }
        lines += figures.map { figure in
            figure.name.replacing("_", with: " ") + String(format: " %.3f", figure.value)
        }
        if let peakResidentBytes {
            lines.append(String(format: "peak memory %.0f MB", Double(peakResidentBytes) / 1e6))
        }
        return lines + (profile.map(Self.table) ?? [])
    }

    private static func table(_ profile: [ProfileLine]) -> [String] {
        let width = (profile.map(\.name.count) + ["operator".count]).max() ?? 0
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count))
        }
        let heading = padded("operator", width) + "  pass          calls         ms   share"
        return ["", heading]
            + profile.map { line in
                padded(line.name, width) + "  " + padded(line.pass.rawValue, 8)
                    + String(
                        format: " %10.1f %10.3f  %5.1f %%", line.calls, line.seconds * 1e3,
                        line.share * 100)
            }
    }
}

extension BenchmarkResult.ProfileLine {
    fileprivate var json: JSONValue {
        [
            "operator": .string(name), "pass": .string(pass.rawValue), "calls": .double(calls),
            "seconds": .double(seconds), "share": .double(share),
        ]
    }
}
