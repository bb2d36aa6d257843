import Foundation
import HeedFormats
import HeedTestSupport
import HeedTraining
import SwiftProtobuf
import Testing

@Suite("Event files for TensorBoard")
struct EventFileTests {
    @Test("records carry the masked checksums of the published format")
    func framing() {
        // The first bytes of every file of TensorFlow 2 with a first event of 24 bytes.
        let record = TFRecord.frame([UInt8](repeating: 0, count: 24))
        #expect(record.prefix(12) == [24, 0, 0, 0, 0, 0, 0, 0, 163, 127, 75, 34])
        #expect(record.count == 12 + 24 + 4)
        #expect(TFRecord.maskedChecksum(of: Array("123456789".utf8)) == 0xC78A_B0E5)
    }

    @Test("payloads come back", arguments: [[], [0], [1, 2, 300]])
    func roundTrip(lengths: [Int]) throws {
        let payloads = lengths.map { length in (0..<length).map { UInt8(truncatingIfNeeded: $0) } }
        #expect(try TFRecord.payloads(in: payloads.flatMap(TFRecord.frame)) == payloads)
    }

    @Test("every cut and every flipped bit is noticed")
    func damage() throws {
        let first = TFRecord.frame([1, 2, 3])
        let bytes = first + TFRecord.frame([4, 5])
        for count in 0..<bytes.count where count != 0 && count != first.count {
            #expect(throws: TFRecordError.self) {
                try TFRecord.payloads(in: Array(bytes[..<count]))
            }
        }
        for bit in 0..<(8 * bytes.count) {
            var damaged = bytes
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: TFRecordError.self) { try TFRecord.payloads(in: damaged) }
        }
        let huge = [UInt8](repeating: 255, count: 8)
        let checksum = TFRecord.maskedChecksum(of: huge)
        let header = huge + (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (8 * $0)) }
        let error = #expect(throws: TFRecordError.self) {
            try TFRecord.payloads(in: header + [0, 0, 0, 0])
        }
        #expect(error?.problem == .endsInside)
        #expect(error?.description == "the file ends inside the record at byte 1")
    }

    @Test("an event has the bytes that TensorBoard's message definitions give it")
    func wireFormat() throws {
        let event = Heed_Event.with {
            $0.wallTime = 1
            $0.step = 300
            $0.summary.value = [
                .with {
                    $0.tag = "ab"
                    $0.simpleValue = 0.5
                }
            ]
        }
        let bytes: [UInt8] = try event.serializedBytes()
        #expect(
            bytes == [
                0x09, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0x10, 0xAC, 0x02, 0x2A, 11, 0x0A, 9, 0x0A, 2,
                0x61, 0x62, 0x15, 0, 0, 0, 0x3F,
            ])
    }

    @Test("a file starts with its version and holds the scalars in order")
    func file() throws {
        let folder = try TemporaryFolder()
        let date = Date(timeIntervalSince1970: 1_700_000_000.25)
        let writer = try EventFileWriter(folder: folder.url, continuingAt: 7, date: date)
        try writer.write(["train/loss": 1.5, "rate": 0.25], step: 7, date: date)
        try writer.write(["train/loss": .nan], step: 8, date: date)
        try writer.close()

        let name = writer.url.lastPathComponent
        #expect(name.hasPrefix("events.out.tfevents.1700000000.heed."))
        let bytes = [UInt8](try Data(contentsOf: writer.url))
        let events = try TFRecord.payloads(in: bytes).map { try Heed_Event(serializedBytes: $0) }
        try #require(events.count == 4)
        #expect(events.allSatisfy { $0.wallTime == 1_700_000_000.25 })
        #expect(events[0].fileVersion == "brain.Event:2")
        #expect(events[1].sessionLog.status == .start && events[1].step == 7)
        #expect(events[2].summary.value.map(\.tag) == ["rate", "train/loss"])
        #expect(events[2].summary.value.map(\.simpleValue) == [0.25, 1.5])
        #expect(events[3].step == 8 && events[3].summary.value[0].simpleValue.isNaN)
    }

    @Test("two files of the same second have two names, and nothing is replaced")
    func names() throws {
        let folder = try TemporaryFolder()
        let date = Date(timeIntervalSince1970: 5)
        let first = try EventFileWriter(folder: folder.url, date: date)
        try first.write(["a": 1], step: 1, date: date)
        let second = try EventFileWriter(folder: folder.url, date: date)
        #expect(first.url != second.url)
        #expect(second.url.lastPathComponent.hasPrefix("events.out.tfevents.0000000005."))
        #expect(try Data(contentsOf: first.url).count > Data(contentsOf: second.url).count)
    }

    @Test("a folder that does not exist is an error")
    func noFolder() throws {
        let folder = try TemporaryFolder().url.appending(path: "absent")
        #expect(throws: (any Error).self) { try EventFileWriter(folder: folder) }
    }
}
