public import HeedNN
import HeedTensor

/// The parameters that a module stores, itself or in its children, but does not visit; empty when it visits all.
///
/// Modules tell their members explicitly; this looks at what they store by reflection, for tests alone.
public func unvisitedParameters(of module: any Module) -> [String] {
    let visited = Set(module.bindings.map { ObjectIdentifier($0.parameter) })
    var walk = StoredParameters()
    walk.look(at: module, path: String(describing: type(of: module)))
    return walk.found.filter { !visited.contains($0.identity) }.map(\.path)
}

/// Names that a module gives to more than one tensor.
public func repeatedNames(of module: any Module) -> [String] {
    Dictionary(grouping: module.bindings, by: \.name).filter { $0.value.count > 1 }.keys.sorted()
}

private struct StoredParameters {
    var found: [(identity: ObjectIdentifier, path: String)] = []
    private var seen = Set<ObjectIdentifier>()

    mutating func look(at value: Any, path: String) {
        if let parameter = value as? Parameter {
            found.append((ObjectIdentifier(parameter), path))
            return
        }
        if value is Tensor || value is GradientArena { return }
        let mirror = Mirror(reflecting: value)
        if mirror.displayStyle == .class {
            guard seen.insert(ObjectIdentifier(value as AnyObject)).inserted else { return }
        }
        var next: Mirror? = mirror
        while let current = next {
            for child in current.children {
                look(at: child.value, path: path + "." + (child.label ?? "element"))
            }
            next = current.superclassMirror
        }
    }
}
