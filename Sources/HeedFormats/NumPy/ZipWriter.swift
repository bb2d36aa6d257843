/// Writes a zip archive of stored files one after another; it appears complete or not at all.
///
/// Only the list of what has been written is kept in memory. Sizes, offsets and counts beyond the first format's have the
/// records of ZIP64 (APPNOTE 6.3.9, §4.3 and §4.5.3).
final class ZipWriter {
    private struct Entry {
        let name: [UInt8]
        let checksum: UInt32
        let size: UInt64
        let offset: UInt64
    }

    private let file: AtomicFile
    private var entries: [Entry] = []
    private var end: UInt64 = 0
    /// Sizes and offsets from here on, and counts from `countLimit` on, stand in records of ZIP64; tests lower it.
    private let limit: UInt64
    private let countLimit: UInt64

    /// Creates the file; throws `FileError`.
    init(path: String, limit: UInt64 = 0xFFFF_FFFF, countLimit: UInt64 = 0xFFFF) throws {
        file = try AtomicFile(path: path)
        self.limit = limit
        self.countLimit = countLimit
    }

    /// Adds a file; throws `FileError`. The name has at most 65,535 bytes of UTF-8 and is not there yet.
    func add(_ name: String, _ bytes: [UInt8]) throws {
        let entry = Entry(
            name: Array(name.utf8.prefix(0xFFFF)), checksum: CRC32.checksum(of: bytes),
            size: UInt64(bytes.count), offset: end)
        let isLarge = entry.size >= limit
        var header = ZipRecord(signature: 0x0403_4B50)
        header.append(UInt16(isLarge ? 45 : 20))
        append(describing: entry, to: &header)
        header.append(UInt16(isLarge ? 20 : 0))
        header.append(entry.name)
        if isLarge { header.appendZip64([entry.size, entry.size]) }
        try write(header.bytes)
        try write(bytes)
        entries.append(entry)
    }

    /// Writes the list of files and makes the archive appear; throws `FileError`.
    func commit() throws {
        let start = end
        for entry in entries { try write(listed(entry)) }
        let (size, count) = (end - start, UInt64(entries.count))
        if start >= limit || size >= limit || count >= countLimit {
            try writeZip64End(count: count, size: size, start: start)
        }
        var record = ZipRecord(signature: 0x0605_4B50)
        record.append(UInt32(0))
        for _ in 0..<2 { record.append(UInt16(count >= countLimit ? 0xFFFF : count)) }
        for value in [size, start] { record.append(UInt32(value >= limit ? 0xFFFF_FFFF : value)) }
        record.append(UInt16(0))
        try write(record.bytes)
        try file.commit()
    }

    /// An entry of the list at the end.
    private func listed(_ entry: Entry) -> [UInt8] {
        var large: [UInt64] = entry.size >= limit ? [entry.size, entry.size] : []
        if entry.offset >= limit { large.append(entry.offset) }
        var record = ZipRecord(signature: 0x0201_4B50)
        record.append(UInt16(large.isEmpty ? 20 : 45))
        record.append(UInt16(large.isEmpty ? 20 : 45))
        append(describing: entry, to: &record)
        record.append(UInt16(large.isEmpty ? 0 : 4 + 8 * large.count))
        for _ in 0..<3 { record.append(UInt16(0)) }
        record.append(UInt32(0))
        record.append(UInt32(entry.offset >= limit ? 0xFFFF_FFFF : entry.offset))
        record.append(entry.name)
        if !large.isEmpty { record.appendZip64(large) }
        return record.bytes
    }

    /// What stands in an entry's own header and in the list alike: UTF-8, stored, of no time, checksum, sizes, name's size.
    private func append(describing entry: Entry, to record: inout ZipRecord) {
        record.append(UInt16(0x0800))
        record.append(UInt16(0))
        // Midnight of the first day that the format knows: the same archive for the same contents.
        record.append(UInt16(0))
        record.append(UInt16(0x0021))
        record.append(entry.checksum)
        for _ in 0..<2 {
            record.append(UInt32(entry.size >= limit ? 0xFFFF_FFFF : entry.size))
        }
        record.append(UInt16(entry.name.count))
    }

    private func writeZip64End(count: UInt64, size: UInt64, start: UInt64) throws {
        let place = end
        var record = ZipRecord(signature: 0x0606_4B50)
        record.append(UInt64(44))
        record.append(UInt16(45))
        record.append(UInt16(45))
        record.append(UInt64(0))
        for value in [count, count, size, start] { record.append(value) }
        record.append(UInt32(0x0706_4B50))
        record.append(UInt32(0))
        record.append(place)
        record.append(UInt32(1))
        try write(record.bytes)
    }

    private func write(_ bytes: [UInt8]) throws {
        try file.write(bytes)
        end += UInt64(bytes.count)
    }
}

/// The little-endian fields of a zip archive's record.
private struct ZipRecord {
    private(set) var bytes: [UInt8] = []

    init(signature: UInt32) { append(signature) }

    mutating func append(_ value: some FixedWidthInteger & UnsignedInteger) {
        for shift in stride(from: 0, to: value.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    mutating func append(_ more: [UInt8]) { bytes += more }

    /// The extra field of sizes and offsets that need 64 bits.
    mutating func appendZip64(_ values: [UInt64]) {
        append(UInt16(1))
        append(UInt16(8 * values.count))
        for value in values { append(value) }
    }
}
