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

    /// The instant of a text in RFC 3339, with seconds and a zone; nil when it is none.
    static func instant(_ text: String) -> Timestamp? {
        let bytes = Array(text.utf8)
        func number(_ start: Int, _ length: Int) -> Int? {
            guard start + length <= bytes.count else { return nil }
            let digits = bytes[start..<(start + length)]
            guard digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
            return digits.reduce(0) { $0 * 10 + Int($1) - 48 }
        }
        guard bytes.count >= 20, bytes.count <= 25, let year = number(0, 4),
            let month = number(5, 2), let day = number(8, 2), let hour = number(11, 2),
            let minute = number(14, 2), let second = number(17, 2), hour < 24, minute < 60,
            second < 60
        else { return nil }
        var offset = 0
        if bytes.count == 25 {
            guard let hours = number(20, 2), let minutes = number(23, 2), hours < 24, minutes < 60
            else { return nil }
            offset = (hours * 3600 + minutes * 60) * (bytes[19] == UInt8(ascii: "-") ? -1 : 1)
        }
        let seconds =
            days(year, month, day) * 86_400 + Int64(hour * 3600 + minute * 60 + second - offset)
        let instant = Timestamp(milliseconds: seconds * 1000)
        // Written again it must be the same: the days, marks and zones that there are.
        return full(instant, offset: offset) == Self.normal(text) ? instant : nil
    }

    /// With `Z` for a zone of no offset, as `full` writes it.
    private static func normal(_ text: String) -> String {
        let isZero = text.hasSuffix("+00:00") || text.hasSuffix("-00:00")
        return isZero ? String(text.dropLast(6)) + "Z" : text
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

    /// A length of time: `0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`, `4 days 9 h`.
    static func length(_ milliseconds: Int64) -> String {
        let seconds = milliseconds / 1000
        switch seconds {
        case ..<10: return "\(seconds).\(milliseconds % 1000 / 100) s"
        case ..<120: return "\(seconds) s"
        case ..<7200: return "\(seconds / 60) min \(two(Int(seconds % 60))) s"
        case ..<172_800: return "\(seconds / 3600) h \(seconds / 60 % 60) min"
        default: return "\(seconds / 86_400) days \(seconds / 3600 % 24) h"
        }
    }

    /// `20261123-0714` in UTC, as run ids have it.
    static func compact(_ time: Timestamp) -> String {
        let text = full(time, offset: 0)
        let digits = text.filter(\.isNumber)
        return digits.prefix(8) + "-" + digits.dropFirst(8).prefix(4)
    }

    /// With its seconds, in UTC, as names of files have it: `20261123-071405`.
    static func second(_ time: Timestamp) -> String {
        let digits = full(time, offset: 0).filter(\.isNumber)
        return digits.prefix(8) + "-" + digits.dropFirst(8).prefix(6)
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

    /// The days from 1970-01-01 to a day of the Gregorian calendar (days_from_civil there).
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
        let shifted = Int64(month <= 2 ? year - 1 : year)
        let era = floorDivide(shifted, 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = Int64((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1)
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
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
