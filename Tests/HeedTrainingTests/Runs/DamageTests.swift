import Glibc
import HeedFormats
import HeedTensor
import HeedTraining
import Testing

@Suite("A training run on a disk that fails")
struct DamageTests {
    /// More with `make soak`.
    private static let isSoak = unsafe getenv("HEED_SOAK") != nil

    /// A folder in memory, where flushing costs nothing.
    private func withFastFolder(_ body: (String) throws -> Void) throws {
        let path = "/dev/shm/heed-damage-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        defer { try? Folder.remove(path) }
        try body(path)
    }

    @Test("stops at any call that fails, and goes on to the same bits", arguments: [EIO, ENOSPC])
    func everyFault(code: Int32) throws {
        try withFastFolder { folder in
            try CountingRun.train("\(folder)/whole", updates: 15, average: 2)
            let expected = try CountingRun.outcome("\(folder)/whole")
            let log = SystemFaults(failing: nil, code: 0)
            try SystemFaults.$current.withValue(log) {
                _ = try CountingRun.train("\(folder)/count", updates: 15, average: 2)
            }
            let count = log.log.count
            let kinds = Set(log.log)
            #expect(kinds.isSuperset(of: [.open, .write, .flush, .rename, .create, .remove]))
            var failed = 0
            for failing in stride(from: Int(code) % 7, to: count, by: Self.isSoak ? 1 : 29) {
                let run = "\(folder)/\(failing)"
                let words = "call \(failing) of \(count): \(log.log[failing])"
                let faults = SystemFaults(failing: failing, code: code)
                do {
                    try SystemFaults.$current.withValue(faults) {
                        _ = try CountingRun.train(run, updates: 15, average: 2)
                    }
                } catch is FileError {
                    failed += 1
                } catch is FolderDamage {
                    // A file that cannot be read cannot be verified.
                    failed += 1
                }
                try CountingRun.train(run, updates: 15, average: 2, resuming: true)
                let found = try CountingRun.outcome(run)
                for (name, bytes) in expected { #expect(found[name] == bytes, "\(name), \(words)") }
                try Folder.remove(run)
            }
            #expect(failed > 0)
            if Self.isSoak { print("soak: \(failed) of \(count) calls failed with errno \(code)") }
        }
    }

    @Test("notices any flipped bit of a checkpoint, an epoch and the best weights")
    func flippedBits() throws {
        try withFastFolder { run in
            try CountingRun.train(run, updates: 15)
            var flips = 0
            for part in ["checkpoints/step-15", "checkpoints/step-12", "epochs/epoch-3", "best"] {
                let folder = "\(run)/\(part)"
                for name in try Folder.files(in: folder) {
                    let path = "\(folder)/\(name)"
                    let bytes = try InputFile.bytes(path: path, limit: 1 << 20)
                    for bit in stride(from: 0, to: bytes.count * 8, by: Self.isSoak ? 1 : 7) {
                        try flip(bit, of: bytes, path)
                        #expect(throws: (any Error).self, "bit \(bit) of \(part)/\(name)") {
                            try FolderManifest.verify(folder: folder)
                        }
                        flips += 1
                    }
                    try flip(nil, of: bytes, path)
                }
                try FolderManifest.verify(folder: folder)
            }
            if Self.isSoak { print("soak: \(flips) flipped bits, all noticed") }
        }
    }

