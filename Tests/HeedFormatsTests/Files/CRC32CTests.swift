import HeedFormats
import Testing

@Suite("CRC-32C")
struct CRC32CTests {
    @Test("the published vectors come out")
    func vectors() {
        #expect(CRC32C.checksum(of: []) == 0)
        #expect(CRC32C.checksum(of: Array("123456789".utf8)) == 0xE306_9283)
        #expect(CRC32C.checksum(of: [UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum(of: [UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(CRC32C.checksum(of: Array(0..<32)) == 0x46DD_794E)
        #expect(CRC32C.checksum(of: Array((0..<32).reversed())) == 0x113F_DB5C)
    }

    @Test("every length, cut anywhere, equals the sum bit by bit")
    func pieces() {
        let bytes = (0..<67).map { UInt8(truncatingIfNeeded: $0 * 151 + 7) }
        for count in 0...bytes.count {
            var expected: UInt32 = ~0
            for byte in bytes.prefix(count) {
                expected ^= UInt32(byte)
                for _ in 0..<8 {
                    expected = expected & 1 == 0 ? expected >> 1 : expected >> 1 ^ 0x82F6_3B78
                }
            }
            for cut in 0...count {
                var crc = CRC32C()
                unsafe bytes.withUnsafeBytes {
                    unsafe crc.update(UnsafeRawBufferPointer(rebasing: $0[..<cut]))
                    unsafe crc.update(UnsafeRawBufferPointer(rebasing: $0[cut..<count]))
                }
                #expect(crc.value == ~expected)
            }
        }
    }
}
