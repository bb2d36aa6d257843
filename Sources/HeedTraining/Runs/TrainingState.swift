import HeedFormats

/// Where a training stands, beside the weights and moments: everything that a bitwise equal continuation needs.
struct TrainingState: Equatable {
    /// The epoch under way, from 1.
    var epoch = 1
    /// Updates of that epoch that have been made.
    var batch = 0
    /// Updates that have been made.
    var updates = 0
    /// The sum of the epoch's losses so far, and its tokens.
    var epochLoss = 0.0
    var epochTokens = 0
    /// The best validation loss so far, its epoch, and the epochs since.
    var bestLoss = Double.infinity
    var bestEpoch = 0
    var epochsSinceBest = 0
    /// The bytes of `metrics.jsonl` that belong to this state.
    var metricsBytes = 0
    /// What was fixed when training began, such as sizes, data and seeds.
    var fingerprint = ""

    /// The state as JSON; floating-point numbers stand as their bits.
    var json: JSONValue {
        [
            "format": 1, "epoch": .int(epoch), "batch": .int(batch), "updates": .int(updates),
            "epoch_loss_bits": .string(String(epochLoss.bitPattern, radix: 16)),
            "epoch_tokens": .int(epochTokens),
            "best_loss_bits": .string(String(bestLoss.bitPattern, radix: 16)),
            "best_epoch": .int(bestEpoch), "epochs_since_best": .int(epochsSinceBest),
            "metrics_bytes": .int(metricsBytes), "fingerprint": .string(fingerprint),
        ]
    }

    init() {}

    /// Reads a state; throws `JSONFieldError`.
    init(_ json: JSONObjectReader) throws {
        let format = try json.int("format")
        guard format == 1 else { throw json.error("format", "is not one that this version reads") }
        let count = 0...Int.max
        epoch = try json.int("epoch", in: 1...Int.max)
        batch = try json.int("batch", in: count)
        updates = try json.int("updates", in: count)
        epochLoss = try json.bits("epoch_loss_bits")
        epochTokens = try json.int("epoch_tokens", in: count)
        bestLoss = try json.bits("best_loss_bits")
        bestEpoch = try json.int("best_epoch", in: count)
        epochsSinceBest = try json.int("epochs_since_best", in: count)
        metricsBytes = try json.int("metrics_bytes", in: count)
        fingerprint = try json.string("fingerprint")
    }
}

extension JSONObjectReader {
    /// A number that was written as its bits.
    fileprivate func bits(_ name: String) throws -> Double {
        guard let bits = UInt64(try string(name), radix: 16) else {
            throw error(name, "must be the bits of a number")
        }
        return Double(bitPattern: bits)
    }
}