    @Test("goes on from the checkpoint before a damaged one, to the same bits")
    func damagedCheckpoint() throws {
        try withFastFolder { folder in
            try CountingRun.train(folder, updates: 15)
            let expected = try CountingRun.outcome(folder)
            let checkpoint = "\(folder)/checkpoints/step-15"
            for name in try Folder.files(in: checkpoint) {
                let path = "\(checkpoint)/\(name)"
                let bytes = try InputFile.bytes(path: path, limit: 1 << 20)
                try flip(bytes.count * 4, of: bytes, path)
                var notices: [String] = []
                try CountingRun.train(folder, updates: 15, resuming: true) {
                    if case .notice(let words) = $0 { notices.append(words) }
                }
                #expect(notices.contains { $0.contains("step-15 was skipped") })
                #expect(try Folder.kind(of: "\(checkpoint).rejected") == .folder)
                try Folder.remove("\(checkpoint).rejected")
                let found = try CountingRun.outcome(folder)
                for (name, bytes) in expected { #expect(found[name] == bytes, "\(name)") }
            }
        }
    }

    /// Writes bytes with one bit changed; nil changes none.
    private func flip(_ bit: Int?, of bytes: [UInt8], _ path: String) throws {
        var changed = bytes
        if let bit { changed[bit / 8] ^= 1 << UInt8(bit % 8) }
        let descriptor = unsafe open(path, O_WRONLY | O_TRUNC)
        defer { close(descriptor) }
        let count = unsafe changed.withUnsafeBytes {
            unsafe write(descriptor, $0.baseAddress, $0.count)
        }
        #expect(count == bytes.count)
    }

    @Test("sets damaged epochs and best weights aside before they are used")
    func damagedWeights() throws {
        // The third epoch is the best one that is left; its average is with the first.
        for (part, average, expected) in [("epochs/epoch-2", 2, 10.0), ("best", 0, 15)] {
            try withFastFolder { folder in
                try CountingRun.train(folder, updates: 10, average: average)
                let path = "\(folder)/\(part)/model.safetensors"
                let bytes = try InputFile.bytes(path: path, limit: 1 << 20)
                try flip(bytes.count * 8 - 3, of: bytes, path)
                var notices: [String] = []
                try CountingRun.train(folder, updates: 15, average: average, resuming: true) {
                    if case .notice(let words) = $0 { notices.append(words) }
                }
                #expect(notices.contains { $0.contains("\(part) was set aside: ") }, "\(notices)")
                #expect(try Folder.kind(of: "\(folder)/\(part).rejected") == .folder)
                #expect(abs(try CountingTask.updates(inFolder: folder) - expected) < 1e-3)
            }
        }
    }

    @Test("does not make a model of damaged weights, and says when none are left")
    func nothingLeft() throws {
        try withFastFolder { folder in
            try CountingRun.train(folder, updates: 5)
            let path = "\(folder)/best/model.safetensors"
            let bytes = try InputFile.bytes(path: path, limit: 1 << 20)
            try flip(bytes.count * 8 - 3, of: bytes, path)
            let error = #expect(throws: TrainingError.self) {
                try CountingRun.train(folder, updates: 5, resuming: true)
            }
            #expect(error?.description.contains("go on with a larger limit") == true)
        }
    }

