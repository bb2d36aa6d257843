public import HeedFormats
public import HeedTensor

/// Reads the parameters of a module from files and writes them.
public enum ModelFiles {
    /// Reads every tensor of a module.
    ///
    /// - Parameters:
    ///   - module: what the tensors are for.
    ///   - store: the file or folder.
    ///   - optional: tensors that the file may lack; their parameters keep their values.
    ///   - ignoring: whether a tensor of the file that the module does not know may be left out.
    ///   - type: the element type that parameters shall have; that of the file when nil.
    /// - Throws: `TensorMismatch`, which lists all missing, unexpected, misshapen and mistyped tensors, before any is read.
    public static func load(
        _ module: some Module, from store: any TensorStore, as type: ElementType? = nil,
        optional: Set<String> = [], ignoring: (String) -> Bool = { _ in false }
    ) throws {
        let bindings = module.bindings.filter {
            !optional.contains($0.name) || store.entry(named: $0.name) != nil
        }
        try check(bindings, store, ignoring)
        var parts: [ObjectIdentifier: [TensorBinding]] = [:]
        for binding in bindings {
            parts[ObjectIdentifier(binding.parameter), default: []].append(binding)
        }
        for parameter in module.parameters {
            guard let group = parts[ObjectIdentifier(parameter)] else { continue }
            let tensors = try tensors(group, store, type)
            if tensors.allSatisfy({ $0.isMapped && $0.elementType == .bfloat16 }) {
                parameter.take(parts: tensors)
            } else {
                parameter.value = joined(tensors, parameter.shape)
            }
        }
    }

    /// The tensors that are rows of one parameter, in order.
    private static func tensors(
        _ bindings: [TensorBinding], _ store: any TensorStore, _ type: ElementType?
    ) throws -> [Tensor] {
        let context = Context()
        var rows: [Int: Tensor] = [:]
        for binding in bindings where rows[binding.rows.lowerBound] == nil {
            var tensor = try Tensor(reading: binding.name, from: store)
            if binding.isTransposed { tensor = context.transposed(tensor) }
            rows[binding.rows.lowerBound] = context.converted(
                tensor, to: type ?? tensor.elementType)
        }
        return rows.sorted { $0.key < $1.key }.map(\.value)
    }

    private static func joined(_ tensors: [Tensor], _ shape: Shape) -> Tensor {
        let context = Context()
        var tensors = tensors
        if Set(tensors.map(\.elementType)).count > 1 {
            tensors = tensors.map { context.converted($0, to: .float32) }
        }
        let whole = tensors.count == 1 ? tensors[0] : context.concatenated(tensors)
        return context.reshaped(whole, shape)
    }

    private static func check(
        _ bindings: [TensorBinding], _ store: any TensorStore, _ ignoring: (String) -> Bool
    ) throws {
        var mismatch = TensorMismatch(path: store.path)
        var known = Set<String>()
        for binding in bindings where known.insert(binding.name).inserted {
            guard let entry = store.entry(named: binding.name) else {
                mismatch.addMissing(binding.name)
                continue
            }
            if entry.shape != binding.shape.sizes {
                mismatch.addShape(
                    of: binding.name, expected: binding.shape.sizes, found: entry.shape)
            } else if !entry.type.isFloat {
                mismatch.addType(
                    of: binding.name, expected: "floating-point numbers", found: entry.type)
            }
        }
        for name in store.names where !known.contains(name) && !ignoring(name) {
            mismatch.addUnexpected(name)
        }
        try mismatch.check()
    }

    /// Writes every tensor of a module to a safetensors file, which appears complete or not at all.
    ///
    /// - Parameters:
    ///   - module: whose tensors are written.
    ///   - path: the file.
    ///   - values: gives other values than the parameters' own, such as averages; nil for their own.
    ///   - type: the element type in the file; that of each value when nil.
    ///   - constants: further tensors, written as they are.
    public static func save(
        _ module: some Module, to path: String, as type: ElementType? = nil,
        values: ((Parameter) -> Tensor)? = nil, constants: [(name: String, tensor: Tensor)] = []
    ) throws {
        var seen = Set<String>()
        let bindings = module.bindings.filter { seen.insert($0.name).inserted }
        let value = { (parameter: Parameter) in values?(parameter) ?? parameter.value }
        let writer = try SafetensorsWriter(
            path: path,
            tensors: bindings.map {
                TensorDescription(
                    $0.name, type ?? value($0.parameter).elementType, $0.shape.sizes)
            }
                + constants.map {
                    TensorDescription($0.name, $0.tensor.elementType, $0.tensor.shape.sizes)
                }, metadata: ["format": "pt"])
        let context = Context()
        for binding in bindings {
            let whole = value(binding.parameter)
            var part =
                binding.rows == 0..<whole.shape[0]
                ? whole : context.sliced(whole, axis: 0, binding.rows)
            if binding.isTransposed { part = context.transposed(part) }
            try context.converted(part, to: type ?? part.elementType).write(
                to: writer, as: binding.name)
        }
        for (name, tensor) in constants { try tensor.write(to: writer, as: name) }
        try writer.commit()
    }
}
