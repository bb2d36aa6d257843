/// An object of JSON: names in the order of the file, compared byte by byte.
public typealias JSONObject = NameDictionary<JSONValue>

/// A value of JSON, as `JSONParser` reads it and `JSONWriter` writes it (RFC 8259).
public enum JSONValue: Sendable {
    /// The literal `null`.
    case null
    /// The literal `true` or `false`.
    case bool(Bool)
    /// A number, with its exact text.
    case number(JSONNumber)
    /// A string.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object, its names in the order of the file.
    case object(JSONObject)
}

extension JSONValue {
    /// Whether the value is `null`.
    public var isNull: Bool { if case .null = self { true } else { false } }

    /// The value of `true` or `false`, or nil for any other value.
    public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// The integer, or nil for any other value, a fraction, an exponent, or a number beyond `Int`.
    public var intValue: Int? { if case .number(let value) = self { value.intValue } else { nil } }

    /// The nearest double of a number, or nil for any other value.
    public var doubleValue: Double? {
        if case .number(let value) = self { value.doubleValue } else { nil }
    }

    /// The string, or nil for any other value.
    public var stringValue: String? { if case .string(let value) = self { value } else { nil } }

    /// The elements of an array, or nil for any other value.
    public var arrayValue: [JSONValue]? { if case .array(let value) = self { value } else { nil } }

    /// The object, or nil for any other value.
    public var objectValue: JSONObject? { if case .object(let value) = self { value } else { nil } }

    /// The value of a name, or nil where this is no object or the name is absent.
    public subscript(name: String) -> JSONValue? { objectValue?[name] }

    /// An integer.
    public static func int(_ value: Int) -> JSONValue { .number(JSONNumber(value)) }

    /// A double in the shortest text that reads back as the same bits; `null` if it is not finite,
    /// since JSON has no such numbers.
    public static func double(_ value: Double) -> JSONValue {
        JSONNumber(value).map(JSONValue.number) ?? .null
    }

    /// A float in the shortest text that reads back as the same float; `null` if it is not finite.
    public static func float(_ value: Float) -> JSONValue {
        JSONNumber(value).map(JSONValue.number) ?? .null
    }

    /// What kind of value this is, in words for messages.
    public var kindDescription: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

extension JSONValue: Equatable {
    /// Whether both are the same value: strings byte by byte, numbers by value, objects in any order.
    public static func == (a: JSONValue, b: JSONValue) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        case (.string(let a), .string(let b)): a.hasSameBytes(as: b)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a == b
        default: false
        }
    }
}

extension JSONValue: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    /// Makes `null`.
    public init(nilLiteral: ()) { self = .null }
    /// Makes a boolean.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// Makes an integer.
    public init(integerLiteral value: Int) { self = .int(value) }
    /// Makes a number.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// Makes a string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// Makes an array.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// Makes an object of names that must differ from one another.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (name, value) in elements {
            precondition(object.insert(value, forName: name), "A name occurs twice in a literal")
        }
        self = .object(object)
    }
}
