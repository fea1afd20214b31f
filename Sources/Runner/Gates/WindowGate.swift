import Runbooks

/// What is known of the house's calendars.
package enum CalendarState: Sendable, Hashable {
    /// The house has none: no windows, and no freezes.
    case none
    case known(ChangeCalendar)
    /// They can't be read or expanded, and why: what asks them is closed.
    case unreadable([String])
}

/// Whether something may start by the clock: gate 6 (docs/semantics.md, "Gates").
package struct WindowQuestion: Sendable, Hashable {
    /// When it is planned; nil for a resolution, which has no dates.
    ///
    /// None at all never opens.
    package let dates: [Interval]?
    /// Which windows and freezes bind it.
    package let calendars: CalendarQuestion
    /// Milliseconds that must be left once it starts: its own time, and that of undoing it.
    ///
    /// Nil is never enough: nobody knows how long it takes.
    package let neededMilliseconds: Int64?

    package init(dates: [Interval]?, calendars: CalendarQuestion, neededMilliseconds: Int64? = 0) {
        self.dates = dates
        self.calendars = calendars
        self.neededMilliseconds = neededMilliseconds
    }
}

/// Gate 6: now is inside the dates, inside a window, outside every freeze, and there is time enough.
package struct WindowGate: Sendable {
    /// What is asked.
    package let question: WindowQuestion
    /// What the calendars say.
    package let calendar: CalendarState
    /// How an instant is written for people, with its zone.
    package let shown: @Sendable (Timestamp) -> String

    package init(
        _ question: WindowQuestion, in calendar: CalendarState,
        shown: @escaping @Sendable (Timestamp) -> String
    ) {
        self.question = question
        self.calendar = calendar
        self.shown = shown
    }

    /// The answer at an instant, and until when it holds.
    package struct Answer: Sendable, Hashable {
        /// What the gate says.
        package let verdict: Verdict
        /// The next instant at which it says something else; nil where none is known.
        package let next: Timestamp?

        package init(verdict: Verdict, next: Timestamp?) {
            self.verdict = verdict
            self.next = next
        }
    }

    /// What the gate says at an instant.
    package func answer(at now: Timestamp) -> Answer {
        let known: ChangeCalendar
        switch calendar {
        case .known(let calendar): known = calendar
        case .none: known = ChangeCalendar([], horizon: Self.horizon(from: now))
        case .unreadable(let why):
            return Answer(
                verdict: .refused(why.map { "the calendars can't be read: \($0)" }), next: nil)
        }
        return answer(at: now, known)
    }

    /// How far ahead of an instant calendars are looked at, and a day before it.
    package static func horizon(from now: Timestamp) -> Interval {
        let start = now.adding(.seconds(-86_400))
        guard let horizon = Interval(start, now.adding(.seconds(2 * 366 * 86_400))) else {
            preconditionFailure("two years have a length")
        }
        return horizon
    }

    private func answer(at now: Timestamp, _ calendar: ChangeCalendar) -> Answer {
        if let dates = question.dates, dates.isEmpty {
            return Answer(
                verdict: .refused(["it has no planned start and end, so it is never inside them"]),
                next: nil)
        }
        let times = times(calendar)
        guard let needed = question.neededMilliseconds else {
            let others = times.interval(at: now) == nil ? reasons(calendar, now) : []
            return Answer(verdict: .refused(others + [Self.unknownTime]), next: nil)
        }
        if let open = times.interval(at: now) {
            let left = open.end.since(now)
            guard left < needed else {
                return Answer(verdict: .open(rule: openRule(open, calendar, now)), next: open.end)
            }
            return closed(
                [
                    "what is to start takes \(length(needed)), with what is "
                        + "reserved for undoing, and it closes \(shown(open.end))"
                ], after: open.end, times,
                calendar)
        }
        return closed(reasons(calendar, now), after: now, times, calendar)
    }

    /// Why it is closed where nobody knows how much of the window it takes, and what to do.
    package static let unknownTime =
        "nobody knows how long a target takes: the runbook doesn't say (expected, in rollout), no "
        + "past run changed one, and the change doesn't say how long all of it takes (--expected)"

    /// When it may start, and how long it may then go on.
    private func times(_ calendar: ChangeCalendar) -> IntervalSet {
        let open = calendar.openTimes(for: question.calendars)
        guard let dates = question.dates else { return open }
        return IntervalSet(dates.flatMap { open.intersection($0).intervals })
    }

    private func openRule(_ open: Interval, _ calendar: ChangeCalendar, _ now: Timestamp) -> String
    {
        let opening = calendar.opening(at: now, for: question.calendars)
        guard case .open(let period) = opening, period.interval.end == open.end else {
            return "within its dates, until \(shown(open.end))"
        }
        return opening.sentences(time: shown).joined(separator: "; ")
    }

    /// Why it is closed now: the calendars' reasons, and the dates.
    private func reasons(_ calendar: ChangeCalendar, _ now: Timestamp) -> [String] {
        var reasons: [String] = []
        if let dates = question.dates, !dates.contains(where: { $0.contains(now) }) {
            reasons.append("it is planned for " + spans(dates))
        }
        if case .closed(let closings, _) = calendar.opening(at: now, for: question.calendars) {
            reasons += Opening.closed(closings, opens: nil).sentences(time: shown).dropLast()
        }
        return reasons
    }

    /// Closed, and when it opens for long enough; refused where it doesn't any more.
    private func closed(
        _ reasons: [String], after now: Timestamp, _ times: IntervalSet, _ calendar: ChangeCalendar
    ) -> Answer {
        let next = times.intervals.first {
            $0.start >= now && $0.end.since($0.start) >= (question.neededMilliseconds ?? .max)
        }
        guard let next else {
            let end =
                question.dates == nil
                ? "it doesn't open in the time that was looked at"
                : "nothing opens any more within its dates: give it others"
            return Answer(verdict: .refused(reasons + [end]), next: nil)
        }
        let text = (reasons + ["opens \(shown(next.start))"]).joined(separator: "; ")
        return Answer(verdict: .waiting(for: text, until: next.start), next: next.start)
    }

    private func spans(_ dates: [Interval]) -> String {
        dates.sorted { $0.start < $1.start }.map { "\(shown($0.start)) to \(shown($0.end))" }
            .joined(separator: ", and ")
    }

    private func length(_ milliseconds: Int64) -> String {
        let seconds = (max(0, milliseconds) + 999) / 1000
        guard seconds >= 60 else { return "\(seconds) s" }
        let minutes = (seconds + 59) / 60
        return minutes < 60 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
    }
}
