import HeedFormats
import Testing

@Suite("Conversions of floating-point formats")
struct WideningTests {
    @Test("every half becomes the float of the same value, and NaN keeps its bits")
    func halves() {
        for bits in UInt16.min...UInt16.max {
            let found = Widening.float(float16: bits)
            let exponent = Int(bits >> 10 & 31)
            let fraction = Double(bits & 0x3FF)
            let sign = bits & 0x8000 == 0 ? 1.0 : -1.0
            if exponent == 31, fraction != 0 {
                #expect(found.isNaN)
                #expect(found.bitPattern >> 13 & 0x3FF == UInt32(bits & 0x3FF))
                continue
            }
            let scale = Double(sign: .plus, exponent: max(exponent, 1) - 25, significand: 1)
            let magnitude =
                exponent == 31
                ? Double.infinity : scale * (exponent == 0 ? fraction : fraction + 1024)
            #expect(found.bitPattern == Float(sign * magnitude).bitPattern)
        }
    }

    @Test("every bfloat16 becomes a float and comes back as the same bits")
    func roundTrip() {
        for bits in UInt16.min...UInt16.max {
            let float = Widening.float(bfloat16: bits)
            #expect(float.bitPattern == UInt32(bits) << 16)
            let expected = float.isNaN ? bits | 0x40 : bits
            #expect(Widening.bfloat16(float) == expected)
        }
    }

    @Test("floats are rounded to the nearest bfloat16, ties to even")
    func rounding() {
        #expect(Widening.bfloat16(Float(bitPattern: 0x3F80_8000)) == 0x3F80)
        #expect(Widening.bfloat16(Float(bitPattern: 0x3F81_8000)) == 0x3F82)
        #expect(Widening.bfloat16(Float(bitPattern: 0x3F80_8001)) == 0x3F81)
        #expect(Widening.bfloat16(Float(bitPattern: 0x3F80_7FFF)) == 0x3F80)
        #expect(Widening.bfloat16(.greatestFiniteMagnitude) == 0x7F80)
        #expect(Widening.bfloat16(-.infinity) == 0xFF80)
        #expect(Widening.float(bfloat16: Widening.bfloat16(Float(bitPattern: 0x7F80_0001))).isNaN)
        #expect(Widening.bfloat16(.leastNonzeroMagnitude) == 0)
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<100_000 {
            let value = Float(bitPattern: generator.next())
            guard value.isFinite, value.magnitude < 3e38 else { continue }
            let found = Widening.bfloat16(value)
            let error = abs(Double(Widening.float(bfloat16: found)) - Double(value))
            for neighbour in [found &- 1, found &+ 1] {
                let other = Double(Widening.float(bfloat16: neighbour))
                guard other.isFinite, found & 0x7FFF != 0 else { continue }
                #expect(error <= abs(other - Double(value)), "\(value)")
            }
        }
    }

    @Test("bytes of each type become floats, at any alignment")
    func bytes() {
        let values: [Float] = [0, -1.5, 0.25, 65504, -0.0]
        let doubles = values.map { Double($0).bitPattern }
        let types: [(ElementType, [UInt8])] = [
            (.float32, littleEndian(values.map(\.bitPattern))),
            (.float64, littleEndian(doubles)),
            (.float16, littleEndian([0x0000, 0xBE00, 0x3400, 0x7BFF, 0x8000] as [UInt16])),
        ]
        for (type, bytes) in types {
            #expect(Widening.floats(bytes, of: type).map(\.bitPattern) == values.map(\.bitPattern))
            let shifted = [0] + bytes
            var floats = [Float](repeating: .nan, count: values.count)
            unsafe shifted.withUnsafeBytes { source in
                unsafe floats.withUnsafeMutableBufferPointer {
                    unsafe Widening.widen(.init(rebasing: source[1...]), of: type, into: $0)
                }
            }
            #expect(floats == values)
        }
        #expect(Widening.floats([0x80, 0x3F, 0x00, 0xC0], of: .bfloat16) == [1, -2])
        #expect(Widening.floats([], of: .float64) == [])
    }

    private func littleEndian<T: FixedWidthInteger>(_ values: [T]) -> [UInt8] {
        values.flatMap { value in
            (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
    }
}
