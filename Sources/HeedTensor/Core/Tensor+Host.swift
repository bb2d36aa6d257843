public import HeedFormats

/// A Swift type whose values can be the elements of a tensor.
public protocol TensorScalar: BitwiseCopyable, Sendable {
    /// The tensor's element type.
    static var elementType: ElementType { get }
}

extension Float: TensorScalar {
    /// float32.
    public static var elementType: ElementType { .float32 }
}
extension Double: TensorScalar {
    /// float64.
    public static var elementType: ElementType { .float64 }
}
extension Int32: TensorScalar {
    /// int32.
    public static var elementType: ElementType { .int32 }
}
extension Int64: TensorScalar {
    /// int64.
    public static var elementType: ElementType { .int64 }
}
extension UInt8: TensorScalar {
    /// uint8.
    public static var elementType: ElementType { .uint8 }
}

extension Tensor {
    /// A tensor with these elements in row-major order.
    public init<Scalar: TensorScalar>(_ scalars: [Scalar], shape: Shape) {
        require(
            scalars.count == shape.count, "Tensor",
            "\(scalars.count) elements do not fill the shape", [shape])
        self = unsafe Tensor.filled(shape, Scalar.elementType) { bytes in
            unsafe scalars.withUnsafeBytes { unsafe bytes.copyMemory(from: $0) }
        }
    }

    /// A vector with these elements.
    public init<Scalar: TensorScalar>(_ scalars: [Scalar]) {
        self.init(scalars, shape: [scalars.count])
    }

    /// A tensor of zeros.
    public static func zeros(_ shape: Shape, _ elementType: ElementType = .float32) -> Tensor {
        unsafe filled(shape, elementType) { bytes in
            if let start = bytes.baseAddress {
                unsafe start.initializeMemory(as: UInt8.self, repeating: 0, count: bytes.count)
            }
        }
    }

    /// A tensor of one value, of a floating-point type.
    public static func constant(
        _ value: Double, _ shape: Shape, _ elementType: ElementType = .float32
    ) -> Tensor {
        Tensor([Double](repeating: value, count: shape.count), shape: shape).converted(
            to: elementType)
    }

    /// The elements in row-major order, copied; the tensor must have this element type.
    public func scalars<Scalar: TensorScalar>(as type: Scalar.Type = Scalar.self) -> [Scalar] {
        require(
            elementType == Scalar.elementType, "scalars",
            "a tensor of \(elementType) was read as \(Scalar.elementType)")
        return unsafe withBytes { unsafe [Scalar](unsafeUninitializedCopyOf: $0) }
    }

    /// The elements of a floating-point tensor in row-major order, as float32.
    public var floats: [Float] {
        elementType == .float32 ? scalars() : detached.converted(to: .float32).scalars()
    }

    /// The only element of a floating-point tensor with one element, as a Double.
    public var scalar: Double {
        require(count == 1, "scalar", "the tensor has not one element", [shape])
        return elementType == .float64 ? scalars(as: Double.self)[0] : Double(floats[0])
    }
}

extension Array where Element: BitwiseCopyable {
    /// The elements that these bytes hold.
    init(unsafeUninitializedCopyOf bytes: UnsafeRawBufferPointer) {
        unsafe self.init(unsafeUninitializedCapacity: bytes.count / MemoryLayout<Element>.stride) {
            buffer, count in
            unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
            count = bytes.count / MemoryLayout<Element>.stride
        }
    }
}
