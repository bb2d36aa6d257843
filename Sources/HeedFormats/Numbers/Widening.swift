/// Conversions between the floating-point formats of files and float32.
public enum Widening {
    /// A bfloat16 as float32: the same bits above sixteen zeros.
    @inlinable
    public static func float(bfloat16 bits: UInt16) -> Float {
        Float(bitPattern: UInt32(bits) << 16)
    }

    /// A float32 rounded to the nearest bfloat16, ties to even; a NaN stays a (quiet) NaN.
    @inlinable
    public static func bfloat16(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        if value.isNaN { return UInt16(truncatingIfNeeded: bits >> 16) | 0x0040 }
        let rounding = 0x7FFF &+ ((bits >> 16) & 1)
        return UInt16(truncatingIfNeeded: (bits &+ rounding) >> 16)
    }

    /// An IEEE half as float32, which holds every half exactly, subnormals and NaN payloads included.
    @inlinable
    public static func float(float16 bits: UInt16) -> Float {
        let sign = UInt32(bits & 0x8000) << 16
        let exponent = UInt32(bits >> 10) & 0x1F
        let fraction = UInt32(bits & 0x3FF)
        switch exponent {
        case 0:
            // A subnormal is its fraction times 2⁻²⁴, which is exact in float32.
            let magnitude = Float(fraction) * 0x1p-24
            return Float(bitPattern: sign | magnitude.bitPattern)
        case 31:
            return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
        default:
            return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }

    /// Turns bytes of float16, bfloat16, float32 or float64 into float32.
    ///
    /// The bytes may stand at any address. A float64 beyond float32 becomes an infinity. Traps where the
    /// type is no float or the number of bytes does not fit that of floats.
    public static func widen(
        _ source: UnsafeRawBufferPointer, of type: ElementType,
        into destination: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(
            type.isFloat && source.count == destination.count * (type.bitWidth / 8),
            "Widening needs as many floats as the source has elements")
        switch type {
        case .float32:
            unsafe UnsafeMutableRawBufferPointer(destination).copyMemory(from: source)
        case .bfloat16:
            for index in 0..<destination.count {
                let bits = unsafe source.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
                unsafe destination[index] = float(bfloat16: bits)
            }
        case .float16:
            for index in 0..<destination.count {
                let bits = unsafe source.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
                unsafe destination[index] = float(float16: bits)
            }
        default:
            for index in 0..<destination.count {
                let bits = unsafe source.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)
                unsafe destination[index] = Float(Double(bitPattern: bits))
            }
        }
    }

    /// The floats that bytes of float16, bfloat16, float32 or float64 stand for.
    public static func floats(_ bytes: [UInt8], of type: ElementType) -> [Float] {
        let count = bytes.count / (type.byteCount ?? 1)
        return unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            let target = unsafe UnsafeMutableBufferPointer(rebasing: buffer[..<count])
            unsafe bytes.withUnsafeBytes { unsafe widen($0, of: type, into: target) }
            initialized = count
        }
    }
}
