import CHeedKernels
public import HeedFormats

/// All gradients of a model: one of the three things in Heed that change.
///
/// The global norm, clipping, the optimiser, and sums over several machines are one pass over one or two arrays.
/// Gradients are float32 (float64 in reference arithmetic), and are added up until `clear`. Those of matrices may be bfloat16:
/// each sum is then computed in float32, and rounded when it is stored. PyTorch's autocast rounds what a batch adds likewise, but
/// not the sums over several batches.
public final class GradientArena {
    /// The parameters, in the order of their gradients.
    public let parameters: [Parameter]
    /// Each parameter's first element in a vector over all parameters.
    public let offsets: [Int]
    /// The number of elements of such a vector; each parameter starts at a multiple of 16.
    public let count: Int
    /// The type in which gradients are added up.
    public let elementType: ElementType
    /// The gradients in `elementType`.
    private let wide: Tensor
    /// The gradients in bfloat16.
    private let narrow: Tensor
    private let places: [GradientPlace]

    /// Elements that one task takes: fixed, since sums of squares are added up task by task.
    static let chunk = 65_536

    /// An arena of zeros for these parameters, which from now on collect their gradients in it.
    ///
    /// - Parameters:
    ///   - parameters: of float32, or of float64; those that are frozen are left out.
    ///   - matricesInBFloat16: whether gradients of parameters with two axes or more are stored in half of the memory. Each
    ///     addition to them is rounded: for few of them between two updates, and for float32 parameters.
    public init(_ parameters: [Parameter], matricesInBFloat16: Bool = false) {
        self.parameters = parameters.filter(\.isTrainable)
        elementType =
            self.parameters.first.map { $0.value.elementType == .float64 } == true
            ? .float64 : .float32
        require(
            elementType == .float32 || !matricesInBFloat16, "GradientArena",
            "gradients in bfloat16 of parameters of float64")
        for parameter in self.parameters {
            require(
                parameter.value.elementType == elementType, "GradientArena",
                "\(parameter.name) of \(parameter.value.elementType) beside \(elementType)",
                [parameter.shape])
        }
        var offsets: [Int] = []
        var (end, wideEnd, narrowEnd) = (0, 0, 0)
        var places: [GradientPlace] = []
        for parameter in self.parameters {
            let size = (parameter.shape.count + 15) / 16 * 16
            let isNarrow = matricesInBFloat16 && parameter.shape.rank > 1
            offsets.append(end)
            places.append(
                GradientPlace(offset: isNarrow ? narrowEnd : wideEnd, isNarrow: isNarrow))
            end += size
            if isNarrow { narrowEnd += size } else { wideEnd += size }
        }
        self.offsets = offsets
        self.places = places
        count = end
        wide = Tensor.zeros([wideEnd], elementType)
        narrow = Tensor.zeros([narrowEnd], .bfloat16)
        for (parameter, place) in zip(self.parameters, places) {
            parameter.slot = GradientSlot(arena: self, place: place, shape: parameter.shape)
        }
    }

    /// Lets the parameters go: they collect no gradients any more.
    ///
    /// Whoever makes an arena calls this in the end: until then it and its parameters keep each other alive.
    public func detach() {
        for parameter in parameters where parameter.slot?.arena === self { parameter.slot = nil }
    }

    /// The memory of the gradient of the parameter number `index`.
    func memory(ofParameter index: Int) -> GradientMemory { memory(at: places[index]) }

    fileprivate func memory(at place: GradientPlace) -> GradientMemory {
        let values = values(at: place)
        return unsafe GradientMemory(
            start: values.mutableBytes + place.offset * values.elementType.size,
            isNarrow: place.isNarrow, elementType: elementType)
    }

    fileprivate func values(at place: GradientPlace) -> Tensor { place.isNarrow ? narrow : wide }

    /// Sets every gradient to zero.
    public func clear() {
        for values in [wide, narrow] {
            parallelRanges(values.byteCount, size: Self.chunk * elementType.size) { range in
                unsafe (values.mutableBytes + range.lowerBound).initializeMemory(
                    as: UInt8.self, repeating: 0, count: range.count)
            }
        }
    }

    /// The Euclidean norm of all gradients together, added up in a fixed order.
    public func norm() -> Double {
        let sums = [wide, narrow].map { values in
            let chunks = (values.count + Self.chunk - 1) / Self.chunk
            let partial = Tensor.zeros([chunks], .float64)
            let kernels = unsafe Kernels.table(for: values.elementType)
            parallelRanges(values.count, size: Self.chunk) { range in
                let sum = unsafe kernels.pointee.sum_squares(
                    Int64(range.count),
                    values.bytes + range.lowerBound * values.elementType.size)
                unsafe partial.mutableBytes.storeBytes(
                    of: sum, toByteOffset: range.lowerBound / Self.chunk * 8, as: Double.self)
            }
            return partial.scalars(as: Double.self).reduce(0, +)
        }
        return sums.reduce(0, +).squareRoot()
    }

