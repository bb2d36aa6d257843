import CHeedKernels

extension Context {
    /// The sum over an axis, which disappears.
    public func sum(_ x: Tensor, axis: Int) -> Tensor {
        profiler?.begin("sum")
        defer { profiler?.end() }
        let axis = x.shape.resolve(axis)
        let kept = reduced(HEED_SUM, x.detached, axis: axis)
        let shape = x.shape
        return recorded([x], kept.viewed(as: shape.removing(axis))) { upstream, gradients in
            gradients[0] = repeated(upstream.viewed(as: kept.shape), to: shape)
        }
    }

    /// The sum of all elements, a scalar.
    public func sum(_ x: Tensor) -> Tensor {
        reshaped(sum(reshaped(x, [x.count]), axis: 0), [])
    }

    /// The mean over an axis, which disappears.
    public func mean(_ x: Tensor, axis: Int) -> Tensor {
        affine(sum(x, axis: axis), scale: 1 / Double(x.shape[axis]))
    }

    /// The mean of all elements, a scalar.
    public func mean(_ x: Tensor) -> Tensor {
        affine(sum(x), scale: 1 / Double(x.count))
    }
}

extension Shape {
    /// The shape without an axis.
    func removing(_ axis: Int) -> Shape {
        var sizes = self.sizes
        sizes.remove(at: axis)
        return Shape(sizes)
    }
}

/// A tensor repeated along its axes of size 1.
func repeated(_ x: Tensor, to shape: Shape) -> Tensor {
    if x.shape == shape { return x }
    return binary(.add, x, Tensor.zeros(shape, x.elementType))
}
