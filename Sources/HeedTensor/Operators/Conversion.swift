import CHeedKernels
public import HeedFormats

extension Context {
    /// The elements in another floating-point type, rounded to nearest even. The gradient has the type of x.
    public func converted(_ x: Tensor, to type: ElementType) -> Tensor {
        profiler?.begin("converted")
        defer { profiler?.end() }
        let original = x.elementType
        return recorded([x], x.detached.converted(to: type)) { upstream, gradients in
            gradients[0] = upstream.converted(to: original)
        }
    }

    /// The value of a parameter as a tensor in the given type; its gradient goes to the arena.
    public func value(of parameter: Parameter, as type: ElementType? = nil) -> Tensor {
        profiler?.begin("value")
        defer { profiler?.end() }
        let value = parameter.value(as: type ?? parameter.value.elementType)
        return recorded([], value, parameters: [parameter]) { upstream, _ in
            parameter.addGradient(upstream)
        }
    }
}

extension Parameter {
    /// Adds a gradient of the parameter's shape, of any floating-point type, to the arena.
    func addGradient(_ gradient: Tensor, scale: Double = 1) {
        guard collectsGradient, let slot else { return }
        let table = unsafe Kernels.table(for: gradient.elementType)
        let size = gradient.elementType.size
        let memory = slot.memory(from: gradient.elementType)
        parallelRanges(gradient.count, size: Cut.elements) { range in
            unsafe memory.add(range) { sums in
                unsafe table.pointee.accumulate(
                    Int64(range.count), scale, gradient.bytes + range.lowerBound * size, sums)
            }
        }
    }
}
