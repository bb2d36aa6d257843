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

extension JSONNumber {
    /// The powers of ten that are doubles.
    private static let powers = (0...308).map { Double("1e\($0)") ?? .nan }

    /// More than any text has digits.
    private static let exponentLimit = 1 << 40

    /// The double that serde_json gives, which is not always the nearest: all digits that fit into 64 bits as an integer,
    /// rounded, and then the quotient with a power of ten, or the product, rounded again.
    package var twiceRoundedValue: Double {
        var significand: UInt64 = 0
        var exponent = 0
        var written = 0
        var (isNegative, hasPoint, isFull) = (false, false, false)
        var bytes = text.utf8[...]
        while let byte = bytes.popFirst() {
            switch byte {
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "."): hasPoint = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                // Beyond the limit every exponent means 0 or infinity; sums with the digits' places stay in range.
                let isSmall = bytes.first == UInt8(ascii: "-")
                let limit = Self.exponentLimit
                let found = Int(Substring(bytes)) ?? (isSmall ? -limit : limit)
                written = min(max(found, -limit), limit)
                bytes = bytes.suffix(0)
            default:
                let digit = UInt64(byte - UInt8(ascii: "0"))
                let (product, overflow) = significand.multipliedReportingOverflow(by: 10)
                let (sum, carry) = product.addingReportingOverflow(digit)
                isFull = isFull || overflow || carry
                if isFull {
                    // What does not fit counts by its place alone.
                    if !hasPoint { exponent += 1 }
                } else {
                    significand = sum
                    if hasPoint { exponent -= 1 }
                }
            }
        }
        exponent += written
        var value = Double(significand)
        while value != 0, exponent < -308 {
            value /= 1e308
            exponent += 308
        }
        if value != 0 {
            value =
                exponent < 0
                ? value / Self.powers[-exponent] : value * Self.powers[min(exponent, 308)]
        }
        return isNegative ? -value : value
    }
}

extension JSONNumber: Equatable {
    /// Whether both are the same number: exactly for integers, else as doubles.
    public static func == (a: JSONNumber, b: JSONNumber) -> Bool {
        if a.text == b.text { return true }
        if let a = a.intValue, let b = b.intValue { return a == b }
        return a.doubleValue == b.doubleValue
    }
}
