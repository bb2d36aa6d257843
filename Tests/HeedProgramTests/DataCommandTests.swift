import Foundation
import HeedFormats
import HeedTestSupport
import Testing

@Suite("heed data")
struct DataCommandTests {
    private static let names = [
        "dataset.json", "test.source", "test.target", "train.source", "train.target",
        "valid.source", "valid.target",
    ]

    @Test("writes the files of each task", arguments: ["dates", "copy", "reverse", "numbers"])
    func writes(task: String) throws {
        let folder = try TemporaryFolder()
        let output = folder.path(of: "a/b")
        let result = try Program.run([
            "data", task, "--count", "100", "--seed", "3", "--output", output,
        ])
        #expect(result.status == 0 && result.errors.isEmpty)
        #expect(result.output == "\(output): 90 training, 5 validation and 5 test pairs\n")
        #expect(try Folder.names(in: output) == Self.names)
        for (name, count) in [("train", 90), ("valid", 5), ("test", 5)] {
            for side in ["source", "target"] {
                let lines = try TextFile.lines(path: "\(output)/\(name).\(side)")
                #expect(lines.count == count && !lines.contains(""))
            }
        }
    }

    @Test("the same seed gives the same bytes, into a folder that is new or empty")
    func deterministic() throws {
        let folder = try TemporaryFolder()
        let empty = folder.path(of: "empty")
        try Folder.create(empty)
        let new = folder.path(of: "new")
        for output in [empty, new] {
            try Program.run(["data", "dates", "--count", "50", "--output", output])
        }
        for name in Self.names {
            #expect(
                try InputFile.bytes(path: "\(empty)/\(name)", limit: 1 << 20)
                    == InputFile.bytes(path: "\(new)/\(name)", limit: 1 << 20))
        }
    }

    @Test("a folder that is not empty, or cannot be one, ends with 73 and stays as it was")
    func cannotCreate() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("file", "kept")
        for output in [folder.path, file, file + "/below"] {
            let result = try Program.run(["data", "copy", "--count", "9", "--output", output])
            #expect(result.status == 73)
            #expect(result.output.isEmpty && result.errorLines.count == 1)
            #expect(result.errors.hasPrefix("heed: \(folder.path)"))
        }
        #expect(try folder.names() == ["file"])
        #expect(try TextFile.string(path: file) == "kept")
    }
}
