/// The checksum CRC-32C (Castagnoli, polynomial 0x1EDC6F41 reflected), as in iSCSI and RFC 3720.
public struct CRC32C: Sendable {
    private var state: UInt32 = 0xFFFF_FFFF

    /// Starts with no bytes.
    public init() {}

    /// The checksum of all bytes so far.
    public var value: UInt32 { ~state }

    /// The checksum of some bytes.
    public static func checksum(of bytes: [UInt8]) -> UInt32 {
        var crc = CRC32C()
        unsafe bytes.withUnsafeBytes { unsafe crc.update($0) }
        return crc.value
    }

    /// Adds bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        state = unsafe Self.tables.updated(state, bytes)
    }

    private static let tables = ReflectedCRC(polynomial: 0x82F6_3B78)
}

/// The checksum CRC-32 (polynomial 0x04C11DB7 reflected), as in zip archives and ISO 3309.
enum CRC32 {
    /// The checksum of some bytes.
    static func checksum(of bytes: [UInt8]) -> UInt32 {
        ~(unsafe bytes.withUnsafeBytes { unsafe tables.updated(0xFFFF_FFFF, $0) })
    }

    private static let tables = ReflectedCRC(polynomial: 0xEDB8_8320)
}

/// Tables for a checksum of 32 bits whose polynomial is reflected: it takes eight bytes at a time.
private struct ReflectedCRC {
    /// Eight tables of 256: what a byte contributes when 0 … 7 bytes follow it.
    private let tables: [UInt32]

    init(polynomial: UInt32) {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var crc = UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ polynomial }
            tables[byte] = crc
        }
        for index in 256..<tables.count {
            let previous = tables[index - 256]
            tables[index] = previous >> 8 ^ tables[Int(previous & 0xFF)]
        }
        self.tables = tables
    }

    /// The state after these bytes.
    func updated(_ state: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var crc = state
        unsafe tables.withUnsafeBufferPointer { tables in
            var index = 0
            while bytes.count - index >= 8 {
                let word = unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                let mixed = UInt64(littleEndian: word) ^ UInt64(crc)
                crc = 0
                for position in 0..<8 {
                    let byte = Int(truncatingIfNeeded: mixed >> (8 * UInt64(position))) & 0xFF
                    unsafe crc ^= tables[(7 - position) * 256 + byte]
                }
                index += 8
            }
            while index < bytes.count {
                let byte = unsafe bytes[index]
                unsafe crc = crc >> 8 ^ tables[Int(UInt8(truncatingIfNeeded: crc) ^ byte)]
                index += 1
            }
        }
        return crc
    }
}
