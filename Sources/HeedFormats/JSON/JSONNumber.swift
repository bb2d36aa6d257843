/// A number of JSON, kept as the text that stood in the file, so that nothing is rounded on the way.
public struct JSONNumber: Sendable {
    /// The text, valid as a number of JSON and finite as a double.
    public let text: String

    /// Takes a text that the scanner found valid.
    init(validText text: String) { self.text = text }

    /// Makes an integer.
    public init(_ value: Int) { text = String(value) }

    /// Makes the shortest text that reads back as the same double; nil if it is not finite.
    public init?(_ value: Double) {
        guard value.isFinite else { return nil }
        text = value.description
    }

    /// Makes the shortest text that reads back as the same float; nil if it is not finite.
    public init?(_ value: Float) {
        guard value.isFinite else { return nil }
        text = value.description
    }

    /// The integer, or nil with a fraction, an exponent, or a value beyond `Int`.
    public var intValue: Int? { Int(text) }

    /// The nearest double, which is finite.
    public var doubleValue: Double { Double(text) ?? .nan }
}

extension JSONNumber: Equatable {
    /// Whether both are the same number: exactly for integers, else as doubles.
    public static func == (a: JSONNumber, b: JSONNumber) -> Bool {
        if a.text == b.text { return true }
        if let a = a.intValue, let b = b.intValue { return a == b }
        return a.doubleValue == b.doubleValue
    }
}
