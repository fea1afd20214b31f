import Runner

extension Timestamp {
    /// RFC 3339 in UTC with milliseconds: `2026-11-23T08:14:02.113Z`.
    var trailText: String {
        let (day, rest) = milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
        let time = rest < 0 ? rest + 86_400_000 : rest
        let (year, month, date) = Self.date(ofDay: rest < 0 ? day - 1 : day)
        let clock = [time / 3_600_000, time / 60_000 % 60, time / 1000 % 60].map {
            Self.digits($0, 2)
        }
        return "\(Self.digits(year, 4))-\(Self.digits(month, 2))-\(Self.digits(date, 2))"
            + "T\(clock.joined(separator: ":")).\(Self.digits(time % 1000, 3))Z"
    }

    private static func digits(_ number: Int64, _ width: Int) -> String {
        let text = "\(number)"
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    /// The day in the Gregorian calendar, counted from 1970-01-01.
    ///
    /// Years begin in March here, so that a leap day is a year's last (H. Hinnant, "chrono-
    /// Compatible Low-Level Date Algorithms").
    private static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let inEra = shifted - era * 146_097
        let yearOfEra = (inEra - inEra / 1460 + inEra / 36_524 - inEra / 146_096) / 365
        let inYear = inEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * inYear + 2) / 153
        let month = march < 10 ? march + 3 : march - 9
        let date = inYear - (153 * march + 2) / 5 + 1
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, date)
    }
}
