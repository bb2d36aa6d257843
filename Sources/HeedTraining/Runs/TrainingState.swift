package import HeedFormats

/// Where a training stands, beside the weights and moments: everything that a bitwise equal continuation needs.
package struct TrainingState: Equatable {
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
    /// Their CRC-32C; nil before there are any, and in checkpoints from before it was noted.
    var metricsChecksum: UInt32?
    /// What was fixed when training began, such as sizes, data and seeds.
    var fingerprint = ""

    /// The state as JSON; floating-point numbers stand as their bits.
    package var json: JSONValue {
        [
            "format": 1, "epoch": .int(epoch), "batch": .int(batch), "updates": .int(updates),
            "epoch_loss_bits": .string(String(epochLoss.bitPattern, radix: 16)),
            "epoch_tokens": .int(epochTokens),
            "best_loss_bits": .string(String(bestLoss.bitPattern, radix: 16)),
            "best_epoch": .int(bestEpoch), "epochs_since_best": .int(epochsSinceBest),
            "metrics_bytes": .int(metricsBytes),
            "metrics_crc32c": metricsChecksum.map { .string(String($0, radix: 16)) } ?? nil,
            "fingerprint": .string(fingerprint),
        ]
    }

    init() {}

    /// Reads a state; throws `JSONFieldError`.
    package init(_ json: JSONObjectReader) throws {
        let format = try json.int("format")
        guard format == 1 else { throw json.error("format", "is not one that this version reads") }
        // Far beyond any training, and far from where adding one more would overflow; the number of an update has 32
        // bits where random numbers are made.
        let count = 0...(1 << 48)
        epoch = try json.int("epoch", in: 1...(1 << 31))
        batch = try json.int("batch", in: 0...(1 << 31))
        updates = try json.int("updates", in: 0...(1 << 31))
        epochLoss = try json.bits("epoch_loss_bits")
        epochTokens = try json.int("epoch_tokens", in: count)
        bestLoss = try json.bits("best_loss_bits")
        bestEpoch = try json.int("best_epoch", in: count)
        epochsSinceBest = try json.int("epochs_since_best", in: count)
        metricsBytes = try json.int("metrics_bytes", in: count)
        metricsChecksum = try json.optionalString("metrics_crc32c").map { digits in
            guard let checksum = UInt32(digits, radix: 16) else {
                throw json.error("metrics_crc32c", "must be hexadecimal digits")
            }
            return checksum
        }
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
