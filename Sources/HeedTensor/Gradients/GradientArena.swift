import CHeedKernels
public import HeedFormats

/// Where the gradient of one parameter lies in the arena.
struct GradientSlot {
    let arena: GradientArena
    let offset: Int
    let shape: Shape

    /// The gradient's memory, for what comes from activations of `type`: it holds their statistics' type.
    func bytes(from type: ElementType) -> UnsafeMutableRawPointer {
        require(
            Kernels.statistics(for: type) == arena.elementType, "gradient",
            "a gradient of \(type) for parameters of \(arena.elementType)", [shape])
        return unsafe arena.bytes + offset * arena.elementType.size
    }

    /// A copy of the gradient.
    var tensor: Tensor {
        Tensor(sharing: arena.flat, shape: shape, offset: arena.flat.offset + offset).copied()
    }
}

/// All gradients of a model in one flat buffer: one of the three things in Heed that change.
///
/// The global norm, clipping, the optimiser, and sums over several machines are one pass over one array.
/// Gradients are float32 (float64 in reference arithmetic), and are added up until `clear`.
public final class GradientArena {
    /// The parameters, in the order of their gradients.
    public let parameters: [Parameter]
    /// Each parameter's first element in the buffer.
    public let offsets: [Int]
    /// The number of elements of the buffer; each gradient starts at a multiple of 16.
    public let count: Int
    /// The type of the gradients.
    public let elementType: ElementType
    fileprivate var flat: Tensor

    /// Elements that one task takes: fixed, since sums of squares are added up task by task.
    static let chunk = 65_536

    /// An arena of zeros for these parameters, which from now on collect their gradients in it.
    public init(_ parameters: [Parameter]) {
        self.parameters = parameters.filter(\.isTrainable)
        elementType =
            self.parameters.first.map { $0.value.elementType == .float64 } == true
            ? .float64 : .float32
        for parameter in self.parameters {
            require(
                parameter.value.elementType == elementType, "GradientArena",
                "\(parameter.name) of \(parameter.value.elementType) beside \(elementType)",
                [parameter.shape])
        }
        var offsets: [Int] = []
        var end = 0
        for parameter in self.parameters {
            offsets.append(end)
            end += (parameter.shape.count + 15) / 16 * 16
        }
        self.offsets = offsets
        count = end
        flat = Tensor.zeros([end], elementType)
        for (parameter, offset) in zip(self.parameters, offsets) {
            parameter.slot = GradientSlot(arena: self, offset: offset, shape: parameter.shape)
        }
    }

    /// Lets the parameters go: they collect no gradients any more.
    ///
    /// Whoever makes an arena calls this in the end: until then it and its parameters keep each other alive.
    public func detach() {
        for parameter in parameters where parameter.slot?.arena === self { parameter.slot = nil }
    }

    /// The buffer's memory.
    var bytes: UnsafeMutableRawPointer { unsafe flat.mutableBytes }

    /// Sets every gradient to zero.
    public func clear() {
        let size = Self.chunk * elementType.size
        parallelRanges(flat.byteCount, size: size) { range in
            unsafe (bytes + range.lowerBound).initializeMemory(
                as: UInt8.self, repeating: 0, count: range.count)
        }
    }

    /// The Euclidean norm of all gradients together, added up in a fixed order.
    public func norm() -> Double {
        let chunks = (count + Self.chunk - 1) / Self.chunk
        let partial = Tensor.zeros([chunks], .float64)
        let size = elementType.size
        let kernels = unsafe Kernels.table(for: elementType)
        parallelRanges(count, size: Self.chunk) { range in
            let sum = unsafe kernels.pointee.sum_squares(
                Int64(range.count), bytes + range.lowerBound * size)
            unsafe partial.mutableBytes.storeBytes(
                of: sum, toByteOffset: range.lowerBound / Self.chunk * 8, as: Double.self)
        }
        return partial.scalars(as: Double.self).reduce(0, +).squareRoot()
    }

    /// The names of the parameters whose gradient is not finite.
    public func nonFiniteParameters() -> [String] {
        parameters.filter { parameter in
            guard let gradient = parameter.gradient else { return false }
            return !gradient.converted(to: .float64).scalars(as: Double.self).allSatisfy(
                \.isFinite)
        }.map(\.name)
    }

    /// All gradients as one vector, copied.
    public func snapshot() -> Tensor { flat.copied() }
}
