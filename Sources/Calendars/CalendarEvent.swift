import Runbooks
import Runner

/// An event of a calendar: when it starts, how long it is, and when it comes again.
struct CalendarEvent: Sendable {
    /// How long each occurrence is.
    enum Length: Sendable, Hashable {
        /// Until the clocks show so many seconds more: days, and DTEND in the start's zone.
        case onClock(Int64)
        /// Days on the calendar, and then seconds that pass (DURATION; DTEND in another zone).
        case passing(days: Int64, seconds: Int64)
    }

    /// One more start, that no rule gives.
    struct Extra: Sendable, Hashable {
        let start: Moment
        /// Its own length; nil for the event's.
        let length: Length?
    }

    let uid: String
    let title: String
    let position: SourcePosition
    let start: Moment
    let length: Length
    let rule: RecurrenceRule?
    let extras: [Extra]
    /// The starts taken out, as seconds since 1970 in UTC.
    var excluded: Set<Int64>

    /// When an occurrence ends, as a second since 1970 in UTC; always after its start.
    func end(of moment: Moment, _ length: Length) -> Int64 {
        let start = moment.instant
        switch length {
        case .onClock(let seconds):
            let end = moment.zone.instant(of: moment.local.adding(seconds))
            // Where clocks skip the start but not the end, the first could be the later one.
            return end > start ? end : start + seconds
        case .passing(let days, let seconds):
            let day =
                days == 0 ? start : moment.zone.instant(of: moment.local.adding(days * 86_400))
            return max(day + seconds, start + 1)
        }
    }

    /// The longest that an occurrence can be, with a day for changes of clocks.
    var longest: Int64 {
        let lengths = [length] + extras.compactMap(\.length)
        return 86_400
            + (lengths.map { length in
                switch length {
                case .onClock(let seconds): seconds
                case .passing(let days, let seconds): days * 86_400 + seconds
                }
            }.max() ?? 0)
    }

    /// Its occurrences that begin before `to` and end after `from`, in no order.
    func intervals(
        from: Int64, to: Int64, work: inout Int
    ) throws(Recurrence.TooMuch) -> [(start: Int64, end: Int64)] {
        var ends: [Int64: Int64] = [:]
        for moment in try moments(from: from - longest, to: to, work: &work) {
            ends[moment.instant] = end(of: moment, length)
        }
        for extra in extras {
            ends[extra.start.instant] = end(of: extra.start, extra.length ?? length)
        }
        return ends.filter { start, end in
            !excluded.contains(start) && start < to && from < end
        }.map { (start: $0.key, end: $0.value) }
    }

    /// Its start and those that its rule gives, near the seconds from and to.
    private func moments(
        from: Int64, to: Int64, work: inout Int
    ) throws(Recurrence.TooMuch) -> [Moment] {
        guard let rule else {
            work -= 1
            return [start]
        }
        // A day more on both sides: local time is that far from UTC at most.
        let recurrence = Recurrence(rule: rule, start: start)
        return try recurrence.starts(
            from: LocalTime(seconds: from - 86_400), to: LocalTime(seconds: to + 86_400),
            work: &work
        ).map { Moment(local: $0, isDay: start.isDay, zone: start.zone) }
    }
}
