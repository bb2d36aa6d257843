import Foundation
import HeedFormats
import HeedTestSupport
import Testing

/// Trainings of the whole program on a disk that fails or is full. `make soak` builds the library that lets calls fail and
/// mounts a small disk; without them the tests of `HeedTrainingTests` and `HeedFormatsTests` do the same inside of one
/// process.
@Suite("heed train on a disk that fails", .serialized)
struct DiskTests {
    private let folder: TemporaryFolder
    private let data: String

    init() throws {
        folder = try TemporaryFolder()
        data = folder.path(of: "data")
        try Program.require(["data", "reverse", "--count", "60", "--output", data])
    }

    private func arguments(_ output: String) -> [String] {
        SmallRun.arguments(
            data: data, output: output, ["--checkpoint-every", "2", "--max-updates", "6"])
    }

    private func goOn(_ run: String, _ expected: [String: [UInt8]], _ words: String) throws {
        let isBegun = FileManager.default.fileExists(atPath: "\(run)/training.json")
        let result = try Program.run(
            isBegun ? ["train", "translation", "--output", run, "--resume"] : arguments(run))
        #expect(result.status == 0, "\(words): \(result.errors)")
        let differences = try RunOutcome.differences(run, expected)
        #expect(differences == [], "\(words)")
        try FileManager.default.removeItem(atPath: run)
    }

    /// The program ended with one of the codes of outputs, and its last line says why.
    private func isClear(_ result: ProgramResult) -> Bool {
        [66, 73, 74].contains(result.status)
            && result.errorLines.last?.hasPrefix("heed: ") == true
            && !result.errors.contains("Fatal error")
    }

    @Test(
        "stops with a line when any call fails, and goes on to the same bits",
        .enabled(if: Soak.shim != nil), arguments: [EIO, ENOSPC])
    func everyCall(code: Int32) throws {
        let shim = try #require(Soak.shim)
        let (whole, counted) = (folder.path(of: "whole"), folder.path(of: "counted"))
        try Program.require(arguments(whole))
        let expected = try RunOutcome.files(whole)
        let countFile = folder.path(of: "count")
        var environment = [
            "LD_PRELOAD": shim, "HEED_FAULT_FOLDER": counted, "HEED_FAULT_COUNT": countFile,
            "HEED_FAULT_ERRNO": "\(code)",
        ]
        try Program.require(arguments(counted), environment: environment)
        let text = try TextFile.string(path: countFile)
        let count = try #require(Int(text.filter(\.isNumber)))
        environment["HEED_FAULT_COUNT"] = nil
        var stopped = 0
        for failing in 0..<count {
            let run = folder.path(of: "run")
            environment["HEED_FAULT_FOLDER"] = run
            environment["HEED_FAULT_CALL"] = "\(failing)"
            let result = try Program.run(arguments(run), environment: environment)
            let words = "call \(failing) of \(count) failed with \(code)"
            if result.status != 0 {
                #expect(isClear(result), "\(words): \(result.status) \(result.errors)")
                stopped += 1
            }
            try goOn(run, expected, words)
        }
        #expect(stopped > count / 2)
        Soak.report(
            "\(count) calls of the program failed in turn with errno \(code); \(stopped) stopped it"
        )
    }

    @Test(
        "stops with a line when the disk is full, and goes on to the same bits when there is room",
        .enabled(if: Soak.disk != nil))
    func fullDisk() throws {
        let disk = try #require(Soak.disk)
        let whole = folder.path(of: "whole")
        try Program.require(arguments(whole))
        let expected = try RunOutcome.files(whole)
        var sizes = 0
        for kilobytes in stride(from: 64, through: 2048, by: 64) {
            try resize(disk, kilobytes: 65_536)
            let run = "\(disk)/run"
            try? FileManager.default.removeItem(atPath: run)
            try resize(disk, kilobytes: kilobytes)
            let result = try Program.run(arguments(run))
            if result.status != 0 {
                #expect(isClear(result), "\(kilobytes) kB: \(result.status) \(result.errors)")
                #expect(result.errors.contains("No space left"), "\(result.errors)")
                sizes += 1
            }
            try resize(disk, kilobytes: 65_536)
            try goOn(run, expected, "\(kilobytes) kB")
        }
        #expect(sizes > 5)
        Soak.report("\(sizes) disks that were too small")
    }

    private func resize(_ disk: String, kilobytes: Int) throws {
        let mount = Process()
        mount.executableURL = URL(filePath: "/bin/mount")
        mount.arguments = ["-o", "remount,size=\(kilobytes)k", disk]
        try mount.run()
        mount.waitUntilExit()
        try #require(mount.terminationStatus == 0)
    }
}
