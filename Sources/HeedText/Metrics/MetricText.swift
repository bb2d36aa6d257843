/// Text handling shared by the metrics: they compare code points, never canonical equivalents, so
/// a sentence is an array of scalars here and not a `String`.
enum MetricText {
    /// The white space at which the metrics split: Unicode's, and the four ASCII separators
    /// U+001C…U+001F, which the reference implementations count as well.
    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F,
            0x205F, 0x3000:
            true
        default:
            false
        }
    }

    /// The words between white space; no word is empty.
    static func words(_ scalars: [Unicode.Scalar]) -> [ArraySlice<Unicode.Scalar>] {
        scalars.split(omittingEmptySubsequences: true, whereSeparator: isSpace)
    }

    /// The scalars without white space at the end.
    static func trimmedEnd(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var end = scalars.count
        while end > 0, isSpace(scalars[end - 1]) { end -= 1 }
        return Array(scalars[..<end])
    }

    /// Lower case by Unicode's full mapping, with the final sigma of Greek words.
    static func lowercased(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(scalars.count)
        for (position, scalar) in scalars.enumerated() {
            if scalar.value == 0x03A3 {
                result.append(isFinalSigma(at: position, in: scalars) ? "\u{03C2}" : "\u{03C3}")
            } else if scalar.value < 0x80 {
                let isUpper = (0x41...0x5A).contains(scalar.value)
                result.append(isUpper ? Unicode.Scalar(UInt8(scalar.value) + 32) : scalar)
            } else {
                result.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
            }
        }
        return result
    }

    /// A sigma ends its word if a cased letter stands before it and none behind it (Unicode's
    /// condition Final_Sigma); scalars that ignore case are skipped on both sides.
    private static func isFinalSigma(at position: Int, in scalars: [Unicode.Scalar]) -> Bool {
        let before = scalars[..<position].last { !$0.properties.isCaseIgnorable }
        guard before?.properties.isCased == true else { return false }
        let after = scalars[(position + 1)...].first { !$0.properties.isCaseIgnorable }
        return after?.properties.isCased != true
    }

    /// `value` with a fixed number of decimals, rounded as C's `printf` rounds: to the nearest
    /// decimal of the exact binary value, ties to even.
    static func fixed(_ value: Double, decimals: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let magnitude = abs(value)
        let product = magnitude * scale
        // What the product lost by rounding decides on which side of a tie the exact value lies.
        let lost = (-product).addingProduct(magnitude, scale)
        var rounded = product.rounded(.toNearestOrEven)
        if abs(product - product.rounded(.down) - 0.5) == 0, lost != 0 {
            rounded = product.rounded(lost > 0 ? .up : .down)
        }
        let digits = String(Int64(rounded))
        let padding = String(repeating: "0", count: max(0, decimals + 1 - digits.count))
        let all = padding + digits
        let sign = value.sign == .minus ? "-" : ""
        guard decimals > 0 else { return sign + all }
        return sign + all.dropLast(decimals) + "." + all.suffix(decimals)
    }
}

/// Numbers for things in the order of their first appearance.
struct Interner<Key: Hashable> {
    private var numbers: [Key: UInt32] = [:]

    mutating func number(of key: Key) -> UInt32 {
        if let known = numbers[key] { return known }
        let number = UInt32(numbers.count)
        numbers[key] = number
        return number
    }
}

/// The n-grams of a sequence of numbered units, one table of counts for each order.
///
/// An n-gram is numbered from the number of its first n − 1 units and its last unit, so that
/// n-grams of any order compare exactly and cost one look-up each.
struct NGramCounter {
    private var numbers: [Interner<UInt64>]

    /// - Parameter order: the longest n-gram to count.
    init(order: Int) {
        numbers = Array(repeating: Interner(), count: max(0, order))
    }

    /// Counts of the n-grams of order 1, 2, … in `units`; two calls number equal n-grams alike.
    mutating func counts(of units: [UInt32]) -> [[UInt32: Int]] {
        var tables: [[UInt32: Int]] = []
        var prefixes = [UInt32](repeating: 0, count: units.count)
        for order in numbers.indices {
            var table: [UInt32: Int] = [:]
            for start in 0..<max(0, units.count - order) {
                let key = UInt64(prefixes[start]) << 32 | UInt64(units[start + order])
                let number = numbers[order].number(of: key)
                prefixes[start] = number
                table[number, default: 0] += 1
            }
            tables.append(table)
        }
        return tables
    }
}
