import HeedFormats

/// What a run has measured so far: the lines of its `metrics.jsonl` and its events for TensorBoard.
public struct RunHistory: Sendable {
    /// A measurement.
    public struct Point: Sendable, Hashable {
        /// After how many updates.
        public let update: Int
        /// After how many epochs, a fraction within one; nil before the first epoch is over.
        public let epoch: Double?
        /// The number; not finite where training failed.
        public let value: Double

        /// A measurement of a number.
        public init(update: Int, epoch: Double?, value: Double) {
            self.update = update
            self.epoch = epoch
            self.value = value
        }
    }

    /// The folder of the run.
    public let path: String
    /// What was measured at the end of each epoch, by its name in `metrics.jsonl`.
    public private(set) var epochSeries: [String: [Point]] = [:]
    /// The validation loss of the average of the last epochs, where they were averaged.
    public private(set) var averageLoss: Double?
    /// What was measured between, by its tag in the events, such as `train/loss`.
    public private(set) var updateSeries: [String: [Point]] = [:]
    /// What could not be read, one line each.
    public private(set) var notices: [String] = []

    /// Updates and epochs of the lines, ascending.
    private var marks: [(update: Int, epoch: Double)] = []

    private static let limit = 1 << 30
    /// What a line says besides measurements.
    private static let places: Set<String> = ["epoch", "update", "best", "seconds"]

    /// Reads a run, which may be going on.
    ///
    /// Throws `RunHistoryError` for a folder that is no run or a line that is no measurement, and `FileError`. A last line
    /// without an end is being written, and left out.
    public init(path: String) throws {
        self.path = path
        guard try Folder.kind(of: path) == .folder else {
            _ = try Folder.names(in: path)
            throw FileError(path: path, .notAFolder)
        }
        let run = RunFolder(path: path)
        guard try Folder.kind(of: run.metricsPath) != nil else {
            throw RunHistoryError(
                path: path, line: nil, problem: "is no run: metrics.jsonl is missing")
        }
        try readLines(run.metricsPath)
        let scalars = try ScalarHistory(folder: run.path("events"))
        notices += scalars.notices
        let marks = [(update: 0, epoch: 0.0)] + marks.filter { $0.update > 0 }
        for (tag, values) in scalars.series {
            updateSeries[tag] = values.map {
                Point(
                    update: $0.update, epoch: Self.epoch(ofUpdate: $0.update, marks),
                    value: $0.value)
            }
        }
    }

    private mutating func readLines(_ path: String) throws {
        let bytes = try InputFile.bytes(path: path, limit: Self.limit)
        var rest = bytes[...]
        var number = 0
        while !rest.isEmpty {
            let line = rest.prefix { $0 != 0x0A }
            let isWhole = line.endIndex < rest.endIndex
            rest = rest[line.endIndex...].dropFirst()
            number += 1
            if line.isEmpty { continue }
            do {
                let reader = try JSONObjectReader(JSONParser().parse(Array(line)), file: path)
                try add(reader)
            } catch {
                // Behind the last line feed stands nothing, or what is being written.
                guard isWhole else {
                    notices.append(
                        "\(nameForMessage(path)): line \(number) is not whole, and left out")
                    return
                }
                throw RunHistoryError(
                    path: path, line: number, problem: Self.words(for: error))
            }
        }
    }

    /// What is wrong inside of a line, whose number stands before it.
    private static func words(for error: any Error) -> String {
        switch error {
        case let error as JSONFieldError: "\(error.field): \(error.problem)"
        case let error as JSONError: "byte \(error.offset + 1): \(error.problem)"
        default: "\(error)"
        }
    }

    private mutating func add(_ line: JSONObjectReader) throws {
        let update = try line.int("update", in: 0...Int.max)
        if line.object[AverageReport.epochsName] != nil {
            averageLoss = line.object["valid_loss"]?.doubleValue
            return
        }
        let epoch = try line.optionalInt("epoch", in: 0...Int.max).map(Double.init)
        // An epoch that was cut short and then made whole has two lines.
        if let epoch, marks.last.map({ $0.update < update && $0.epoch < epoch }) ?? true {
            marks.append((update, epoch))
        }
        for entry in line.object.entries where !Self.places.contains(entry.name) {
            let value: Double? =
                if case .null = entry.value { .nan } else { entry.value.doubleValue }
            guard let value else { continue }
            epochSeries[entry.name, default: []].append(
                Point(update: update, epoch: epoch, value: value))
        }
    }

    /// The epoch at an update, between those of the lines, and beyond them as fast as in the last one.
    private static func epoch(
        ofUpdate update: Int, _ marks: [(update: Int, epoch: Double)]
    ) -> Double? {
        guard marks.count > 1 else { return nil }
        // The first mark at or behind the update, found by halving.
        var candidates = 1..<marks.count - 1
        while !candidates.isEmpty {
            let middle = (candidates.lowerBound + candidates.upperBound) / 2
            candidates =
                marks[middle].update >= update
                ? candidates.lowerBound..<middle : middle + 1..<candidates.upperBound
        }
        let (low, high) = (marks[candidates.lowerBound - 1], marks[candidates.lowerBound])
        let share = Double(update - low.update) / Double(high.update - low.update)
        return low.epoch + share * (high.epoch - low.epoch)
    }
}

/// A run whose measurements cannot be read.
public struct RunHistoryError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The folder or the file.
    public let path: String
    /// The line, from 1; nil where the folder is no run.
    public let line: Int?
    /// What is wrong.
    public let problem: String

    /// The error in one line.
    public var description: String {
        "\(nameForMessage(path)): \(line.map { "line \($0): " } ?? "")\(problem)"
    }
}
