/// Numbers as English writes them in words.
package enum EnglishNumbers {
    private static let small = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
        "nineteen",
    ]
    private static let tens = [
        "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
    ]
    private static let irregularOrdinals = [
        "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
        "nine": "ninth", "twelve": "twelfth", "twenty": "twentieth", "thirty": "thirtieth",
    ]

    /// `three hundred and forty-two thousand one hundred and seven`, for 0 … 999,999.
    package static func cardinal(_ number: Int) -> String {
        precondition((0..<1_000_000).contains(number), "a number below a million")
        let (thousands, rest) = number.quotientAndRemainder(dividingBy: 1000)
        var words: [String] = []
        if thousands > 0 { words += [belowThousand(thousands), "thousand"] }
        if rest > 0 || thousands == 0 {
            if thousands > 0 && rest < 100 { words.append("and") }
            words.append(belowThousand(rest))
        }
        return words.joined(separator: " ")
    }

    /// `twenty-first`, for 1 … 31.
    package static func ordinal(_ number: Int) -> String {
        precondition((1...31).contains(number), "a day of a month")
        let words = belowHundred(number)
        let stem = words.split(separator: "-").last.map(String.init) ?? words
        let ending = irregularOrdinals[stem] ?? stem + "th"
        return words.dropLast(stem.count) + ending
    }

    /// `21st`, for 1 … 31.
    package static func shortOrdinal(_ number: Int) -> String {
        switch (number % 10, number / 10) {
        case (_, 1): "\(number)th"
        case (1, _): "\(number)st"
        case (2, _): "\(number)nd"
        case (3, _): "\(number)rd"
        default: "\(number)th"
        }
    }

    /// A year as it is spoken: `nineteen oh five`, `two thousand and nine`, `twenty twenty-one`.
    package static func year(_ year: Int) -> String {
        let (century, rest) = year.quotientAndRemainder(dividingBy: 100)
        if century % 10 == 0 && rest < 10 { return cardinal(year) }
        switch rest {
        case 0: return belowHundred(century) + " hundred"
        case 1..<10: return belowHundred(century) + " oh " + small[rest]
        default: return belowHundred(century) + " " + belowHundred(rest)
        }
    }

    private static func belowThousand(_ number: Int) -> String {
        let (hundreds, rest) = number.quotientAndRemainder(dividingBy: 100)
        if hundreds == 0 { return belowHundred(rest) }
        let start = small[hundreds] + " hundred"
        return rest == 0 ? start : start + " and " + belowHundred(rest)
    }

    private static func belowHundred(_ number: Int) -> String {
        if number < 20 { return small[number] }
        let (ten, rest) = number.quotientAndRemainder(dividingBy: 10)
        return rest == 0 ? tens[ten] : tens[ten] + "-" + small[rest]
    }
}
