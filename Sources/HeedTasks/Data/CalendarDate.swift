/// A day of the Gregorian calendar.
package struct CalendarDate: Equatable, Sendable {
    package var year: Int
    /// 1 … 12.
    package var month: Int
    /// 1 … 31.
    package var day: Int
    /// 0 for Monday … 6 for Sunday.
    package var weekday: Int

    /// The days from 1 January 1900, a Monday, to 31 December 2099.
    package static let numberOfDays = 73_049

    /// The day that comes `days` days after 1 January 1900, for `0 ..< numberOfDays`.
    package init(daysSince1900 days: Int) {
        precondition((0..<Self.numberOfDays).contains(days), "a day between 1900 and 2099")
        weekday = days % 7
        year = 1900
        month = 1
        var rest = days
        while rest >= Self.length(ofYear: year) {
            rest -= Self.length(ofYear: year)
            year += 1
        }
        while rest >= Self.length(ofMonth: month, year: year) {
            rest -= Self.length(ofMonth: month, year: year)
            month += 1
        }
        day = rest + 1
    }

    /// The date as ISO 8601 writes it: `2021-03-09`.
    package var iso: String {
        "\(year)-\(Self.twoDigits(month))-\(Self.twoDigits(day))"
    }

    private static func twoDigits(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }

    private static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    private static func length(ofYear year: Int) -> Int {
        isLeap(year) ? 366 : 365
    }

    private static func length(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
