import Foundation
import HeedFormats
import HeedTestSupport
import Testing

/// Trainings that end at any moment without a chance to tidy up. `make soak` does it some hundred times.
@Suite("heed train that is killed", .serialized)
struct KillTests {
    private let folder: TemporaryFolder
    private let data: String

    init() throws {
        folder = try TemporaryFolder()
        data = folder.path(of: "data")
        try Program.require(["data", "reverse", "--count", "120", "--output", data])
    }

    private func arguments(_ output: String) -> [String] {
        SmallRun.arguments(
            data: data, output: output,
            ["--batch-tokens", "128", "--checkpoint-every", "2", "--max-updates", "24"])
    }

    /// What a training that nobody disturbs ends with, and how long it takes.
    private func undisturbed() throws -> (files: [String: [UInt8]], seconds: Double) {
        let whole = folder.path(of: "whole")
        let start = Date()
        try Program.require(arguments(whole))
        return (try RunOutcome.files(whole), Date().timeIntervalSince(start))
    }

    @Test("at a random moment goes on and ends with the same bits")
    func random() throws {
        let (expected, seconds) = try undisturbed()
        let count = Soak.count(few: 3, many: 200)
        var (done, early) = (0, 0)
        while done < count {
            let run = folder.path(of: "random-\(done)")
            let delay = Double.random(in: 0...seconds)
            let victim = try Victim(arguments(run))
            usleep(UInt32(delay * 1e6))
            guard victim.end() else {
                // It was faster than the undisturbed one.
                early += 1
                try? FileManager.default.removeItem(atPath: run)
                continue
            }
            try goOn(run, expected, "killed after \(delay) s")
            done += 1
        }
        Soak.report("\(done) trainings killed at random moments, \(early) were over before")
    }

    @Test("inside of a save goes on and ends with the same bits")
    func insideSaves() throws {
        let (expected, _) = try undisturbed()
        let count = Soak.count(few: 2, many: 70)
        var (done, missed) = (0, 0)
        while done < count {
            let run = folder.path(of: "save-\(done)-\(missed)")
            let victim = try Victim(arguments(run))
            // The how-manieth save, and how far into it.
            let number = Int.random(in: 1...8)
            victim.wait(forSave: number, in: "\(run)/checkpoints")
            usleep(UInt32.random(in: 0...2000))
            let isKilled = victim.end()
            // Only a save that was under way leaves its temporary folder.
            let names = (try? Folder.names(in: "\(run)/checkpoints")) ?? []
            guard isKilled, names.contains(where: RelativePath.isTemporaryName) else {
                missed += 1
                try? FileManager.default.removeItem(atPath: run)
                continue
            }
            try goOn(run, expected, "killed inside of save \(number)")
            done += 1
        }
        Soak.report("\(done) trainings killed inside of a save, \(missed) times it was over before")
    }

    @Test("again and again, also while it is going on, ends with the same bits")
    func repeatedly() throws {
        let (expected, seconds) = try undisturbed()
        var kills = 0
        for round in 0..<Soak.count(few: 1, many: 10) {
            let run = folder.path(of: "repeated-\(round)")
            for _ in 0..<8 {
                let victim = try Victim(continuation(of: run))
                usleep(UInt32(Double.random(in: 0.2...0.8) * seconds * 1e6))
                if victim.end() { kills += 1 }
            }
            try goOn(run, expected, "killed repeatedly")
        }
        Soak.report("\(kills) kills of trainings, several of each")
    }

    /// The command that goes on with a run, or begins it where nothing is there to go on with.
    private func continuation(of run: String) -> [String] {
        FileManager.default.fileExists(atPath: "\(run)/training.json")
            ? ["train", "translation", "--output", run, "--resume"] : arguments(run)
    }

    private func goOn(_ run: String, _ expected: [String: [UInt8]], _ words: String) throws {
        let result = try Program.run(continuation(of: run))
        #expect(result.status == 0, "\(words): \(result.errors)")
        let differences = try RunOutcome.differences(run, expected)
        #expect(differences == [], "\(words): \(result.errors)")
        let left = try FileManager.default.subpathsOfDirectory(atPath: run).filter {
            $0.contains(".tmp-")
        }
        #expect(left == [], "\(words)")
        try FileManager.default.removeItem(atPath: run)
    }
}

/// A program that will be killed.
private final class Victim {
    private let process = Process()

    init(_ arguments: [String]) throws {
        process.executableURL = try Program.url()
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    /// Kills it; says whether it was still running.
    func end() -> Bool {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        return process.terminationReason == .uncaughtSignal
    }

    /// Waits until a save has begun so many times, or the program has ended.
    func wait(forSave number: Int, in checkpoints: String) {
        var seen = Set<String>()
        while seen.count < number, process.isRunning {
            for name in (try? Folder.names(in: checkpoints)) ?? []
            where RelativePath.isTemporaryName(name) {
                seen.insert(name)
            }
            usleep(50)
        }
    }
}

/// How much is tried: a little with every test, much with `make soak`.
enum Soak {
    private static let environment = ProcessInfo.processInfo.environment
    private static let isOn = environment["HEED_SOAK"] != nil
    /// The library that lets calls fail, if there is one.
    static let shim = environment["HEED_SOAK_SHIM"]
    /// A small disk, if there is one.
    static let disk = environment["HEED_SOAK_DISK"]

    static func count(few: Int, many: Int) -> Int { isOn ? many : few }

    /// Tells what was tried, where it is what one wants to know.
    static func report(_ words: String) {
        if isOn { print("soak: \(words)") }
    }
}
