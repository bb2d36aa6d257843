package import HeedFormats
import Synchronization

/// A trainable tensor of a model: one of the three things in Heed that change.
///
/// The master value is float32 (float64 when a model is checked in reference arithmetic; bfloat16 when a file
/// for inference holds it so). Copies in other types and in the matrix library's own layout are kept until the
/// value's version changes.
public final class Parameter {
    /// The name under which it is saved, unique in its model; set when a model is built.
    public private(set) var name: String
    /// The value; setting it counts up `version`.
    public var value: Tensor {
        get { parts.map { Context().concatenated($0) } ?? stored }
        set {
            require(
                newValue.shape == stored.shape, "Parameter \(name)", "the shape is fixed",
                [stored.shape, newValue.shape])
            stored = newValue.detached
            parts = nil
            isStreamed = false
            touch()
        }
    }
    /// Rows that lie one after another in several mapped tensors, in place of the value; nil where it is in one piece.
    private var parts: [Tensor]?
    /// Not observed: an observer would hold a second reference while the optimiser asks whether it is alone.
    private var stored: Tensor
    /// Counts the changes of the value.
    public private(set) var version = 0
    /// Whether training changes it; frozen parameters get no gradient.
    public var isTrainable = true

    /// Where its gradient is collected, once it belongs to an arena.
    var slot: GradientSlot?
    /// Locked, since jobs on several threads may compute with one model.
    private let derived = Lock(DerivedValues())

    /// A parameter with this name and initial value.
    public init(_ name: String = "", _ value: Tensor) {
        self.name = name
        stored = value.detached
    }

    /// Gives it the name under which it is saved.
    package func rename(_ name: String) { self.name = name }

    /// The sizes of its axes.
    public var shape: Shape { stored.shape }

    package var elementType: ElementType { parts?.first?.elementType ?? stored.elementType }

    /// Takes rows as mapped files hold them, without copying them: they are put together only where somebody asks for the
    /// value.
    package func take(parts: [Tensor]) {
        require(
            parts.reduce(0) { $0 + $1.shape[0] } == shape[0]
                && parts.allSatisfy { $0.count == $0.shape[0] * (shape.count / max(shape[0], 1)) },
            "Parameter \(name)", "the shape is fixed", [shape] + parts.map(\.shape))
        if parts.count == 1 {
            value = Context().reshaped(parts[0], shape)
        } else {
            stored = Tensor.shapeOnly(shape)
            self.parts = parts
            touch()
        }
        isStreamed = true
    }

    /// Gives it numbers that look random, for measurements; matrices of bfloat16 are read as those of files are.
    package func fillForMeasuring(_ type: ElementType) {
        let pattern = Tensor.randomNormal([1 << 16], deviation: 0.02, seed: 1, site: 1)
        value = pattern.converted(to: type).repeated(toFill: shape)
        isStreamed = type == .bfloat16
    }

    /// Whether its value is that of mapped files.
    private var isStreamed = false

    /// Matrices of bfloat16 in mapped files, rows one after another, which products read where they stand: a packed copy
    /// beside them would take as much memory again.
    var streamedParts: [Tensor]? {
        guard isStreamed, shape.rank == 2, elementType == .bfloat16 else { return nil }
        return parts ?? [stored]
    }

    /// The gradient that has been collected so far; nil without an arena.
    public var gradient: Tensor? { slot?.tensor }

    /// Whether a tape should collect a gradient for it.
    var collectsGradient: Bool { isTrainable && slot != nil }

    /// The value in another element type, converted once for each version.
    func value(as type: ElementType) -> Tensor {
        if elementType == type { return value }
        return derived.withLock { derived in
            if let copy = derived.copies[type] { return copy }
            let copy = value.converted(to: type)
            derived.copies[type] = copy
            return copy
        }
    }

    /// The value in the matrix library's layout; made once for each version if it is kept.
    func packedWeights(_ key: PackedWeights.Key, keeping: Bool = true) -> PackedWeights? {
        derived.withLock { derived in
            if let weights = derived.packed[key] { return weights }
            guard let weights = PackedWeights(packing: self, key) else { return nil }
            if keeping { derived.packed[key] = weights }
            return weights
        }
    }

    /// The value as 8-bit integers, made once for each version; nil where sums over its rows could be too large.
    func quantisedWeights() -> QuantisedWeights? {
        derived.withLock { derived in
            if let weights = derived.quantised { return weights }
            derived.quantised = QuantisedWeights(quantising: self)
            return derived.quantised
        }
    }

    /// Lets the optimiser write the value in place; nobody else may hold the tensor then.
    func update(_ body: (UnsafeMutableRawPointer) -> Void) {
        if parts != nil { value = value }
        if !stored.isUniquelyReferenced() {
            copyCount += 1
            stored = stored.copied()
        }
        unsafe body(stored.mutableBytes)
        touch()
    }

    /// How often an update had to copy the value because somebody held it; a test keeps it at zero.
    package private(set) var copyCount = 0

    private func touch() {
        version += 1
        derived.withLock { derived in
            derived.copies.removeAll(keepingCapacity: true)
            derived.packed.removeAll(keepingCapacity: true)
            derived.quantised = nil
        }
    }
}

/// What was made of a parameter's present version.
private struct DerivedValues {
    var copies: [ElementType: Tensor] = [:]
    var packed: [PackedWeights.Key: PackedWeights] = [:]
    var quantised: QuantisedWeights?
}
