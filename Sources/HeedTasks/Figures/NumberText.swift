import Foundation

/// Numbers as people read them.
package enum NumberText {
    /// A tick's label, with as many decimals as the step between ticks needs.
    package static func tick(_ value: Double, step: Double) -> String {
        if value == 0 { return "0" }
        if abs(value) >= 1e7 || step < 0.99e-4 {
            let exponent = floor(log10(abs(value)) + 1e-9)
            let decimals = Int(max(0, exponent - floor(log10(step) + 1e-9)))
            return scientific(value, decimals: min(decimals, 13), exponent: exponent)
        }
        let decimals = Int(max(0, -floor(log10(step) + 1e-9)))
        return grouped(fixed(value, decimals))
    }

    /// Four digits that matter.
    package static func short(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "–" : value < 0 ? "−∞" : "∞" }
        if value == 0 { return "0" }
        let exponent = floor(log10(abs(value)))
        if exponent >= 7 || exponent < -4 {
            return scientific(value, decimals: 3, exponent: exponent)
        }
        return grouped(trimmed(fixed(value, Int(max(0, 3 - exponent)))))
    }

    /// A number with this many decimals.
    package static func fixed(_ value: Double, _ decimals: Int) -> String {
        let text = String(format: "%.\(decimals)f", value)
        guard text.hasPrefix("-") else { return text }
        let digits = text.dropFirst()
        return digits.contains { $0 != "0" && $0 != "." } ? "−" + digits : String(digits)
    }

    /// 10 to the power of a whole number.
    package static func power(_ exponent: Double) -> String {
        (0...3).contains(exponent) || exponent == -1
            ? short(pow(10, exponent)) : "10" + superscript(Int(exponent))
    }

    private static func scientific(
        _ value: Double, decimals: Int, exponent: Double
    ) -> String {
        var exponent = exponent
        var mantissa = value / pow(10, exponent)
        if !mantissa.isFinite || abs(mantissa) >= 10 - 1e-9 {
            exponent += 1
            mantissa = value / pow(10, exponent)
        }
        let text = trimmed(fixed(mantissa, decimals))
        let power = "10" + superscript(Int(exponent))
        return ["1": power, "−1": "−" + power][text] ?? "\(text)×\(power)"
    }

    private static func trimmed(_ text: String) -> String {
        guard text.contains(".") else { return text }
        var text = Substring(text)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return String(text)
    }

    /// Thousands set off by commas, from 10,000 on.
    private static func grouped(_ text: String) -> String {
        let whole = text.prefix { $0 != "." }
        let digits = whole.drop { $0 == "−" }
        guard digits.count > 4 else { return text }
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { result += "," }
            result.append(digit)
        }
        return (whole.hasPrefix("−") ? "−" : "") + result + text.dropFirst(whole.count)
    }

    private static func superscript(_ number: Int) -> String {
        let digits: [Character] = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"]
        return (number < 0 ? "⁻" : "")
            + String(String(abs(number)).compactMap { $0.wholeNumberValue.map { digits[$0] } })
    }
}
