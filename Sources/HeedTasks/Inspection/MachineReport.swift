import Foundation
public import HeedFormats
import HeedTensor

/// What Heed finds on this machine, and what is missing for it to be fast.
public struct MachineReport: Sendable {
    /// A fact, its value for programs and in words.
    public struct Fact: Sendable {
        /// The name, such as `threads`.
        public let name: String
        /// The value.
        public let value: JSONValue
        /// The value in words.
        public let words: String
    }

    /// The facts, in an order to read.
    public let facts: [Fact]
    /// What is missing or wrong, in words.
    public let problems: [String]

    /// Looks and measures, for some seconds.
    public init() {
        var facts: [Fact] = []
        var problems: [String] = []
        Self.addProcessor(&facts, &problems)
        Self.addThreads(&facts, &problems)
        Self.addMemory(&facts, &problems)
        Self.addSpeed(&facts, &problems)
        self.facts = facts
        self.problems = problems
    }

    /// Everything as one object.
    public var json: JSONValue {
        var object = JSONObject()
        for fact in facts { object.insert(fact.value, forName: fact.name) }
        object.insert(.array(problems.map(JSONValue.string)), forName: "problems")
        return .object(object)
    }

    private static func addProcessor(_ facts: inout [Fact], _ problems: inout [String]) {
        let name = processorName
        facts.append(
            Fact(
                name: "processor", value: name.map(JSONValue.string) ?? nil,
                words: name ?? "unknown"))
        let sets = InstructionSet.allCases.filter(\.isAvailable).map(\.name)
        facts.append(
            Fact(
                name: "instruction_sets", value: .array(sets.map(JSONValue.string)),
                words: sets.joined(separator: ", ")))
        let current = InstructionSet.current.name
        facts.append(Fact(name: "instruction_set", value: .string(current), words: current))
        if let complaint = InstructionSet.complaint { problems.append(complaint) }
        if InstructionSet.current.rawValue < InstructionSet.avx2.rawValue {
            problems.append("the instruction set in force is slow: AVX2 at least is wanted")
        }
        facts.append(
            Fact(
                name: "onednn", value: .string(MatrixLibrary.version),
                words: MatrixLibrary.version))
    }

    private static func addThreads(_ facts: inout [Fact], _ problems: inout [String]) {
        if let complaint = ThreadPool.complaint { problems.append(complaint) }
        facts.append(number("threads", ThreadPool.threadCount))
        facts.append(number("cores", MachineCheck.availableCores))
        let quota = MachineCheck.coreQuota
        facts.append(
            Fact(
                name: "cpu_quota", value: quota.map(JSONValue.int) ?? nil,
                words: quota.map { "\($0) cores" } ?? "none"))
    }

    private static func addMemory(_ facts: inout [Fact], _ problems: inout [String]) {
        let pages = hugePages
        facts.append(
            Fact(
                name: "huge_pages", value: pages.map(JSONValue.string) ?? nil,
                words: pages ?? "unknown"))
        if pages == nil || pages == "never" {
            problems.append(
                """
                huge pages are off, which slows training: echo madvise > \(hugePagePath)
                """)
        }
        let bytes = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        facts.append(
            Fact(
                name: "memory_bytes", value: .int(bytes),
                words: String(format: "%.1f GB", Double(bytes) / 1e9)))
    }

    private static func addSpeed(_ facts: inout [Fact], _ problems: inout [String]) {
        for precision in [Precision.float32, .bfloat16] {
            let invariant = MachineCheck.rowsAreInvariant(precision)
            facts.append(
                Fact(
                    name: "rows_invariant_\(precision.rawValue)",
                    value: invariant.map(JSONValue.bool) ?? nil,
                    words: invariant.map { $0 ? "yes" : "no" } ?? "no such products"))
            if invariant == false {
                problems.append(
                    """
                    rows of \(precision.rawValue) products change with their number: a sentence may \
                    be translated with other bits in another batch
                    """)
            }
        }
        for precision in [Precision.float32, .bfloat16, .int8] {
            let speed = MachineCheck.productSpeed(precision)
            facts.append(
                Fact(
                    name: "gflops_\(precision.rawValue)", value: rounded(speed),
                    words: speed.map { String(format: "%.0f GFLOP/s", $0) } ?? "no such products"))
        }
        let bandwidth = MachineCheck.readBandwidth()
        facts.append(
            Fact(
                name: "read_gb_per_second", value: rounded(bandwidth),
                words: String(format: "%.1f GB/s", bandwidth)))
        facts.append(
            Fact(
                name: "default_precision", value: .string(Precision.fastest.rawValue),
                words: Precision.fastest.rawValue))
        do {
            let model = try DefaultModel.folder()
            facts.append(Fact(name: "default_model", value: .string(model), words: model))
        } catch {
            facts.append(Fact(name: "default_model", value: nil, words: "none"))
            problems.append("\(error)")
        }
    }

    private static func number(_ name: String, _ value: Int) -> Fact {
        Fact(name: name, value: .int(value), words: "\(value)")
    }

    private static func rounded(_ value: Double?) -> JSONValue {
        value.map { .double(($0 * 10).rounded() / 10) } ?? nil
    }

    /// What Linux calls the processor.
    private static var processorName: String? {
        guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("model name") }),
            let colon = line.firstIndex(of: ":")
        else { return nil }
        return line[colon...].dropFirst().trimmingCharacters(in: .whitespaces)
    }

    private static let hugePagePath = "/sys/kernel/mm/transparent_hugepage/enabled"

    /// The mode of huge pages: the word in brackets.
    private static var hugePages: String? {
        guard let text = try? String(contentsOfFile: hugePagePath, encoding: .utf8) else {
            return nil
        }
        return text.split { "[]".contains($0) }.dropFirst(text.hasPrefix("[") ? 0 : 1).first
            .map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
    }
}
