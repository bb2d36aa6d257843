import CHeedKernels
import HeedFormats

/// The kernels of the instruction set in force.
enum Kernels {
    /// The table for a floating-point element type.
    static func table(for type: ElementType) -> UnsafePointer<heed_kernels> {
        guard let table = unsafe heed_kernels_for(kernelType(type)) else {
            fatalError("no kernels for \(type)")
        }
        return unsafe table
    }

    /// The kernels' number of a floating-point element type.
    static func kernelType(_ type: ElementType) -> heed_type {
        switch type {
        case .float32: return HEED_F32
        case .bfloat16: return HEED_BF16
        case .float64: return HEED_F64
        default: shapeMismatch("Kernels", "operators compute in floating-point types, not \(type)")
        }
    }

    /// The type of statistics, losses and weights' gradients beside elements of `type`.
    static func statistics(for type: ElementType) -> ElementType {
        type == .float64 ? .float64 : .float32
    }
}

/// The instruction sets that the kernels are compiled for.
public enum InstructionSet: Int, CaseIterable, Sendable {
    /// Plain code for every CPU.
    case generic = 0
    /// AVX2 with FMA.
    case avx2
    /// AVX-512 F, BW, DQ and VL.
    case avx512
    /// AVX-512 with bfloat16 conversions and products.
    case avx512bf16
    /// The same, with bfloat16 products on matrix tiles.
    case amx

    /// The name that `HEED_ISA` takes.
    public var name: String {
        unsafe String(cString: heed_isa_name(heed_isa(UInt32(rawValue))))
    }

    /// The instruction set in force: what `HEED_ISA` names, or the best that the CPU has.
    public static var current: InstructionSet {
        InstructionSet(rawValue: Int(heed_isa_current().rawValue)) ?? .generic
    }

    /// Whether this CPU has it.
    public var isAvailable: Bool { heed_isa_available(heed_isa(UInt32(rawValue))) }

    /// What was wrong with the value of `HEED_ISA`, if anything was.
    public static var complaint: String? {
        guard let text = unsafe heed_isa_complaint() else { return nil }
        return unsafe String(cString: text)
    }
}

/// What the matrix library offers on this machine.
public enum MatrixLibrary {
    /// oneDNN's version, such as "2.6.3".
    public static var version: String {
        let number = Int(heed_onednn_version())
        return "\(number / 10_000).\(number / 100 % 100).\(number % 100)"
    }

    /// Whether it multiplies bfloat16 under the instruction set in force.
    public static var multipliesBFloat16: Bool { heed_bf16_products() }
}
