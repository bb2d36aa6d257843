import Foundation
import HeedFormats
import HeedTestSupport

/// A made-up text and a small model of characters that was trained on it by the program, shared by tests that only read.
struct SmallLanguageRun: Sendable {
    let folder: TemporaryFolder

    /// Trained once for all tests.
    static let shared = Result { try SmallLanguageRun() }

    private init() throws {
        folder = try TemporaryFolder()
        _ = try folder.file("train.txt", Self.text(lines: 200))
        _ = try folder.file("valid.txt", Self.text(lines: 20, first: 1000))
        try Program.require(Self.arguments(data: folder.path, output: model))
    }

    var model: String { folder.path(of: "model") }

    /// Lines such as `17 plus 3 is 20.`
    static func text(lines: Int, first: Int = 0) -> String {
        (first..<first + lines).map { number in
            let (a, b) = (number * 7 % 50, number * 11 % 30)
            return "\(a) plus \(b) is \(a + b).\n"
        }.joined()
    }

    /// The command line of a training that takes about a second.
    static func arguments(
        data: String, output: String, _ more: [String] = []
    ) -> [String] {
        [
            "train", "language-model", "--preset", "nanogpt-cpu", "--train",
            "\(data)/train.txt", "--valid", "\(data)/valid.txt", "--output", output, "--set",
            "width=32", "--set", "heads=2", "--set", "layers=1", "--set", "inner=64",
            "--block-length", "24", "--batch-tokens", "240", "--max-updates", "40",
            "--evaluate-every", "20", "--warmup", "4", "--checkpoint-every", "8",
        ] + more
    }
}
