import Runner

/// What a clock on the wall shows, without saying where: seconds since 1970-01-01T00:00:00 of that
/// clock.
package struct LocalTime: Sendable, Hashable, Comparable {
    /// The seconds; days are 86,400 of them each.
    package let seconds: Int64

    package init(seconds: Int64) { self.seconds = seconds }

    /// Whether the first clock shows less.
    package static func < (left: LocalTime, right: LocalTime) -> Bool {
        left.seconds < right.seconds
    }

    /// Midnight of a day, with the day's number from 1970-01-01.
    init(day: Int64) { seconds = day * 86_400 }

    /// The day's number from 1970-01-01.
    var day: Int64 { (seconds >= 0 ? seconds : seconds - 86_399) / 86_400 }

    /// The seconds since midnight.
    var ofDay: Int64 { seconds - day * 86_400 }

    /// The clock so many seconds on.
    func adding(_ more: Int64) -> LocalTime { LocalTime(seconds: seconds + more) }
}

/// A day of the Gregorian calendar by its parts.
struct CalendarDate: Sendable, Hashable {
    let year: Int
    let month: Int
    let day: Int

    init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// The date of a day's number from 1970-01-01.
    init(ofDay number: Int64) {
        let (year, month, day) = Timestamp.date(ofDay: number)
        self.year = Int(year)
        self.month = Int(month)
        self.day = Int(day)
    }

    /// The number from 1970-01-01 of a day that exists.
    static func number(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
        Timestamp.day(Int64(year), Int64(month), Int64(day))
    }

    /// How many days a month has.
    static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Whether the year has 366 days.
    static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    /// The weekday of a day's number: 0 for Monday to 6 for Sunday.
    static func weekday(ofDay number: Int64) -> Int {
        // 1970-01-01 was a Thursday.
        Int(((number + 3) % 7 + 7) % 7)
    }
}

/// A place in time as an event says it.
struct Moment: Sendable, Hashable {
    /// What the clock in its zone shows; midnight for a day.
    let local: LocalTime
    /// Whether it is a day, not a time of one.
    let isDay: Bool
    /// The zone whose clock that is.
    let zone: ZoneRules

    /// The second since 1970 in UTC that it names.
    var instant: Int64 { zone.instant(of: local) }
}
