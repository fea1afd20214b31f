/// A zone's rule for all years to come, as the last line of its file says it (RFC 9636, 3.3.1:
/// POSIX's `TZ`, with hours up to 167).
struct YearlyZoneRule: Sendable, Hashable {
    /// A day of the year on which clocks change.
    enum Day: Sendable, Hashable {
        /// The day from 1 to 365, where 29 February isn't counted.
        case withoutLeapDay(Int)
        /// The day from 0 to 365.
        case ofYear(Int)
        /// The week from 1 to 5 (the last) and the weekday, 0 for Sunday, of a month.
        case weekday(month: Int, week: Int, weekday: Int)

        /// The day's number from 1970-01-01.
        func number(in year: Int) -> Int64 {
            let first = CalendarDate.number(year, 1, 1)
            switch self {
            case .withoutLeapDay(let day):
                return first + Int64(day - 1) + (CalendarDate.isLeap(year) && day >= 60 ? 1 : 0)
            case .ofYear(let day): return first + Int64(day)
            case .weekday(let month, let week, let weekday):
                let start = CalendarDate.number(year, month, 1)
                let startsOn = (CalendarDate.weekday(ofDay: start) + 1) % 7
                var day = (weekday - startsOn + 7) % 7 + (week - 1) * 7
                while day >= CalendarDate.days(in: month, of: year) { day -= 7 }
                return start + Int64(day)
            }
        }
    }

    /// A day, and the seconds since its midnight, on the clocks before the change.
    struct Change: Sendable, Hashable {
        let day: Day
        let seconds: Int
    }

    let standardName: String
    let standardOffset: Int
    let summer: Summer?

    /// The part of the year with other clocks.
    struct Summer: Sendable, Hashable {
        let name: String
        let offset: Int
        let start: Change
        let end: Change
    }

    /// What holds at a second, where nothing later than `last` is listed.
    func rule(at second: Int64, after last: ZoneRules.Transition) -> ZoneRules.Transition {
        guard summer != nil else {
            return ZoneRules.Transition(at: last.at, offset: standardOffset, name: standardName)
        }
        let earlier = transitions(from: second - 400 * 86_400, to: second)
        guard let found = earlier.last, found.at > last.at else { return last }
        return found
    }

    /// The changes within (from, to], the earliest first.
    func transitions(from: Int64, to: Int64) -> [ZoneRules.Transition] {
        guard let summer, from < to else { return [] }
        let years =
            CalendarDate(ofDay: LocalTime(seconds: from).day - 2)
            .year...CalendarDate(
                ofDay: LocalTime(seconds: to).day + 2
            ).year
        return years.flatMap { year -> [ZoneRules.Transition] in
            let start = summer.start.day.number(in: year) * 86_400 + Int64(summer.start.seconds)
            let end = summer.end.day.number(in: year) * 86_400 + Int64(summer.end.seconds)
            return [
                ZoneRules.Transition(
                    at: start - Int64(standardOffset), offset: summer.offset, name: summer.name),
                ZoneRules.Transition(
                    at: end - Int64(summer.offset), offset: standardOffset, name: standardName),
            ]
        }
        .filter { from < $0.at && $0.at <= to }.sorted { $0.at < $1.at }
    }
}

extension YearlyZoneRule {
    /// Reads POSIX's form, such as `CET-1CEST,M3.5.0,M10.5.0/3`; nil for any other text.
    init?(_ text: some StringProtocol) {
        var rest = Array(text.utf8)[...]
        guard let standard = Self.name(&rest), let west = Self.time(&rest) else { return nil }
        standardName = standard
        standardOffset = -west
        guard !rest.isEmpty else {
            summer = nil
            return
        }
        guard let name = Self.name(&rest) else { return nil }
        var offset = -west + 3600
        if let next = rest.first, next != UInt8(ascii: ",") {
            guard let west = Self.time(&rest) else { return nil }
            offset = -west
        }
        guard let start = Self.change(&rest), let end = Self.change(&rest), rest.isEmpty else {
            return nil
        }
        summer = Summer(name: name, offset: offset, start: start, end: end)
    }

    private static func name(_ rest: inout ArraySlice<UInt8>) -> String? {
        let isQuoted = rest.first == UInt8(ascii: "<")
        let text: ArraySlice<UInt8>
        if isQuoted {
            guard let close = rest.firstIndex(of: UInt8(ascii: ">")) else { return nil }
            text = rest[(rest.startIndex + 1)..<close]
            rest = rest[(close + 1)...]
        } else {
            text = rest.prefix { UInt8(ascii: "A")...UInt8(ascii: "z") ~= $0 }
            rest = rest.dropFirst(text.count)
        }
        guard (3...16).contains(text.count) else { return nil }
        return String(decoding: text, as: UTF8.self)
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    private static func time(_ rest: inout ArraySlice<UInt8>) -> Int? {
        var sign = 1
        if let first = rest.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
            sign = first == UInt8(ascii: "-") ? -1 : 1
            rest = rest.dropFirst()
        }
        guard let hours = number(&rest), hours <= 167 else { return nil }
        var total = hours * 3600
        for unit in [60, 1] {
            guard rest.first == UInt8(ascii: ":") else { break }
            rest = rest.dropFirst()
            guard let part = number(&rest), part < 60 else { return nil }
            total += part * unit
        }
        return sign * total
    }

    /// `,DAY[/TIME]`; the time is 02:00 where none is given.
    private static func change(_ rest: inout ArraySlice<UInt8>) -> Change? {
        guard rest.first == UInt8(ascii: ",") else { return nil }
        rest = rest.dropFirst()
        guard let day = day(&rest) else { return nil }
        guard rest.first == UInt8(ascii: "/") else { return Change(day: day, seconds: 7200) }
        rest = rest.dropFirst()
        return time(&rest).map { Change(day: day, seconds: $0) }
    }

    private static func day(_ rest: inout ArraySlice<UInt8>) -> Day? {
        switch rest.first {
        case UInt8(ascii: "J"):
            rest = rest.dropFirst()
            guard let day = number(&rest), (1...365).contains(day) else { return nil }
            return .withoutLeapDay(day)
        case UInt8(ascii: "M"):
            rest = rest.dropFirst()
            guard let month = number(&rest), (1...12).contains(month), dot(&rest),
                let week = number(&rest), (1...5).contains(week), dot(&rest),
                let weekday = number(&rest), weekday <= 6
            else { return nil }
            return .weekday(month: month, week: week, weekday: weekday)
        default:
            guard let day = number(&rest), day <= 365 else { return nil }
            return .ofYear(day)
        }
    }

    private static func dot(_ rest: inout ArraySlice<UInt8>) -> Bool {
        guard rest.first == UInt8(ascii: ".") else { return false }
        rest = rest.dropFirst()
        return true
    }

    private static func number(_ rest: inout ArraySlice<UInt8>) -> Int? {
        let digits = rest.prefix(4).prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        rest = rest.dropFirst(digits.count)
        return Int(String(decoding: digits, as: UTF8.self))
    }
}
