import Runbooks

extension EventCalendar {
    /// Reads an iCalendar file (RFC 5545; docs/calendars.md says what counts).
    ///
    /// `floating` is the zone of days and of times that name none; `zones` knows the others. Every
    /// finding has its line. With an error there is no value: a calendar that can't be understood
    /// opens nothing.
    package static func read(
        _ bytes: [UInt8], file: String, floating: ZoneRules, zones: some ZoneSource
    ) -> Checked<EventCalendar> {
        var reading = CalendarReading(file: file, floating: floating, zones: zones)
        let events = reading.events(bytes)
        guard !reading.hasErrors else {
            return Checked(value: nil, diagnostics: reading.sorted())
        }
        return Checked(
            value: EventCalendar(file: file, events: events), diagnostics: reading.sorted())
    }
}

extension CalendarReading {
    /// The events of all calendar objects of a file.
    fileprivate mutating func events(_ bytes: [UInt8]) -> [CalendarEvent] {
        do throws(ContentLines.Problem) {
            let (lines, problems) = try ContentLines(file: file).read(bytes)
            problems.forEach { note($0) }
            guard problems.isEmpty else { return [] }
            let roots = try CalendarComponent.nest(lines)
            let calendars = roots.filter { $0.name == "VCALENDAR" }
            guard !calendars.isEmpty, calendars.count == roots.count else {
                throw ContentLines.Problem(
                    code: "not-a-calendar",
                    message: roots.isEmpty
                        ? "The file is empty."
                        : "The file is no iCalendar file: it begins with no BEGIN:VCALENDAR.",
                    line: 1, hint: "Export it as iCalendar (.ics).")
            }
            let components = calendars.map { $0.components("VEVENT").count }.reduce(0, +)
            guard components <= CalendarLimits.events else {
                throw ContentLines.Problem(
                    code: "too-many",
                    message: "The file has \(components) events, and \(CalendarLimits.events) are "
                        + "the most.", line: 1, hint: "Take past events out.")
            }
            return calendars.flatMap { events(of: $0) }
        } catch {
            note(error)
            return []
        }
    }

    private mutating func note(_ problem: ContentLines.Problem) {
        error(
            problem.code, problem.message,
            at: SourcePosition(file: file, line: problem.line, column: 1), hint: problem.hint)
    }

    private mutating func events(of calendar: CalendarComponent) -> [CalendarEvent] {
        begin(calendar)
        refuseOtherMeanings(calendar)
        var masters: [EventDraft] = []
        var changes: [EventDraft] = []
        var known: [String: Int] = [:]
        for component in calendar.components("VEVENT") {
            guard let draft = event(component) else { continue }
            if draft.replaces != nil {
                changes.append(draft)
                continue
            }
            if !draft.event.uid.isEmpty {
                if let other = known[draft.event.uid] {
                    error(
                        "duplicate-event",
                        "The event has the UID of the one on line "
                            + "\(masters[other].event.position.line).", at: component.position,
                        excerpt: draft.event.uid,
                        hint: "Keep one of them, or give the other a UID of its own.")
                    continue
                }
                known[draft.event.uid] = masters.count
            }
            masters.append(draft)
        }
        let changed = replace(changes, in: &masters, known)
        for draft in masters { findUnmatched(draft) }
        let events = (masters + changed).filter { !$0.isCancelled }.map(\.event)
        if events.isEmpty, !hasErrors {
            warning(
                "empty-calendar", "The calendar has no event.", at: calendar.position,
                hint: "As windows it never opens, as a freeze it stops nothing.")
        }
        return events
    }

    /// What would turn the file's meaning into another.
    private mutating func refuseOtherMeanings(_ calendar: CalendarComponent) {
        if let line = calendar.first("METHOD"), line.value.uppercased() == "CANCEL" {
            error(
                "unsupported", "The file is a message that cancels events, not a calendar.",
                at: line.position, hint: "Export the calendar itself.")
        }
        if let line = calendar.first("CALSCALE"), line.value.uppercased() != "GREGORIAN" {
            error(
                "unsupported", "Only the Gregorian calendar is read.", at: line.position,
                excerpt: line.value)
        }
        for component in calendar.components
        where ["VFREEBUSY", "VAVAILABILITY"].contains(component.name) {
            warning(
                "ignored-part", "\(component.name) is not read: only events (VEVENT) count.",
                at: component.position)
        }
    }

    /// Takes the occurrences that were changed out of their events; gives the changed ones.
    private mutating func replace(
        _ changes: [EventDraft], in masters: inout [EventDraft], _ known: [String: Int]
    ) -> [EventDraft] {
        var seen: Set<String> = []
        var taken: [Int: [(Int64, ContentLine)]] = [:]
        for change in changes {
            guard let moment = change.replaces, let line = change.replacesLine else { continue }
            let uid = change.event.uid
            guard seen.insert("\(moment.instant) \(uid)").inserted else {
                error(
                    "duplicate-event", "The same occurrence was changed before.",
                    at: change.event.position, excerpt: uid, hint: "Keep one of them.")
                continue
            }
            // One without its event is an invitation to that occurrence alone: it counts by itself.
            guard let master = known[uid] else { continue }
            guard masters[master].event.start.isDay == moment.isDay else {
                error(
                    "mixed-times",
                    "RECURRENCE-ID and the event's DTSTART are not both days or both times.",
                    at: line.position, excerpt: line.value)
                continue
            }
            taken[master, default: []].append((moment.instant, line))
        }
        for (index, starts) in taken {
            var event = masters[index].event
            event.excluded.formUnion(starts.map(\.0))
            masters[index] = EventDraft(
                event: event, replaces: nil, isCancelled: masters[index].isCancelled,
                exceptions: masters[index].exceptions + starts.map { (instant: $0.0, line: $0.1) },
                replacesLine: nil)
        }
        return changes
    }

    /// Warns of exceptions that hit no occurrence: most often a mistake with the time zone.
    private mutating func findUnmatched(_ draft: EventDraft) {
        let instants = draft.exceptions.map(\.instant)
        guard let first = instants.min(), let last = instants.max(), !draft.isCancelled else {
            return
        }
        var event = draft.event
        event.excluded = []
        do throws(Recurrence.TooMuch) {
            let starts = Set(
                try event.intervals(from: first, to: last + 1, work: &work).map(\.start))
            for (instant, line) in draft.exceptions where !starts.contains(instant) {
                warning(
                    "unmatched-exception", "\(line.name) names no occurrence of the event.",
                    at: line.position, excerpt: line.value,
                    hint: "It must name the start, with its time and zone.")
            }
        } catch {
            self.error(
                "too-many", "The file takes too much work to read.", at: draft.event.position,
                hint: "Give rules with COUNT an UNTIL instead.")
        }
    }
}
