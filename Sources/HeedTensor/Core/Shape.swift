import HeedFormats

/// The sizes of a tensor along each of its axes, row-major: the last axis is contiguous.
///
/// Up to six axes are held inline, without an allocation.
public struct Shape: Hashable, Sendable {
    private var inline: (Int, Int, Int, Int, Int, Int) = (0, 0, 0, 0, 0, 0)
    private var overflow: [Int]?

    /// The number of axes; 0 for a scalar.
    public private(set) var rank: Int

    /// The number of axes that are held without an allocation.
    package static let inlineRank = 6

    /// A shape with these sizes, each at least 0.
    public init(_ sizes: [Int]) {
        rank = sizes.count
        if sizes.count > Self.inlineRank {
            overflow = sizes
        } else {
            for (axis, size) in sizes.enumerated() { setInline(axis, size) }
        }
        if sizes.contains(where: { $0 < 0 }) {
            shapeMismatch("Shape", "sizes must not be negative", sizes)
        }
    }

    /// The size along an axis; a negative axis counts from the last.
    public subscript(axis: Int) -> Int {
        get {
            let axis = resolve(axis)
            if let overflow { return overflow[axis] }
            switch axis {
            case 0: return inline.0
            case 1: return inline.1
            case 2: return inline.2
            case 3: return inline.3
            case 4: return inline.4
            default: return inline.5
            }
        }
        set {
            let axis = resolve(axis)
            if overflow != nil { overflow?[axis] = newValue } else { setInline(axis, newValue) }
        }
    }

    /// The number of elements: the product of the sizes, 1 for a scalar. More than any memory has end the process.
    public var count: Int {
        product(of: 0..<rank)
    }

    /// The product of some sizes: 0 where one is, however large the others are.
    private func product(of axes: Range<Int>) -> Int {
        for axis in axes where self[axis] == 0 { return 0 }
        return axes.reduce(1) { Self.product($0, self[$1]) }
    }

    /// The bytes of a tensor.
    func byteCount(of type: ElementType) -> Int { Self.product(count, type.size) }

    private static func product(_ a: Int, _ b: Int) -> Int {
        let (product, isTooLarge) = a.multipliedReportingOverflow(by: b)
        // Room for what rounding up adds.
        if isTooLarge || product >= 1 << 62 { OutOfMemory.end(.max, for: "a tensor") }
        return product
    }

    /// The sizes as an array.
    public var sizes: [Int] { (0..<rank).map { self[$0] } }

    /// The size of the last axis, 1 for a scalar: the columns of a tensor seen as a matrix.
    public var columns: Int { rank == 0 ? 1 : self[rank - 1] }

    /// The product of all sizes but the last: the rows of a tensor seen as a matrix.
    public var rows: Int { product(of: 0..<max(rank - 1, 0)) }

    /// This shape with another size of the last axis.
    package func withColumns(_ columns: Int) -> Shape {
        var shape = self
        shape[-1] = columns
        return shape
    }

    /// The axis as a number from 0; traps when it does not exist.
    package func resolve(_ axis: Int) -> Int {
        let resolved = axis < 0 ? axis + rank : axis
        guard resolved >= 0, resolved < rank else {
            shapeMismatch("Shape", "axis \(axis) of a tensor of rank \(rank)", sizesForMessage)
        }
        return resolved
    }

    private var sizesForMessage: [Int] {
        overflow
            ?? Array([inline.0, inline.1, inline.2, inline.3, inline.4, inline.5].prefix(rank))
    }

    private mutating func setInline(_ axis: Int, _ size: Int) {
        switch axis {
        case 0: inline.0 = size
        case 1: inline.1 = size
        case 2: inline.2 = size
        case 3: inline.3 = size
        case 4: inline.4 = size
        default: inline.5 = size
        }
    }

    /// Whether two shapes have the same sizes.
    public static func == (left: Shape, right: Shape) -> Bool {
        guard left.rank == right.rank else { return false }
        for axis in 0..<left.rank where left[axis] != right[axis] { return false }
        return true
    }

    /// Hashes the sizes.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(rank)
        for axis in 0..<rank { hasher.combine(self[axis]) }
    }
}

extension Shape: ExpressibleByArrayLiteral, CustomStringConvertible {
    /// A shape written as `[2, 3]`.
    public init(arrayLiteral sizes: Int...) { self.init(sizes) }

    /// The sizes, as `[2, 3]`.
    public var description: String {
        "[" + sizes.map(String.init).joined(separator: ", ") + "]"
    }
}

/// Ends the program because the caller passed shapes that cannot work: a programming error.
///
/// Whatever comes from outside is validated, and throws, before an operator sees it.
package func shapeMismatch(
    _ operation: String, _ message: String, _ shapes: [Int]...
) -> Never {
    let list = shapes.map { "[" + $0.map(String.init).joined(separator: ", ") + "]" }
    fatalError("\(operation): \(message): \(list.joined(separator: ", "))")
}

/// Ends the program with `shapeMismatch` unless `condition` holds.
@inline(__always)
package func require(
    _ condition: Bool, _ operation: String, _ message: @autoclosure () -> String,
    _ shapes: @autoclosure () -> [Shape] = []
) {
    if !condition {
        let text = shapes().map(\.description).joined(separator: ", ")
        shapeMismatch(operation, message() + (text.isEmpty ? "" : " (\(text))"))
    }
}
