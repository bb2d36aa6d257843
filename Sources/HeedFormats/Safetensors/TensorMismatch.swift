/// All differences between the tensors that a model needs and those that a file holds.
public struct TensorMismatch: Error, Equatable, Sendable {
    /// A tensor that differs from what is needed.
    public struct Difference: Equatable, Sendable {
        /// The name.
        public let name: String
        /// What is needed, such as `[512, 64]` or `F32`.
        public let expected: String
        /// What is there.
        public let found: String
    }

    /// The path of the file or folder.
    public let path: String
    /// Tensors that are needed and not there.
    public private(set) var missing: [String] = []
    /// Tensors that are there and not needed.
    public private(set) var unexpected: [String] = []
    /// Tensors of another shape.
    public private(set) var misshapen: [Difference] = []
    /// Tensors of a type that cannot be used.
    public private(set) var mistyped: [Difference] = []

    /// Starts without differences.
    public init(path: String) {
        self.path = path
    }

    /// Compares what is needed with what is there; tensors in `ignoring` may be there or not.
    public init(
        needed: [(name: String, shape: [Int])], in store: some TensorStore,
        ignoring: Set<String> = []
    ) {
        self.init(path: store.path)
        var known = NameDictionary<Void>()
        for (name, shape) in needed {
            known.insert((), forName: name)
            if let entry = store.entry(named: name) {
                addShape(of: name, expected: shape, found: entry.shape)
            } else {
                addMissing(name)
            }
        }
        for name in store.names where known[name] == nil && !ignoring.contains(name) {
            addUnexpected(name)
        }
    }

    /// Whether there is no difference.
    public var isEmpty: Bool {
        missing.isEmpty && unexpected.isEmpty && misshapen.isEmpty && mistyped.isEmpty
    }

    /// Throws this where there is any difference.
    public func check() throws { if !isEmpty { throw self } }

    /// Notes a tensor that is not there.
    public mutating func addMissing(_ name: String) { missing.append(name) }

    /// Notes a tensor that nothing needs.
    public mutating func addUnexpected(_ name: String) { unexpected.append(name) }

    /// Notes a tensor if its shape differs.
    public mutating func addShape(of name: String, expected: [Int], found: [Int]) {
        guard expected != found else { return }
        misshapen.append(Difference(name: name, expected: "\(expected)", found: "\(found)"))
    }

    /// Notes a tensor of a type that cannot be used.
    public mutating func addType(of name: String, expected: String, found: ElementType) {
        mistyped.append(Difference(name: name, expected: expected, found: found.name))
    }
}

extension TensorMismatch: CustomStringConvertible {
    /// The whole message in one line, the first ten of each kind.
    public var description: String {
        func list(_ differences: [Difference]) -> String {
            let shown = differences.prefix(10).map {
                "\(quotedForMessage($0.name)) is \($0.found) instead of \($0.expected)"
            }.joined(separator: ", ")
            let rest = differences.count - 10
            return rest > 0 ? "\(shown) and \(rest) more" : shown
        }
        var parts: [String] = []
        if !missing.isEmpty { parts.append("missing tensors: \(listForMessage(missing))") }
        if !unexpected.isEmpty { parts.append("unexpected tensors: \(listForMessage(unexpected))") }
        if !misshapen.isEmpty { parts.append("tensors of another shape: \(list(misshapen))") }
        if !mistyped.isEmpty { parts.append("tensors of another type: \(list(mistyped))") }
        return "\(nameForMessage(path)): \(parts.joined(separator: "; "))"
    }
}
