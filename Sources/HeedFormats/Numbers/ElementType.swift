/// The type of a tensor's elements in a file, named as in safetensors.
public enum ElementType: String, Sendable, CaseIterable, Hashable {
    /// A byte that is 0 or 1.
    case bool = "BOOL"
    /// 8 bits without sign.
    case uint8 = "U8"
    /// 8 bits with sign.
    case int8 = "I8"
    /// 16 bits without sign.
    case uint16 = "U16"
    /// 16 bits with sign.
    case int16 = "I16"
    /// 32 bits without sign.
    case uint32 = "U32"
    /// 32 bits with sign.
    case int32 = "I32"
    /// 64 bits without sign.
    case uint64 = "U64"
    /// 64 bits with sign.
    case int64 = "I64"
    /// IEEE half precision.
    case float16 = "F16"
    /// The upper half of a float32.
    case bfloat16 = "BF16"
    /// IEEE single precision.
    case float32 = "F32"
    /// IEEE double precision.
    case float64 = "F64"
    /// Two float32: a real and an imaginary part.
    case complex64 = "C64"
    /// 8 bits: 4 of exponent, 3 of fraction, no infinities (OCP).
    case float8E4M3 = "F8_E4M3"
    /// 8 bits: 5 of exponent, 2 of fraction (OCP).
    case float8E5M2 = "F8_E5M2"
    /// 8 bits of exponent (OCP scale).
    case float8E8M0 = "F8_E8M0"
    /// As E4M3, without negative zero.
    case float8E4M3FNUZ = "F8_E4M3FNUZ"
    /// As E5M2, without negative zero and infinities.
    case float8E5M2FNUZ = "F8_E5M2FNUZ"
    /// 6 bits: 2 of exponent, 3 of fraction.
    case float6E2M3 = "F6_E2M3"
    /// 6 bits: 3 of exponent, 2 of fraction.
    case float6E3M2 = "F6_E3M2"
    /// 4 bits.
    case float4 = "F4"

    /// The number of bits of an element.
    public var bitWidth: Int {
        switch self {
        case .float4: 4
        case .float6E2M3, .float6E3M2: 6
        case .bool, .uint8, .int8, .float8E4M3, .float8E5M2, .float8E8M0, .float8E4M3FNUZ,
            .float8E5M2FNUZ:
            8
        case .uint16, .int16, .float16, .bfloat16: 16
        case .uint32, .int32, .float32: 32
        case .uint64, .int64, .float64, .complex64: 64
        }
    }

    /// The number of bytes of an element, or nil where elements are smaller than a byte.
    public var byteCount: Int? { bitWidth % 8 == 0 ? bitWidth / 8 : nil }

    /// The name in safetensors files, such as `BF16`.
    public var name: String { rawValue }

    /// Whether `Widening` turns elements into float32.
    public var isFloat: Bool {
        switch self {
        case .float16, .bfloat16, .float32, .float64: true
        default: false
        }
    }
}

/// Why a shape has no number of bytes.
enum ShapeProblem: Error {
    /// The number of elements or bytes is beyond `Int`.
    case overflow
    /// The elements do not fill whole bytes.
    case misaligned
}

extension ElementType {
    /// The number of bytes of a tensor. The sizes besides zeros must multiply to an `Int` even where
    /// the tensor is empty, so that strides exist for every tensor that is read.
    func byteCount(ofShape shape: [Int]) -> Result<Int, ShapeProblem> {
        var count = 1
        for size in shape where size != 0 {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            if overflow { return .failure(.overflow) }
            count = product
        }
        if shape.contains(0) { return .success(0) }
        let (bits, overflow) = count.multipliedReportingOverflow(by: bitWidth)
        if overflow { return .failure(.overflow) }
        return bits % 8 == 0 ? .success(bits / 8) : .failure(.misaligned)
    }
}
