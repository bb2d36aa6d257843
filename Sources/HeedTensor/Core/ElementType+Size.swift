import HeedFormats

extension ElementType {
    /// The number of bytes of an element; tensors have no elements smaller than a byte.
    @inline(__always)
    var size: Int {
        switch self {
        case .bool, .uint8, .int8: 1
        case .uint16, .int16, .float16, .bfloat16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64: 8
        default: bitWidth / 8
        }
    }
}
