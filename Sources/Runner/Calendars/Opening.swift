/// An occurrence and the calendar that it stands in.
package struct CalendarPlace: Sendable, Hashable, Codable {
    /// The calendar's name.
    package let calendar: String
    /// The event's title; empty where it has none.
    package let title: String
    /// When it is.
    package let interval: Interval

    package init(calendar: String, title: String, interval: Interval) {
        self.calendar = calendar
        self.title = title
        self.interval = interval
    }

    /// As sentences have it: `weekend 'Saturday night'`.
    package var text: String { title.isEmpty ? calendar : "\(calendar) '\(title)'" }
}

/// A time in which what asked may start.
package struct OpenPeriod: Sendable, Hashable, Codable {
    /// What ends it.
    package enum End: Sendable, Hashable, Codable {
        /// Its last window ends, and none goes on.
        case windowEnds
        case freezeBegins([CalendarPlace])
        /// It goes on to where the calendars were read, perhaps further.
        case beyondHorizon
    }

    /// From when until when; windows that touch are one.
    package let interval: Interval
    /// The windows that hold at the instant asked, or at its start where it lies ahead; none for
    /// what needs no window.
    package let windows: [CalendarPlace]
    /// What ends it.
    package let end: End

    package init(interval: Interval, windows: [CalendarPlace], end: End) {
        self.interval = interval
        self.windows = windows
        self.end = end
    }
}

/// Why it is closed.
package enum Closing: Sendable, Hashable, Codable {
    /// None of these window calendars has a window now; with none named, no window can be.
    case outsideWindows([String])
    case frozen(CalendarPlace)
    /// The calendars were read for another time.
    case outsideHorizon(Interval)
}

/// Whether what asked may start, and what changes that next.
package enum Opening: Sendable, Hashable, Codable {
    case open(OpenPeriod)
    /// All reasons at once, and the next time that it opens; nil where it doesn't within the
    /// horizon.
    case closed([Closing], opens: OpenPeriod?)

    /// The instant of the next change; nil where there is none within the horizon.
    package var nextTransition: Timestamp? {
        switch self {
        case .open(let period):
            if case .beyondHorizon = period.end { return nil }
            return period.interval.end
        case .closed(_, let opens): return opens?.interval.start
        }
    }

    /// One sentence part for each reason, with the times as the caller words them.
    ///
    /// Open: one, of the windows and the end. Closed: the reasons, then the next opening.
    package func sentences(time shown: (Timestamp) -> String) -> [String] {
        switch self {
        case .open(let period):
            return [Self.sentence(period, shown)]
        case .closed(let reasons, let opens):
            let next =
                opens.map { "opens \(shown($0.interval.start))\(Self.inWindows($0.windows))" }
                ?? "doesn't open in the time that was looked at"
            return reasons.map { Self.sentence($0, shown) } + [next]
        }
    }

    private static func sentence(
        _ period: OpenPeriod, _ shown: (Timestamp) -> String
    ) -> String {
        let start = "open\(inWindows(period.windows))"
        switch period.end {
        case .windowEnds: return "\(start) until \(shown(period.interval.end))"
        case .freezeBegins(let freezes):
            let names = freezes.map(\.text).joined(separator: ", ")
            return "\(start) until \(shown(period.interval.end)), when the freeze \(names) begins"
        case .beyondHorizon: return "\(start), without an end in the time that was looked at"
        }
    }

    private static func sentence(_ closing: Closing, _ shown: (Timestamp) -> String) -> String {
        switch closing {
        case .outsideWindows(let names) where names.isEmpty:
            return "no calendar of windows is named for it"
        case .outsideWindows(let names):
            return "outside every window of \(names.joined(separator: ", "))"
        case .frozen(let place):
            return "in the freeze \(place.text) until \(shown(place.interval.end))"
        case .outsideHorizon(let horizon):
            return
                "the calendars were read for \(shown(horizon.start)) to \(shown(horizon.end)) only"
        }
    }

    private static func inWindows(_ windows: [CalendarPlace]) -> String {
        windows.isEmpty ? "" : " (window \(windows.map(\.text).joined(separator: ", ")))"
    }
}
