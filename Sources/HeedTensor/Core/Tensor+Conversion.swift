import CHeedKernels
package import HeedFormats

extension Tensor {
    /// The elements in another floating-point type, rounded to nearest even; not recorded.
    package func converted(to type: ElementType) -> Tensor {
        if type == elementType { return self }
        let result = Tensor(uninitialized: shape, type)
        let table = unsafe Kernels.table(for: type)
        let source = Kernels.kernelType(elementType)
        parallelRanges(count, size: Cut.elements) { range in
            unsafe table.pointee.convert_from(
                source, Int64(range.count), bytes + range.lowerBound * elementType.size,
                result.mutableBytes + range.lowerBound * type.size)
        }
        return result
    }

    /// The same elements in memory of their own.
    package func copied() -> Tensor {
        unsafe Tensor.filled(shape, elementType) { destination in
            unsafe withBytes { unsafe destination.copyMemory(from: $0) }
        }
    }

    /// A tensor of this shape whose elements are these, over and over.
    func repeated(toFill shape: Shape) -> Tensor {
        unsafe Tensor.filled(shape, elementType) { destination in
            unsafe withBytes { source in
                for start in stride(from: 0, to: destination.count, by: max(source.count, 1)) {
                    let end = min(start + source.count, destination.count)
                    unsafe UnsafeMutableRawBufferPointer(rebasing: destination[start..<end])
                        .copyMemory(
                            from: UnsafeRawBufferPointer(rebasing: source[..<(end - start)]))
                }
            }
        }
    }

    /// Adds another tensor of the same shape and type to this value, in place when nobody else holds it.
    mutating func addInPlace(_ other: Tensor) {
        require(
            shape == other.shape && elementType == other.elementType, "add",
            "gradients of one tensor differ", [shape, other.shape])
        let target =
            isUniquelyReferenced() ? self : Tensor(uninitialized: shape, elementType)
        let size = elementType.size
        let table = unsafe Kernels.table(for: elementType)
        parallelRanges(count, size: Cut.elements) { range in
            let start = range.lowerBound * size
            unsafe table.pointee.combine(
                Int64(range.count), 1, bytes + start, 1, other.bytes + start,
                target.mutableBytes + start)
        }
        self = target
    }

    /// The same elements in another shape of the same count; not recorded.
    package func viewed(as shape: Shape) -> Tensor {
        require(
            shape.count == count, "reshaped", "the number of elements must stay",
            [self.shape, shape])
        return Tensor(sharing: self, shape: shape, offset: offset)
    }

    /// Rows of the tensor seen as a matrix, in shared memory; not recorded.
    package func rowsView(_ range: Range<Int>) -> Tensor {
        require(
            range.lowerBound >= 0 && range.upperBound <= shape.rows, "rows",
            "rows \(range) of", [shape])
        return Tensor(
            sharing: self, shape: [range.count, shape.columns],
            offset: offset + range.lowerBound * shape.columns)
    }
}
