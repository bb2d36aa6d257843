import HeedFormats
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
        get { stored }
        set {
            require(
                newValue.shape == stored.shape, "Parameter \(name)", "the shape is fixed",
                [stored.shape, newValue.shape])
            stored = newValue.detached
            touch()
        }
    }
    /// Not observed: an observer would hold a second reference while the optimiser asks whether it is alone.
    private var stored: Tensor
    /// Counts the changes of the value.
    public private(set) var version = 0
    /// Whether training changes it; frozen parameters get no gradient.
    public var isTrainable = true

    /// Where its gradient is collected, once it belongs to an arena.
    var slot: GradientSlot?
    /// Locked, since jobs on several threads may compute with one model.
    private let derived = Mutex(DerivedValues())

    /// A parameter with this name and initial value.
    public init(_ name: String = "", _ value: Tensor) {
        self.name = name
        stored = value.detached
    }

    /// Gives it the name under which it is saved.
    package func rename(_ name: String) { self.name = name }

    /// The sizes of its axes.
    public var shape: Shape { value.shape }

    /// The gradient that has been collected so far; nil without an arena.
    public var gradient: Tensor? { slot?.tensor }

    /// Whether a tape should collect a gradient for it.
    var collectsGradient: Bool { isTrainable && slot != nil }

    /// The value in another element type, converted once for each version.
    func value(as type: ElementType) -> Tensor {
        if value.elementType == type { return value }
        return derived.withLock { derived in
            if let copy = derived.copies[type] { return copy }
            let copy = value.converted(to: type)
            derived.copies[type] = copy
            return copy
        }
    }

    /// The value in the matrix library's layout, made once for each version.
    func packedWeights(_ key: PackedWeights.Key) -> PackedWeights? {
        derived.withLock { derived in
            if let weights = derived.packed[key] { return weights }
            guard let weights = PackedWeights(packing: self, key) else { return nil }
            derived.packed[key] = weights
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
