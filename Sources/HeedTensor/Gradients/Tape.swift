import Synchronization

/// A tensor's place on a tape.
package struct TapeRecord: Sendable, Equatable {
    let tape: UInt32
    let node: Int32
}

/// The record of a computation, from which gradients are computed in reverse.
///
/// A tape is a flat array of nodes, owned by the scope that made it. Operators that run in a `Context`
/// with a tape append to it when one of their inputs stands on it. A tensor from another tape, or from none, is a
/// constant to this one. The backward pass walks from the end and frees what each node saved as it goes; it
/// can be run once.
public final class Tape {
    /// Computes the gradients of a node's inputs, given those of its outputs (nil where none arrived).
    typealias Backward = (_ upstream: [Tensor?], _ gradients: inout InputGradients) -> Void

    private struct Node {
        var inputs: [Int32]
        /// How many consecutive nodes, this one first, are the outputs of the same operator.
        var outputs: Int
        var backward: Backward?
    }

    private static let identities = Atomic<UInt32>(1)

    private var nodes: [Node] = []
    private var gradients: [Tensor?] = []
    private let identity: UInt32
    private var isSpent = false

    /// An empty tape.
    public init() {
        identity = Self.identities.wrappingAdd(1, ordering: .relaxed).newValue
    }

    /// The tensor as a variable of this tape, whose gradient `backward` will report.
    public func variable(_ tensor: Tensor) -> Tensor {
        var variable = tensor
        variable.record = append(Node(inputs: [], outputs: 1, backward: nil))
        return variable
    }

    /// Whether gradients flow into this tensor.
    public func records(_ tensor: Tensor) -> Bool { tensor.record?.tape == identity }

    /// Records an operator if any of its inputs is recorded; gives its outputs their places.
    func record(inputs: [Tensor], outputs: inout [Tensor], backward: @escaping Backward) {
        guard inputs.contains(where: records) else { return }
        recordAlways(inputs: inputs, outputs: &outputs, backward: backward)
    }

    /// Records an operator that has parameters of its own, whatever its inputs are.
    func recordAlways(inputs: [Tensor], outputs: inout [Tensor], backward: @escaping Backward) {
        let indices = inputs.map { records($0) ? $0.record?.node ?? -1 : -1 }
        for index in outputs.indices {
            outputs[index].record = append(
                index == 0
                    ? Node(inputs: indices, outputs: outputs.count, backward: backward)
                    : Node(inputs: [], outputs: 0, backward: nil))
        }
    }

    private func append(_ node: Node) -> TapeRecord {
        precondition(!isSpent, "a tape records nothing after its backward pass")
        nodes.append(node)
        return TapeRecord(tape: identity, node: Int32(nodes.count - 1))
    }

    /// Computes the gradients of `output` with respect to everything on the tape.
    ///
    /// Gradients of parameters are added to their arena; those of variables are returned.
    /// - Parameters:
    ///   - output: a tensor of this tape.
    ///   - upstream: the gradient of the output, of its shape and type; nil means 1 for each element.
    @discardableResult
    public func backward(_ output: Tensor, upstream: Tensor? = nil) -> Gradients {
        guard records(output), let last = output.record?.node else {
            return Gradients(identity: identity, byNode: [:])
        }
        let seed =
            upstream?.detached ?? Tensor.constant(1, output.shape, output.elementType)
        require(
            seed.shape == output.shape && seed.elementType == output.elementType, "backward",
            "the upstream gradient is not like the output", [seed.shape, output.shape])
        return backward(seeds: [(last, seed)])
    }

    /// Computes gradients from several outputs at once.
    package func backward(outputs: [Tensor], upstream: [Tensor?]) -> Gradients {
        var seeds: [(Int32, Tensor)] = []
        for (output, gradient) in zip(outputs, upstream) where records(output) {
            if let gradient, let node = output.record?.node { seeds.append((node, gradient)) }
        }
        return backward(seeds: seeds)
    }

    private func backward(seeds: [(Int32, Tensor)]) -> Gradients {
        precondition(!isSpent, "the backward pass of a tape runs once")
        isSpent = true
        gradients = [Tensor?](repeating: nil, count: nodes.count)
        for (node, gradient) in seeds { add(gradient, to: node) }

        var leaves: [Int32: Tensor] = [:]
        for index in nodes.indices.reversed() {
            let node = nodes[index]
            nodes[index].backward = nil
            guard node.outputs > 0 else { continue }
            let outputs = index..<index + node.outputs
            let upstream = Array(gradients[outputs])
            for output in outputs { gradients[output] = nil }
            guard upstream.contains(where: { $0 != nil }) else { continue }
            guard let backward = node.backward else {
                leaves[Int32(index)] = upstream[0]
                continue
            }
            var inputs = InputGradients(needed: node.inputs.map { $0 >= 0 })
            backward(upstream, &inputs)
            for (input, gradient) in zip(node.inputs, inputs.values) where input >= 0 {
                if let gradient { add(gradient, to: input) }
            }
        }
        nodes = []
        gradients = []
        return Gradients(identity: identity, byNode: leaves)
    }

    private func add(_ gradient: Tensor, to node: Int32) {
        guard var sum = gradients[Int(node)].take() else {
            gradients[Int(node)] = gradient
            return
        }
        sum.addInPlace(gradient)
        gradients[Int(node)] = sum
    }
}

/// What an operator's backward pass hands to its inputs.
struct InputGradients {
    /// Which inputs stand on the tape: the gradients of the others are not used.
    let needed: [Bool]
    fileprivate(set) var values: [Tensor?]

    init(needed: [Bool]) {
        self.needed = needed
        values = [Tensor?](repeating: nil, count: needed.count)
    }

    subscript(index: Int) -> Tensor? {
        get { values[index] }
        set { values[index] = newValue?.detached }
    }
}

/// The gradients of a tape's variables.
public struct Gradients {
    let identity: UInt32
    let byNode: [Int32: Tensor]

    /// The gradient of a variable of the tape; nil when the output does not depend on it.
    public subscript(variable: Tensor) -> Tensor? {
        guard let record = variable.record, record.tape == identity else { return nil }
        return byNode[record.node]
    }
}