    @Test(
        "does not go on from moments that no training makes",
        arguments: [
            ("first_moment", Float.nan), ("first_moment", .infinity), ("second_moment", .nan),
            ("second_moment", -.leastNonzeroMagnitude),
        ])
    func impossibleMoments(name: String, value: Float) throws {
        try withFastFolder { run in
            try CountingRun.train(run, updates: 10)
            try replaceMoment(name, by: value, in: "\(run)/checkpoints/step-10")
            let error = #expect(throws: TrainingError.self) {
                try CountingRun.train(run, updates: 15, resuming: true)
            }
            #expect(error?.description.contains("optimizer.safetensors") == true)
        }
    }

    @Test("goes on from a first moment below zero")
    func negativeMoment() throws {
        try withFastFolder { run in
            try CountingRun.train(run, updates: 10)
            try replaceMoment("first_moment", by: -1, in: "\(run)/checkpoints/step-10")
            try CountingRun.train(run, updates: 15, resuming: true)
        }
    }

    /// Writes a checkpoint again, with another last element of a moment.
    private func replaceMoment(_ name: String, by value: Float, in checkpoint: String) throws {
        let momentsName = "optimizer.safetensors"
        let others = try ["model.safetensors", "state.json"].map {
            ($0, try InputFile.bytes(path: "\(checkpoint)/\($0)", limit: 1 << 20))
        }
        let file = try SafetensorsFile(path: "\(checkpoint)/\(momentsName)")
        let moments = try file.names.map { moment in
            let tensor = try Tensor(reading: moment, from: file)
            let changed = Tensor(tensor.floats.dropLast() + [value], shape: tensor.shape)
            return (moment, moment == name ? changed : tensor)
        }
        try Folder.remove(checkpoint)
        let folder = try AtomicFolder(path: checkpoint)
        for (name, bytes) in others { try folder.write(bytes, to: name) }
        let writer = try SafetensorsWriter(
            path: folder.path(of: momentsName),
            tensors: moments.map { TensorDescription($0, $1.elementType, $1.shape.sizes) })
        for (name, tensor) in moments { try tensor.write(to: writer, as: name) }
        try writer.commit()
        try folder.commit()
    }

    @Test("says that metrics were changed, and goes on")
    func changedMetrics() throws {
        try withFastFolder { folder in
            try CountingRun.train(folder, updates: 10)
            let path = "\(folder)/metrics.jsonl"
            let text = try TextFile.string(path: path)
            try AtomicFile.write(text.replacing("\"epoch\": 1", with: "\"epoch\": 7"), to: path)
            var notices: [String] = []
            try CountingRun.train(folder, updates: 15, resuming: true) {
                if case .notice(let words) = $0 { notices.append(words) }
            }
            #expect(notices.contains { $0.contains("metrics.jsonl is not what it was") })
            #expect(try TextFile.lines(path: path).count == 3)
        }
    }

    @Test("leaves other folders alone, whatever they are called")
    func otherNames() throws {
        try withFastFolder { folder in
            try CountingRun.train(folder, updates: 10)
            let others = ["step-099", "step-+5", "step--5", "notes.tmp-old", "step-7.bak"]
            for name in others { try Folder.create("\(folder)/checkpoints/\(name)") }
            try CountingRun.train(folder, updates: 15, resuming: true)
            let names = try Folder.names(in: "\(folder)/checkpoints")
            #expect(Set(names).isSuperset(of: others), "\(names)")
        }
    }
}

@Suite("The state in a checkpoint")
struct TrainingStateTests {
    private static func json(_ field: String, _ value: JSONValue) -> JSONValue {
        var object = JSONObject()
        let fields: [(String, JSONValue)] = [
            ("format", 1), ("epoch", 2), ("batch", 3), ("updates", 15),
            ("epoch_loss_bits", "4033e2d1"), ("epoch_tokens", 7),
            ("best_loss_bits", "7ff0000000000000"), ("best_epoch", 1), ("epochs_since_best", 0),
            ("metrics_bytes", 10), ("metrics_crc32c", "12ab"), ("fingerprint", "a: b"),
        ]
        for (name, known) in fields { object.insert(name == field ? value : known, forName: name) }
        return .object(object)
    }

    @Test("is read as it was written, also from before metrics had a checksum")
    func roundTrip() throws {
        for value in ["12ab", nil] as [JSONValue] {
            let json = Self.json("metrics_crc32c", value)
            #expect(try TrainingState(JSONObjectReader(json, file: "state.json")).json == json)
        }
    }

    static let hostile: [(String, JSONValue)] = [
        ("format", 2), ("format", "1"), ("epoch", 0), ("epoch", .int(.max)), ("batch", -1),
        ("batch", .int(.max)), ("updates", .int(.max)), ("updates", .int(1 << 32)),
        ("epoch_loss_bits", "x"), ("epoch_loss_bits", 1), ("epoch_tokens", .int(.max)),
        ("best_loss_bits", "10000000000000000"), ("best_epoch", .int(.max)),
        ("epochs_since_best", .int(.max)), ("metrics_bytes", .int(.max)), ("metrics_bytes", 1.5),
        ("metrics_crc32c", "100000000"), ("fingerprint", nil),
    ]

    @Test("is refused by field where it cannot be", arguments: hostile)
    func refused(field: String, value: JSONValue) {
        let error = #expect(throws: JSONFieldError.self) {
            try TrainingState(JSONObjectReader(Self.json(field, value), file: "state.json"))
        }
        #expect(error?.field == field)
    }
}
