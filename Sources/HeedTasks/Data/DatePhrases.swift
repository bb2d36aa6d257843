/// The ways in which an English text writes a date; each determines the day.
package enum DatePhrases {
    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ]
    static let weekdays = [
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
    ]

    /// The date written in the form with this number, for `0 ..< forms.count`.
    package static func phrase(_ date: CalendarDate, form: Int) -> String {
        forms[form](Words(date))
    }

    /// The pieces that the forms are put together from.
    package struct Words {
        let weekday, month, day, dayNumber, dayWord, year, yearWords: String

        init(_ date: CalendarDate) {
            weekday = weekdays[date.weekday]
            month = months[date.month - 1]
            day = "\(date.day)"
            dayNumber = EnglishNumbers.shortOrdinal(date.day)
            dayWord = EnglishNumbers.ordinal(date.day)
            year = "\(date.year)"
            yearWords = EnglishNumbers.year(date.year)
        }

        var shortMonth: String { String(month.prefix(3)) }
        var shortWeekday: String { String(weekday.prefix(3)) }
    }

    package static let forms: [@Sendable (Words) -> String] = [
        { "\($0.day) \($0.month) \($0.year)" },
        { "\($0.month) \($0.day), \($0.year)" },
        { "the \($0.dayNumber) of \($0.month) \($0.year)" },
        { "\($0.month) \($0.dayNumber), \($0.year)" },
        { "\($0.day) \($0.shortMonth) \($0.year)" },
        { "\($0.shortMonth) \($0.day), \($0.year)" },
        { "\($0.weekday), \($0.day) \($0.month) \($0.year)" },
        { "\($0.weekday), \($0.month) \($0.day), \($0.year)" },
        { "\($0.shortWeekday), \($0.day) \($0.shortMonth) \($0.year)" },
        { "\($0.weekday) the \($0.dayNumber) of \($0.month), \($0.year)" },
        { "the \($0.dayWord) of \($0.month) \($0.year)" },
        { "\($0.month) the \($0.dayWord), \($0.year)" },
        { "\($0.year), \($0.month) \($0.day)" },
        { "the \($0.dayWord) of \($0.month), \($0.yearWords)" },
        { "\($0.month) \($0.dayWord), \($0.yearWords)" },
    ]
}
