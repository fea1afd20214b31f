import Calendars
import Runbooks
import Runner

/// The forward schedule of change for people: day by day, with what collides.
struct ChangeCalendarView: Sendable {
    let schedule: ForwardSchedule
    let freezes: [CalendarPlace]
    let horizon: Interval
    let zone: ZoneRules
    let now: Timestamp
    let style: Style
    let width: Int

    /// All of it; a day stands above its changes.
    var lines: [String] {
        let until = Timestamp(milliseconds: horizon.end.milliseconds - 1)
        var lines = [
            style.paint("\(zone.day(of: horizon.start)) to \(zone.day(of: until))", .faint)
        ]
        for freeze in freezes {
            lines += wrapped(
                "frozen  \(freeze.text): \(span(freeze.interval))", indent: 2, .warning)
        }
        if schedule.entries.isEmpty { lines.append("No change is planned in this time.") }
        var day = ""
        for entry in schedule.entries {
            let own = zone.day(of: entry.interval.start)
            if own != day { lines += ["", style.paint(own, .strong)] }
            day = own
            lines += self.lines(of: entry)
        }
        return lines
    }

    private func lines(of entry: ForwardSchedule.Entry) -> [String] {
        let change = entry.change
        let ends =
            zone.day(of: entry.interval.end) == zone.day(of: entry.interval.start)
            ? zone.clock(of: entry.interval.end) : zone.text(of: entry.interval.end)
        let plan = change.request.plan.map {
            "\($0.runbook) on \(CountText.of($0.targetCount, "target")) in \($0.environment)"
        }
        let state = change.isOnHold ? "on hold" : change.state.rawValue
        let agreed = entry.isAgreed ? "" : ", asked for and not agreed"
        var lines = wrapped(
            "  \(change.id)  \(zone.clock(of: entry.interval.start)) to \(ends)  \(state)\(agreed)",
            indent: 4, change.isOnHold ? .warning : .plain)
        lines += wrapped("    " + SafeText.line(change.request.title), indent: 4, .plain)
        if let plan { lines += wrapped("    " + plan, indent: 4, .faint) }
        for conflict in entry.conflicts {
            lines += wrapped("    collides with \(text(of: conflict))", indent: 6, .bad)
        }
        return lines
    }

    private func text(of conflict: ForwardSchedule.Conflict) -> String {
        var parts: [String] = []
        if !conflict.targets.isEmpty {
            parts.append("on " + TargetList.text(conflict.targets, limit: 4))
        }
        if !conflict.groups.isEmpty {
            parts.append("in " + CountText.listed(conflict.groups, limit: 4))
        }
        return "\(conflict.other) \(parts.joined(separator: ", ")): \(span(conflict.interval))"
    }

    private func span(_ interval: Interval) -> String {
        "\(zone.text(of: interval.start)) to \(zone.text(of: interval.end))"
    }

    private func wrapped(_ text: String, indent: Int, _ tone: Tone) -> [String] {
        TextWidth.wrapped(text, width: max(40, width), indent: indent).map {
            style.paint($0, tone)
        }
    }
}

/// The JSON form of the forward schedule.
struct ChangeCalendarDocument: Encodable, Sendable {
    /// A time in which a change may run.
    struct Entry: Encodable, Sendable {
        let change: ChangeID
        let title: String
        let state: ChangeState
        let onHold, agreed: Bool
        let start, end: Timestamp
        let conflicts: [Conflict]

        private enum CodingKeys: String, CodingKey {
            case change, title, state
            case onHold = "on_hold"
            case agreed, start, end, conflicts
        }
    }

    /// What it collides with.
    struct Conflict: Encodable, Sendable {
        let change: ChangeID
        let start, end: Timestamp
        let targets: [TargetName]
        let groups: [String]
    }

    /// A time in which nothing runs.
    struct Freeze: Encodable, Sendable {
        let calendar, title: String
        let start, end: Timestamp
    }

    var format = 1
    let start, end: Timestamp
    let entries: [Entry]
    let freezes: [Freeze]

    init(_ schedule: ForwardSchedule, freezes: [CalendarPlace], _ horizon: Interval) {
        (start, end) = (horizon.start, horizon.end)
        entries = schedule.entries.map { entry in
            Entry(
                change: entry.change.id, title: entry.change.request.title,
                state: entry.change.state, onHold: entry.change.isOnHold, agreed: entry.isAgreed,
                start: entry.interval.start, end: entry.interval.end,
                conflicts: entry.conflicts.map {
                    Conflict(
                        change: $0.other, start: $0.interval.start, end: $0.interval.end,
                        targets: $0.targets, groups: $0.groups)
                })
        }
        self.freezes = freezes.map {
            Freeze(
                calendar: $0.calendar, title: $0.title, start: $0.interval.start,
                end: $0.interval.end)
        }
    }
}
