import Foundation
import HeedFormats
import HeedTestSupport

/// Made-up pairs and a small model that was trained on them by the program, shared by tests that only read.
struct SmallRun: Sendable {
    let folder: TemporaryFolder

    /// Trained once for all tests.
    static let shared = Result { try SmallRun() }

    private init() throws {
        folder = try TemporaryFolder()
        try Program.require(["data", "reverse", "--count", "300", "--output", data])
        try Program.require(SmallRun.arguments(data: data, output: model))
    }

    var data: String { folder.path(of: "data") }
    var model: String { folder.path(of: "model") }

    /// The command line of a training that takes about a second.
    static func arguments(
        data: String, output: String, _ more: [String] = []
    ) -> [String] {
        [
            "train", "translation", "--train-source", "\(data)/train.source",
            "--train-target", "\(data)/train.target", "--valid-source", "\(data)/valid.source",
            "--valid-target", "\(data)/valid.target", "--output", output, "--preset", "tiny",
            "--set", "width=32", "--set", "inner=48", "--set", "layers=1", "--set", "heads=2",
            "--merges", "60", "--batch-tokens", "512", "--warmup", "5", "--max-updates", "30",
            "--average", "2", "--checkpoint-every", "4",
        ] + more
    }
}

extension Program {
    /// What a program that should have succeeded said.
    struct Failed: Error, CustomStringConvertible {
        var arguments: [String]
        var result: ProgramResult
        var description: String {
            "heed \(arguments.joined(separator: " ")): \(result.status): \(result.errors)"
        }
    }

    /// Runs the program, which must end with 0.
    @discardableResult
    static func require(
        _ arguments: [String], input: String = "", environment: [String: String] = [:]
    ) throws -> ProgramResult {
        let result = try run(arguments, input: input, environment: environment)
        if result.status != 0 { throw Failed(arguments: arguments, result: result) }
        return result
    }
}

extension ProgramResult {
    /// Whether it ended with this code, said so in one line, and printed nothing.
    func isFailure(_ status: Int32, naming words: String...) -> Bool {
        self.status == status && output.isEmpty && errorLines.count == 1
            && errors.hasPrefix("heed: ") && words.allSatisfy(errors.contains)
    }
}
