public import HeedFormats
public import HeedTensor

/// A file of what PyTorch computes; `Tests/Fixtures/README.md` tells what is in which.
public struct Fixture {
    /// The file.
    public let file: SafetensorsFile

    /// Opens `Tests/Fixtures/NAME.safetensors`.
    public init(_ name: String) throws {
        file = try SafetensorsFile(path: Self.path("\(name).safetensors"))
    }

    /// The path of something in `Tests/Fixtures`.
    public static func path(_ name: String, here: String = #filePath) -> String {
        let tests = here.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
        return tests.joined(separator: "/") + "/Fixtures/" + name
    }

    /// Whether there is a tensor of this name.
    public func has(_ name: String) -> Bool { file.entry(named: name) != nil }

    /// A tensor, as it is in the file.
    public func tensor(_ name: String) throws -> Tensor { try Tensor(reading: name, from: file) }

    /// The numbers of an int64 tensor.
    public func ints(_ name: String) throws -> [Int] {
        try tensor(name).scalars(as: Int64.self).map(Int.init)
    }

    /// An int64 tensor as the int32 that operators take.
    public func ids(_ name: String) throws -> Tensor {
        Tensor(try ints(name).map { Int32($0) })
    }

    /// A setting, if the file has it.
    public func setting(_ name: String) -> String? { file.metadata?[name] }

    /// A setting that the file must have.
    public func text(_ name: String) throws -> String {
        guard let value = setting(name) else { throw FixtureError("no setting \(name)") }
        return value
    }

    /// A whole number among the settings.
    public func int(_ name: String) throws -> Int {
        guard let value = Int(try text(name)) else { throw FixtureError("\(name) is no Int") }
        return value
    }

    /// A number among the settings.
    public func double(_ name: String) throws -> Double {
        guard let value = Double(try text(name)) else { throw FixtureError("\(name) is no Double") }
        return value
    }
}

/// A fixture that is not as a test needs it.
public struct FixtureError: Error, CustomStringConvertible {
    /// What is wrong.
    public let description: String

    /// An error with this description.
    public init(_ description: String) { self.description = description }
}
