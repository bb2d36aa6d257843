public import HeedTensor

/// A part of a model that has parameters.
///
/// A module tells its parameters and its children explicitly; nothing is found by reflection.
public protocol Module: AnyObject {
    /// Shows every parameter and every child to the visitor, under the names that files use.
    func visitMembers(_ visitor: MemberVisitor)
}

/// A tensor as files name it: a parameter, or some rows of one that is fused.
public struct TensorBinding {
    /// The name in files, such as `model.encoder.layers.0.self_attn.q_proj.weight`.
    public let name: String
    /// The parameter.
    public let parameter: Parameter
    /// The rows of the parameter's first axis that the name stands for.
    public let rows: Range<Int>
    /// The sizes in files where they are written in another way, such as [1, V] for [V].
    let fileShape: Shape?
    /// Whether files have the matrix transposed.
    let isTransposed: Bool

    /// The sizes of the tensor in files.
    public var shape: Shape {
        if let fileShape { return fileShape }
        var shape = parameter.shape
        shape[0] = rows.count
        return isTransposed ? [shape[1], shape[0]] : shape
    }
}

/// Collects the members of modules.
public final class MemberVisitor {
    /// What has been visited, in order.
    public private(set) var bindings: [TensorBinding] = []
    private var prefix = ""

    /// A visitor that has seen nothing.
    public init() {}

    /// Shows a parameter, or rows of one; `fileShape` is how files write its sizes, if they differ, `isTransposed` whether
    /// they have the matrix transposed.
    public func parameter(
        _ name: String, _ parameter: Parameter?, rows: Range<Int>? = nil, fileShape: Shape? = nil,
        isTransposed: Bool = false
    ) {
        guard let parameter else { return }
        bindings.append(
            TensorBinding(
                name: prefix + name, parameter: parameter, rows: rows ?? 0..<parameter.shape[0],
                fileShape: fileShape, isTransposed: isTransposed && parameter.shape.rank == 2))
    }

    /// Shows weight and bias of a linear layer, or rows of them.
    func linear(
        _ name: String, _ layer: Linear, rows: Range<Int>? = nil, isTransposed: Bool = false
    ) {
        parameter("\(name).weight", layer.weight, rows: rows, isTransposed: isTransposed)
        parameter("\(name).bias", layer.bias, rows: rows)
    }

    /// Shows a child, whose members' names begin with `name` and a dot.
    public func child(_ name: String, _ module: (any Module)?) {
        guard let module else { return }
        let outer = prefix
        prefix = name.isEmpty ? outer : outer + name + "."
        module.visitMembers(self)
        prefix = outer
    }

    /// Shows children that are numbered from 0.
    public func children(_ name: String, _ modules: [any Module]) {
        for (index, module) in modules.enumerated() { child("\(name).\(index)", module) }
    }
}

extension Module {
    /// Every tensor of the module, by its name in files.
    public var bindings: [TensorBinding] {
        let visitor = MemberVisitor()
        visitor.child("", self)
        return visitor.bindings
    }

    /// Every parameter of the module, once.
    public var parameters: [Parameter] {
        var seen = Set<ObjectIdentifier>()
        return bindings.map(\.parameter).filter { seen.insert(ObjectIdentifier($0)).inserted }
    }

    /// The number of trainable numbers, each counted once.
    public var parameterCount: Int { parameters.reduce(0) { $0 + $1.shape.count } }

    /// Gives every parameter the name of its first tensor, for messages.
    public func nameParameters() {
        var seen = Set<ObjectIdentifier>()
        for binding in bindings where seen.insert(ObjectIdentifier(binding.parameter)).inserted {
            binding.parameter.rename(binding.name)
        }
    }
}
