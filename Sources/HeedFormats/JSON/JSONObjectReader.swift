/// Reads the fields of an object of JSON, such as a configuration, one by one.
///
/// Each method throws `JSONFieldError`, which names the file, the field and its value. A field that is
/// `null` counts as missing. Fields that nobody asks for are ignored; `unusedNames` lists them.
public struct JSONObjectReader: Sendable {
    /// The file, or what else the object comes from.
    public let file: String
    /// The path of the object inside the file; empty at the top.
    public let path: String
    /// The object.
    public let object: JSONObject

    /// Reads from an object.
    public init(_ object: JSONObject, file: String, path: String = "") {
        self.object = object
        self.file = file
        self.path = path
    }

    /// Reads from a value that must be an object.
    public init(_ value: JSONValue, file: String, path: String = "") throws {
        guard let object = value.objectValue else {
            throw JSONFieldError(
                file: file, field: path.isEmpty ? "top level" : path, value: value,
                problem: "must be an object, not \(value.kindDescription)")
        }
        self.init(object, file: file, path: path)
    }

    /// Reads from the bytes of a file; throws `JSONError` where they are not JSON.
    public init(
        parsing bytes: [UInt8], file: String, parser: JSONParser = JSONParser()
    ) throws {
        try self.init(parser.parse(bytes, file: file), file: file)
    }

    /// Whether a field is present and not `null`.
    public func contains(_ name: String) -> Bool { optionalValue(name) != nil }

    /// The path of a field inside the file.
    public func path(of name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    /// An error about a field, for checks beyond those of this type.
    public func error(_ name: String, _ problem: String) -> JSONFieldError {
        JSONFieldError(file: file, field: path(of: name), value: object[name], problem: problem)
    }

    // MARK: Values

    /// Any value except `null`, or nil where the field is missing.
    public func optionalValue(_ name: String) -> JSONValue? {
        guard let value = object[name], !value.isNull else { return nil }
        return value
    }

    /// Any value except `null`.
    public func value(_ name: String) throws -> JSONValue {
        guard let value = optionalValue(name) else { throw error(name, "is missing") }
        return value
    }

    private func required<T>(_ name: String, _ value: T?) throws -> T {
        guard let value else { throw error(name, "is missing") }
        return value
    }

    // MARK: Numbers

    /// An integer inside a range, or nil where the field is missing.
    public func optionalInt(
        _ name: String, in range: ClosedRange<Int> = Int.min...Int.max
    ) throws -> Int? {
        guard let value = optionalValue(name) else { return nil }
        guard let int = value.intValue else { throw error(name, "must be an integer") }
        guard range.contains(int) else { throw error(name, "must be \(range.words)") }
        return int
    }

    /// An integer inside a range.
    public func int(
        _ name: String, in range: ClosedRange<Int> = Int.min...Int.max
    ) throws -> Int {
        try required(name, optionalInt(name, in: range))
    }

    /// An integer inside a range, or a default where the field is missing.
    public func int(
        _ name: String, in range: ClosedRange<Int> = Int.min...Int.max, default: Int
    ) throws -> Int {
        try optionalInt(name, in: range) ?? `default`
    }

    /// A finite number inside a range, or nil where the field is missing.
    public func optionalDouble(
        _ name: String, in range: ClosedRange<Double> = -Double.infinity...Double.infinity
    ) throws -> Double? {
        guard let value = optionalValue(name) else { return nil }
        guard let double = value.doubleValue, double.isFinite else {
            throw error(name, "must be a number")
        }
        guard range.contains(double) else { throw error(name, "must be \(range.words)") }
        return double
    }

    /// A finite number inside a range.
    public func double(
        _ name: String, in range: ClosedRange<Double> = -Double.infinity...Double.infinity
    ) throws -> Double {
        try required(name, optionalDouble(name, in: range))
    }

    /// A finite number inside a range, or a default where the field is missing.
    public func double(
        _ name: String, in range: ClosedRange<Double> = -Double.infinity...Double.infinity,
        default: Double
    ) throws -> Double {
        try optionalDouble(name, in: range) ?? `default`
    }
}

// MARK: - Booleans and strings

extension JSONObjectReader {
    /// A boolean, or nil where the field is missing.
    public func optionalBool(_ name: String) throws -> Bool? {
        guard let value = optionalValue(name) else { return nil }
        guard let bool = value.boolValue else { throw error(name, "must be true or false") }
        return bool
    }

    /// A boolean.
    public func bool(_ name: String) throws -> Bool { try required(name, optionalBool(name)) }

