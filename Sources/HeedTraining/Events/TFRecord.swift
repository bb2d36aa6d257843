import HeedFormats

/// The framing of TensorBoard's files: length, checksum of the length, bytes, checksum of the bytes.
package enum TFRecord {
    private static let headerCount = 12

    /// A payload with its frame; integers are little-endian, the length has 64 bits.
    package static func frame(_ payload: [UInt8]) -> [UInt8] {
        let length = littleEndianBytes(UInt64(payload.count))
        return length + littleEndianBytes(maskedChecksum(of: length))
            + payload + littleEndianBytes(maskedChecksum(of: payload))
    }

    /// The payloads of a file's bytes; throws `TFRecordError` at the first damaged record.
    package static func payloads(in bytes: [UInt8]) throws -> [[UInt8]] {
        let (payloads, damage) = readablePayloads(in: bytes)
        if let damage { throw damage }
        return payloads
    }

    /// The payloads up to the first damaged record, and what is wrong with that.
    package static func readablePayloads(
        in bytes: [UInt8]
    ) -> (payloads: [[UInt8]], damage: TFRecordError?) {
        var payloads: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let offset = rest.startIndex
            do {
                payloads.append(try takePayload(&rest))
            } catch {
                return (payloads, TFRecordError(offset: offset, problem: error))
            }
        }
        return (payloads, nil)
    }

    private static func takePayload(
        _ rest: inout ArraySlice<UInt8>
    ) throws(TFRecordError.Problem) -> [UInt8] {
        let header = rest.prefix(headerCount)
        guard header.count == headerCount else { throw .endsInside }
        guard checksumAgrees(header.prefix(8), header.suffix(4)) else { throw .lengthChecksum }
        let body = rest.dropFirst(headerCount)
        let length = littleEndianValue(header.prefix(8))
        guard length <= UInt64(body.count), body.count - Int(length) >= 4 else {
            throw .endsInside
        }
        let payload = body.prefix(Int(length))
        let checksum = body.dropFirst(Int(length)).prefix(4)
        guard checksumAgrees(payload, checksum) else { throw .payloadChecksum }
        rest = body.dropFirst(Int(length) + 4)
        return Array(payload)
    }

    /// CRC-32C, rotated and shifted by a constant, so that a checksum of checksums stays random.
    package static func maskedChecksum(of bytes: [UInt8]) -> UInt32 {
        let checksum = CRC32C.checksum(of: bytes)
        return (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
    }

    private static func checksumAgrees(
        _ bytes: ArraySlice<UInt8>, _ stored: ArraySlice<UInt8>
    ) -> Bool {
        littleEndianValue(stored) == UInt64(maskedChecksum(of: Array(bytes)))
    }

    private static func littleEndianBytes(_ value: some FixedWidthInteger) -> [UInt8] {
        stride(from: 0, to: value.bitWidth, by: 8).map {
            UInt8(truncatingIfNeeded: value >> $0)
        }
    }

    private static func littleEndianValue(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// A damaged record of an event file.
package struct TFRecordError: Error, Equatable, CustomStringConvertible {
    package enum Problem: Error {
        case endsInside, lengthChecksum, payloadChecksum
    }

    /// Where the record starts, in bytes.
    package var offset: Int
    package var problem: Problem

    package var description: String {
        switch problem {
        case .endsInside: "the file ends inside the record at byte \(offset + 1)"
        case .lengthChecksum: "the length of the record at byte \(offset + 1) fails its checksum"
        case .payloadChecksum: "the record at byte \(offset + 1) fails its checksum"
        }
    }
}