    /// The names of the parameters whose gradient is not finite.
    public func nonFiniteParameters() -> [String] {
        parameters.filter { parameter in
            guard let gradient = parameter.gradient else { return false }
            return !gradient.converted(to: .float64).scalars(as: Double.self).allSatisfy(
                \.isFinite)
        }.map(\.name)
    }

    /// All gradients as one vector of `elementType`, copied: those of each parameter at its offset, zeros between them.
    package func snapshot() -> Tensor {
        let all = Tensor.zeros([count], elementType)
        for ((parameter, place), offset) in zip(zip(parameters, places), offsets) {
            let slot = GradientSlot(arena: self, place: place, shape: parameter.shape)
            unsafe slot.tensor.withBytes { bytes in
                guard let source = bytes.baseAddress else { return }
                unsafe (all.mutableBytes + offset * elementType.size).copyMemory(
                    from: source, byteCount: bytes.count)
            }
        }
        return all
    }
}

/// The first element of a gradient in one of the two buffers.
private struct GradientPlace {
    let offset: Int
    let isNarrow: Bool
}

/// The gradient of one parameter in an arena.
struct GradientSlot {
    let arena: GradientArena
    fileprivate let place: GradientPlace
    let shape: Shape

    /// Whether it is stored in bfloat16.
    var isNarrow: Bool { place.isNarrow }

    /// The gradient's memory, for what comes from activations of `type`: it holds their statistics' type.
    func memory(from type: ElementType) -> GradientMemory {
        require(
            Kernels.statistics(for: type) == arena.elementType, "gradient",
            "a gradient of \(type) for parameters of \(arena.elementType)", [shape])
        return arena.memory(at: place)
    }

    /// The memory of a vector's gradient, which is never narrow.
    func bytes(from type: ElementType) -> UnsafeMutableRawPointer {
        let memory = memory(from: type)
        require(!memory.isNarrow, "gradient", "of a vector in bfloat16", [shape])
        return unsafe memory.start
    }

    /// A copy of the gradient, in the arena's type.
    var tensor: Tensor {
        let values = arena.values(at: place)
        let own = Tensor(sharing: values, shape: shape, offset: values.offset + place.offset)
        return isNarrow ? own.converted(to: arena.elementType) : own.copied()
    }
}

/// Memory in which a gradient is added up.
@safe struct GradientMemory {
    let start: UnsafeMutableRawPointer
    /// Whether it holds bfloat16.
    var isNarrow = false
    /// The type in which sums are computed.
    let elementType: ElementType

    /// Calls `body` with a range of the gradient's elements in `elementType`, to which it may add.
    func add(_ range: Range<Int>, _ body: (UnsafeMutableRawPointer) -> Void) {
        guard isNarrow else {
            unsafe body(start + range.lowerBound * elementType.size)
            return
        }
        let sums = Tensor(uninitialized: [range.count], elementType)
        withExtendedLifetime(sums) {
            read(range, into: sums)
            unsafe body(sums.mutableBytes)
            unsafe Kernels.table(for: .bfloat16).pointee.convert_from(
                Kernels.kernelType(elementType), Int64(range.count), sums.bytes,
                start + range.lowerBound * 2)
        }
    }

    /// Calls `body` with a range of the gradient's elements in `elementType`, and sets them to zero if they are to be.
    func read(
        _ range: Range<Int>, clearing: Bool, _ body: (UnsafeRawPointer) -> Void
    ) {
        let size = isNarrow ? 2 : elementType.size
        let place = unsafe start + range.lowerBound * size
        if isNarrow {
            let wide = Tensor(uninitialized: [range.count], elementType)
            withExtendedLifetime(wide) {
                read(range, into: wide)
                unsafe body(wide.bytes)
            }
        } else {
            unsafe body(place)
        }
        if clearing {
            unsafe place.initializeMemory(as: UInt8.self, repeating: 0, count: range.count * size)
        }
    }

    private func read(_ range: Range<Int>, into wide: Tensor) {
        unsafe Kernels.table(for: elementType).pointee.convert_from(
            HEED_BF16, Int64(range.count), start + range.lowerBound * 2, wide.mutableBytes)
    }
}
