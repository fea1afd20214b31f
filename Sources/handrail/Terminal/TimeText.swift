import Runner

/// Instants and lengths of time as people read them.
enum TimeText {
    /// RFC 3339 with the zone's offset, to the second: `2026-11-23T07:14:05+01:00`.
    static func full(_ time: Timestamp, offset: Int) -> String {
        let local = floorDivide(time.milliseconds, 1000) + Int64(offset)
        let days = floorDivide(local, 86_400)
        let second = Int(local - days * 86_400)
        let (year, month, day) = civil(days)
        let zone =
            offset == 0
            ? "Z"
            : (offset < 0 ? "-" : "+") + two(abs(offset) / 3600) + ":" + two(abs(offset) / 60 % 60)
        return "\(pad(year, 4))-\(two(month))-\(two(day))T\(two(second / 3600)):"
            + "\(two(second / 60 % 60)):\(two(second % 60))\(zone)"
    }

    /// How long ago an instant was: `just now`, `4 min ago`, `3 h ago`, `12 days ago`.
    static func ago(_ time: Timestamp, now: Timestamp) -> String {
        let seconds = now.since(time) / 1000
        switch seconds {
        case ..<0: return "in the future"
        case ..<10: return "just now"
        case ..<90: return "\(seconds) s ago"
        case ..<5400: return "\(seconds / 60) min ago"
        case ..<172_800: return "\(seconds / 3600) h ago"
        default: return "\(seconds / 86_400) days ago"
        }
    }

    /// A length of time: `0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`.
    static func length(_ milliseconds: Int64) -> String {
        let seconds = milliseconds / 1000
        switch seconds {
        case ..<10: return "\(seconds).\(milliseconds % 1000 / 100) s"
        case ..<120: return "\(seconds) s"
        case ..<7200: return "\(seconds / 60) min \(two(Int(seconds % 60))) s"
        default: return "\(seconds / 3600) h \(seconds / 60 % 60) min"
        }
    }

    /// `20261123-0714` in UTC, as run ids have it.
    static func compact(_ time: Timestamp) -> String {
        let text = full(time, offset: 0)
        let digits = text.filter(\.isNumber)
        return digits.prefix(8) + "-" + digits.dropFirst(8).prefix(4)
    }

    /// Year, month and day of a day since 1970-01-01 in the Gregorian calendar.
    ///
    /// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    private static func civil(_ days: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let part = (5 * dayOfYear + 2) / 153
        let month = part < 10 ? part + 3 : part - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (Int(year), Int(month), Int(dayOfYear - (153 * part + 2) / 5 + 1))
    }

    private static func floorDivide(_ left: Int64, _ right: Int64) -> Int64 {
        left >= 0 ? left / right : -((-left + right - 1) / right)
    }

    private static func two(_ number: Int) -> String { pad(number, 2) }

    private static func pad(_ number: Int, _ digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
