import HeedFormats

/// What a training left behind that must be the same bits however often it was stopped on its way.
enum RunOutcome {
    /// The model, the newest checkpoint, the best weights, the epochs, and the metrics without their times.
    static func files(_ run: String) throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        let read = { (name: String) throws -> [UInt8] in
            try InputFile.bytes(path: "\(run)/\(name)", limit: 1 << 30)
        }
        let folders = try ["checkpoints", "epochs"].map { part in
            (part, try Folder.names(in: "\(run)/\(part)").filter { !$0.contains("rejected") })
        }
        let newest = { (names: [String]) -> String? in
            names.max { Self.number($0) < Self.number($1) }
        }
        if let step = newest(folders[0].1) {
            for name in ["model.safetensors", "optimizer.safetensors"] {
                files["\(name) of \(step)"] = try read("checkpoints/\(step)/\(name)")
            }
        }
        for epoch in folders[1].1 {
            files[epoch] = try read("epochs/\(epoch)/model.safetensors")
        }
        for name in ["model.safetensors", "tokenizer.json", "best/model.safetensors"] {
            files[name] = try read(name)
        }
        let metrics = try TextFile.lines(path: "\(run)/metrics.jsonl").map {
            $0.replacing(#/, "seconds": [^,}]*/#, with: "")
        }
        files["metrics"] = Array(metrics.joined(separator: "\n").utf8)
        return files
    }

    /// The names of what differs between two runs.
    static func differences(_ run: String, _ other: [String: [UInt8]]) throws -> [String] {
        let found = try files(run)
        return Set(found.keys).union(other.keys).filter { found[$0] != other[$0] }.sorted()
    }

    /// N of `step-N`.
    private static func number(_ name: String) -> Int {
        name.split(separator: "-").last.flatMap { Int($0) } ?? -1
    }
}
