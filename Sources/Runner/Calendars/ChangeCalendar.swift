import Runbooks

/// One occurrence of a calendar's event.
package struct CalendarSpan: Sendable, Hashable {
    /// When it is.
    package let interval: Interval
    /// The event's title, fit for a line; empty where it has none.
    package let title: String

    package init(_ interval: Interval, title: String) {
        self.interval = interval
        self.title = title
    }
}

/// A calendar of the house, with its occurrences within a horizon (docs/calendars.md).
package struct NamedCalendar: Sendable, Hashable {
    /// Its name in `handrail.yaml`.
    package let name: String
    /// What its events are.
    package let kind: CalendarRule.Kind
    /// The change types that a freeze doesn't bind; empty for windows.
    package let except: Set<String>
    /// Whether a freeze binds resolutions too.
    package let bindsResolutions: Bool
    /// Its occurrences by start, then end; they may overlap.
    package let spans: [CalendarSpan]

    package init(
        name: String, kind: CalendarRule.Kind, except: Set<String> = [],
        bindsResolutions: Bool = false, spans: [CalendarSpan]
    ) {
        self.name = name
        self.kind = kind
        self.except = except
        self.bindsResolutions = bindsResolutions
        self.spans = spans.sorted {
            ($0.interval.start, $0.interval.end, $0.title)
                < ($1.interval.start, $1.interval.end, $1.title)
        }
    }

    /// Whether it is a freeze that stops what asks.
    func stops(_ question: CalendarQuestion) -> Bool {
        guard kind == .freeze else { return false }
        switch question {
        case .change(let type, _): return !except.contains(type)
        case .emergency: return !except.contains(ChangeType.emergency)
        case .resolution: return bindsResolutions
        }
    }
}

/// Who asks whether it may start.
package enum CalendarQuestion: Sendable, Hashable {
    /// A change of a type, whose windows are these calendars together; none are no windows at all,
    /// so that it is never inside one.
    case change(type: String, windows: Set<String>)
    /// An emergency change: it needs no window, and a freeze stops it that doesn't except it.
    case emergency
    /// A resolution: it needs no window, and only freezes that bind resolutions stop it.
    case resolution
}

/// All calendars of the house together, over one horizon.
///
/// It answers from what was expanded and reads no clock; outside its horizon everything is closed.
package struct ChangeCalendar: Sendable, Hashable {
    /// The calendars, by name.
    package let calendars: [NamedCalendar]
    /// The time that their spans were expanded for.
    package let horizon: Interval

    package init(_ calendars: [NamedCalendar], horizon: Interval) {
        self.calendars = calendars.sorted { $0.name < $1.name }
        self.horizon = horizon
    }

    /// When what asks may start, within the horizon.
    ///
    /// Its windows together, without what freezes take away. Windows that touch are one.
    package func openTimes(for question: CalendarQuestion) -> IntervalSet {
        let frozen = calendars.filter { $0.stops(question) }.flatMap(\.spans).map(\.interval)
        return windows(of: question).subtracting(IntervalSet(frozen)).intersection(horizon)
    }

    /// Whether what asks may start at an instant, what decides that, and the next transition.
    package func opening(at instant: Timestamp, for question: CalendarQuestion) -> Opening {
        guard horizon.contains(instant) else {
            return .closed([.outsideHorizon(horizon)], opens: nil)
        }
        let times = openTimes(for: question)
        if let interval = times.interval(at: instant) {
            return .open(period(interval, at: instant, question))
        }
        let next = times.next(after: instant).map { period($0, at: $0.start, question) }
        return .closed(closings(at: instant, question), opens: next)
    }

    private func windows(of question: CalendarQuestion) -> IntervalSet {
        guard case .change(_, let names) = question else { return IntervalSet([horizon]) }
        let chosen = calendars.filter { $0.kind == .windows && names.contains($0.name) }
        return IntervalSet(chosen.flatMap(\.spans).map(\.interval))
    }

    private func period(
        _ interval: Interval, at instant: Timestamp, _ question: CalendarQuestion
    ) -> OpenPeriod {
        var windows: [CalendarPlace] = []
        if case .change(_, let names) = question {
            windows = places(at: instant) { $0.kind == .windows && names.contains($0.name) }
        }
        let end: OpenPeriod.End
        if interval.end >= horizon.end {
            end = .beyondHorizon
        } else {
            let freezes = places(at: interval.end) { $0.stops(question) }
            end = freezes.isEmpty ? .windowEnds : .freezeBegins(freezes)
        }
        return OpenPeriod(interval: interval, windows: windows, end: end)
    }

    /// Every reason at once: the freezes that hold now, and that no window does.
    private func closings(at instant: Timestamp, _ question: CalendarQuestion) -> [Closing] {
        var found = places(at: instant) { $0.stops(question) }.map { Closing.frozen($0) }
        if case .change(_, let names) = question, windows(of: question).interval(at: instant) == nil
        {
            found.append(.outsideWindows(names.sorted()))
        }
        return found
    }

    /// The occurrences that hold at an instant, in the calendars chosen.
    private func places(
        at instant: Timestamp, where isChosen: (NamedCalendar) -> Bool
    ) -> [CalendarPlace] {
        calendars.filter(isChosen).flatMap { calendar in
            calendar.spans.filter { $0.interval.contains(instant) }.map {
                CalendarPlace(calendar: calendar.name, title: $0.title, interval: $0.interval)
            }
        }
    }
}
