import Foundation
import HeedTasks
import Testing

@Suite("The words of made-up pairs")
struct SyntheticLanguageTests {
    @Test("dates agree with Foundation's calendar on every day from 1900 to 2099")
    func calendar() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let start = try #require(
            calendar.date(from: DateComponents(year: 1900, month: 1, day: 1, hour: 12)))
        for days in 0..<CalendarDate.numberOfDays {
            let ours = CalendarDate(daysSince1900: days)
            let parts = calendar.dateComponents(
                [.year, .month, .day, .weekday],
                from: start.addingTimeInterval(86_400 * Double(days)))
            // Foundation counts the days of a week from Sunday = 1.
            let theirs = [parts.year, parts.month, parts.day, parts.weekday.map { ($0 + 5) % 7 }]
            #expect([ours.year, ours.month, ours.day, ours.weekday] == theirs)
        }
        #expect(CalendarDate(daysSince1900: 0).iso == "1900-01-01")
        #expect(CalendarDate(daysSince1900: CalendarDate.numberOfDays - 1).iso == "2099-12-31")
    }

    @Test("a date is written in every form")
    func forms() {
        let date = CalendarDate(daysSince1900: 44_258)
        #expect(date.iso == "2021-03-05")
        let phrases = DatePhrases.forms.indices.map { DatePhrases.phrase(date, form: $0) }
        #expect(
            phrases == [
                "5 March 2021", "March 5, 2021", "the 5th of March 2021", "March 5th, 2021",
                "5 Mar 2021", "Mar 5, 2021", "Friday, 5 March 2021", "Friday, March 5, 2021",
                "Fri, 5 Mar 2021", "Friday the 5th of March, 2021", "the fifth of March 2021",
                "March the fifth, 2021", "2021, March 5",
                "the fifth of March, twenty twenty-one", "March fifth, twenty twenty-one",
            ])
    }

    @Test("no two days share a phrase")
    func determined() {
        var days: [String: String] = [:]
        for day in 0..<CalendarDate.numberOfDays {
            let date = CalendarDate(daysSince1900: day)
            // The forms that leave something out or spell it in words.
            for form in [4, 5, 10, 13, 14] {
                let phrase = DatePhrases.phrase(date, form: form)
                let other = days.updateValue(date.iso, forKey: phrase) ?? date.iso
                if other != date.iso { Issue.record("\(phrase): \(other) and \(date.iso)") }
            }
        }
    }

    @Test(
        "cardinal numbers in words",
        arguments: [
            (0, "zero"), (7, "seven"), (13, "thirteen"), (20, "twenty"), (42, "forty-two"),
            (100, "one hundred"), (101, "one hundred and one"),
            (999, "nine hundred and ninety-nine"), (1000, "one thousand"),
            (1005, "one thousand and five"),
            (12_345, "twelve thousand three hundred and forty-five"),
            (342_107, "three hundred and forty-two thousand one hundred and seven"),
            (900_090, "nine hundred thousand and ninety"),
        ])
    func cardinals(number: Int, words: String) {
        #expect(EnglishNumbers.cardinal(number) == words)
    }

    @Test("ordinal numbers of all days")
    func ordinals() {
        #expect(
            (1...31).map(EnglishNumbers.shortOrdinal).joined(separator: " ")
                == """
                1st 2nd 3rd 4th 5th 6th 7th 8th 9th 10th 11th 12th 13th 14th 15th 16th 17th 18th 19th \
                20th 21st 22nd 23rd 24th 25th 26th 27th 28th 29th 30th 31st
                """)
        #expect(
            (1...31).map(EnglishNumbers.ordinal).joined(separator: " ")
                == """
                first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth \
                thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth \
                twenty-first twenty-second twenty-third twenty-fourth twenty-fifth twenty-sixth \
                twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first
                """)
    }

    @Test(
        "years as they are spoken",
        arguments: [
            (1900, "nineteen hundred"), (1905, "nineteen oh five"), (1999, "nineteen ninety-nine"),
            (2000, "two thousand"), (2009, "two thousand and nine"), (2010, "twenty ten"),
            (2021, "twenty twenty-one"),
        ])
    func years(year: Int, words: String) {
        #expect(EnglishNumbers.year(year) == words)
    }
}