    /// A boolean, or a default where the field is missing.
    public func bool(_ name: String, default: Bool) throws -> Bool {
        try optionalBool(name) ?? `default`
    }

    /// A string, or nil where the field is missing.
    public func optionalString(_ name: String) throws -> String? {
        guard let value = optionalValue(name) else { return nil }
        guard let string = value.stringValue else { throw error(name, "must be a string") }
        return string
    }

    /// A string.
    public func string(_ name: String) throws -> String {
        try required(name, optionalString(name))
    }

    /// A string, or a default where the field is missing.
    public func string(_ name: String, default: String) throws -> String {
        try optionalString(name) ?? `default`
    }

    /// One of the cases of an enumeration of strings, or nil where the field is missing.
    public func optionalChoice<T>(_ name: String, of type: T.Type = T.self) throws -> T?
    where T: RawRepresentable & CaseIterable, T.RawValue == String {
        guard let text = try optionalString(name) else { return nil }
        guard let choice = T(rawValue: text) else {
            let known = T.allCases.map { quotedForMessage($0.rawValue) }.joined(separator: ", ")
            throw error(name, "is unknown; known are \(known)")
        }
        return choice
    }

    /// One of the cases of an enumeration of strings.
    public func choice<T>(_ name: String, of type: T.Type = T.self) throws -> T
    where T: RawRepresentable & CaseIterable, T.RawValue == String {
        try required(name, optionalChoice(name, of: type))
    }

    /// One of the cases of an enumeration of strings, or a default where the field is missing.
    public func choice<T>(_ name: String, default: T) throws -> T
    where T: RawRepresentable & CaseIterable, T.RawValue == String {
        try optionalChoice(name) ?? `default`
    }
}

// MARK: - Objects and arrays

extension JSONObjectReader {
    /// A reader of the object in a field, or nil where the field is missing.
    public func optionalObject(_ name: String) throws -> JSONObjectReader? {
        guard let value = optionalValue(name) else { return nil }
        return try JSONObjectReader(value, file: file, path: path(of: name))
    }

    /// A reader of the object in a field.
    public func object(_ name: String) throws -> JSONObjectReader {
        try required(name, optionalObject(name))
    }

    /// The elements of an array, or nil where the field is missing.
    public func optionalArray(_ name: String) throws -> [JSONValue]? {
        guard let value = optionalValue(name) else { return nil }
        guard let array = value.arrayValue else { throw error(name, "must be an array") }
        return array
    }

    /// The elements of an array.
    public func array(_ name: String) throws -> [JSONValue] {
        try required(name, optionalArray(name))
    }

    /// Readers of the objects in an array.
    public func objects(_ name: String) throws -> [JSONObjectReader] {
        try array(name).enumerated().map { position, value in
            try JSONObjectReader(value, file: file, path: "\(path(of: name))[\(position)]")
        }
    }

    /// The integers in an array, each inside a range.
    public func ints(
        _ name: String, in range: ClosedRange<Int> = Int.min...Int.max
    ) throws -> [Int] {
        try array(name).enumerated().map { position, value in
            guard let int = value.intValue, range.contains(int) else {
                throw elementError(name, position, value, "must be an integer, \(range.words)")
            }
            return int
        }
    }

    /// The finite numbers in an array.
    public func doubles(_ name: String) throws -> [Double] {
        try array(name).enumerated().map { position, value in
            guard let double = value.doubleValue, double.isFinite else {
                throw elementError(name, position, value, "must be a number")
            }
            return double
        }
    }

    /// The strings in an array.
    public func strings(_ name: String) throws -> [String] {
        try array(name).enumerated().map { position, value in
            guard let string = value.stringValue else {
                throw elementError(name, position, value, "must be a string")
            }
            return string
        }
    }

    /// An error about one element of an array.
    public func elementError(
        _ name: String, _ position: Int, _ value: JSONValue, _ problem: String
    ) -> JSONFieldError {
        JSONFieldError(
            file: file, field: "\(path(of: name))[\(position)]", value: value, problem: problem)
    }
}

extension ClosedRange<Int> {
    fileprivate var words: String {
        if upperBound == .max {
            return lowerBound == .min ? "any integer" : "at least \(lowerBound)"
        }
        return lowerBound == .min
            ? "at most \(upperBound)" : "between \(lowerBound) and \(upperBound)"
    }
}

extension ClosedRange<Double> {
    fileprivate var words: String {
        if upperBound == .infinity {
            return lowerBound == -.infinity ? "a number" : "at least \(lowerBound)"
        }
        return lowerBound == -.infinity
            ? "at most \(upperBound)" : "between \(lowerBound) and \(upperBound)"
    }
}
