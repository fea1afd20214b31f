import Runbooks

/// An event as it was read, before the changed occurrences found theirs.
struct EventDraft {
    var event: CalendarEvent
    /// The occurrence that it changes, by its start; nil for an event of its own.
    let replaces: Moment?
    let isCancelled: Bool
    /// The starts that it takes out, each with its line.
    let exceptions: [(instant: Int64, line: ContentLine)]
    /// The line of RECURRENCE-ID.
    let replacesLine: ContentLine?
}

/// VEVENT.
extension CalendarReading {
    /// Reads one event; nil after noting what is wrong.
    mutating func event(_ component: CalendarComponent) -> EventDraft? {
        let uid = single("UID", in: component)?.value ?? ""
        if uid.isEmpty {
            warning(
                "no-uid", "The event has no UID, so that no change of one occurrence finds it.",
                at: component.position)
        }
        for line in component.all("EXRULE") {
            error(
                "unsupported", "EXRULE is not read: the standard dropped it.", at: line.position,
                hint: "List the starts to leave out in EXDATE.")
        }
        guard let startLine = single("DTSTART", in: component) else {
            error(
                "missing-property", "The event has no DTSTART.", at: component.position,
                hint: "Such as DTSTART;TZID=Europe/Berlin:20261128T200000.")
            return nil
        }
        guard let start = moment(startLine) else { return nil }
        let length = length(component, start, startLine)
        let rule = rule(component, start)
        let extras = extras(component, start)
        let exceptions = exceptions(component, start)
        let replacesLine = single("RECURRENCE-ID", in: component)
        var replaces: Moment?
        if let line = replacesLine {
            guard let found = replaced(line, component) else { return nil }
            replaces = found
        }
        let status = single("STATUS", in: component)?.value.uppercased()
        guard let length else { return nil }
        let event = CalendarEvent(
            uid: uid, title: title(component), position: component.position, start: start,
            length: length, rule: rule, extras: extras,
            excluded: Set(exceptions.map(\.instant)))
        return EventDraft(
            event: event, replaces: replaces, isCancelled: status == "CANCELLED",
            exceptions: exceptions, replacesLine: replacesLine)
    }

    private func title(_ component: CalendarComponent) -> String {
        let text = unescapedText(component.first("SUMMARY")?.value ?? "")
        let cut = String(String.UnicodeScalarView(text.unicodeScalars.prefix(200)))
        return printable(cut.utf8, keepNewlines: false)
    }

    private mutating func length(
        _ component: CalendarComponent, _ start: Moment, _ startLine: ContentLine
    ) -> CalendarEvent.Length? {
        let end = single("DTEND", in: component)
        let duration = single("DURATION", in: component)
        if let end, duration != nil {
            error(
                "duplicate-property", "DTEND and DURATION exclude each other.", at: end.position,
                hint: "Keep one of them.")
            return nil
        }
        if let end {
            guard let moment = moment(end) else { return nil }
            return length(from: start, to: moment, end)
        }
        if let duration { return length(duration.value, of: start, duration) }
        if start.isDay { return .onClock(86_400) }
        error(
            "no-length", "The event has no end, so it covers no time.", at: startLine.position,
            hint: "Give it a DTEND or a DURATION.")
        return nil
    }

    private mutating func length(
        from start: Moment, to end: Moment, _ line: ContentLine
    ) -> CalendarEvent.Length? {
        guard start.isDay == end.isDay else {
            error(
                "mixed-times",
                start.isDay
                    ? "\(line.name) is a time, and the start is a day."
                    : "\(line.name) is a day, and the start is a time.",
                at: line.position, excerpt: line.value, hint: "Write both the same way.")
            return nil
        }
        let isSameZone = start.zone == end.zone
        let seconds =
            isSameZone ? end.local.seconds - start.local.seconds : end.instant - start.instant
        guard seconds > 0 else {
            error(
                "ends-before-start",
                seconds == 0
                    ? "\(line.name) is the start itself, so the event covers no time."
                    : "\(line.name) is before the start.", at: line.position, excerpt: line.value,
                hint: start.isDay
                    ? "The end of an event for whole days is the day after its last."
                    : "A window over midnight ends on the next day.")
            return nil
        }
        return isSameZone ? .onClock(seconds) : .passing(days: 0, seconds: seconds)
    }

    private mutating func length(
        _ text: some StringProtocol, of start: Moment, _ line: ContentLine
    ) -> CalendarEvent.Length? {
        let limit = Int64(CalendarLimits.years.count) * 366
        guard let duration = DurationText(text), duration.days >= 0, duration.seconds >= 0,
            duration.days + duration.seconds > 0, duration.days <= limit,
            duration.seconds <= limit * 86_400, !start.isDay || duration.seconds == 0
        else {
            error(
                "bad-value",
                start.isDay
                    ? "The duration of an event for whole days is whole days."
                    : "This is no length of time.", at: line.position, excerpt: String(text),
                hint: start.isDay ? "Such as P1D." : "Such as PT8H.")
            return nil
        }
        return start.isDay
            ? .onClock(duration.days * 86_400)
            : .passing(days: duration.days, seconds: duration.seconds)
    }

    private mutating func rule(
        _ component: CalendarComponent, _ start: Moment
    ) -> RecurrenceRule? {
        guard let line = single("RRULE", in: component) else { return nil }
        do throws(RuleProblem) {
            let rule = try RecurrenceRule(line.value, start: start)
            do throws(Recurrence.TooMuch) {
                let recurrence = Recurrence(rule: rule, start: start)
                guard try recurrence.givesItsStart(work: &work) else {
                    error(
                        "start-not-in-rule",
                        "DTSTART is none of the times that RRULE gives: programs disagree whether "
                            + "it counts.", at: line.position, excerpt: line.value,
                        hint: "Move DTSTART to the first time that the rule gives.")
                    return nil
                }
            } catch {
                throw RuleProblem("The file takes too much work to read.")
            }
            return rule
        } catch {
            self.error(
                "bad-rule", error.message, at: line.position, excerpt: line.value,
                hint: error.hint)
            return nil
        }
    }

    private mutating func extras(
        _ component: CalendarComponent, _ start: Moment
    ) -> [CalendarEvent.Extra] {
        var extras: [CalendarEvent.Extra] = []
        for (text, line) in dates("RDATE", component) {
            let parts = text.split(separator: "/", maxSplits: 1)
            guard let first = parts.first, let moment = moment(String(first), of: line),
                isLike(start, moment, line)
            else { continue }
            guard parts.count == 2 else {
                extras.append(CalendarEvent.Extra(start: moment, length: nil))
                continue
            }
            var own: CalendarEvent.Length?
            if parts[1].uppercased().contains("P") {
                own = length(parts[1], of: moment, line)
            } else if let end = self.moment(String(parts[1]), of: line) {
                own = length(from: moment, to: end, line)
            }
            if let own { extras.append(CalendarEvent.Extra(start: moment, length: own)) }
        }
        return extras
    }

    private mutating func exceptions(
        _ component: CalendarComponent, _ start: Moment
    ) -> [(instant: Int64, line: ContentLine)] {
        dates("EXDATE", component).compactMap { text, line in
            guard let moment = moment(text, of: line), isLike(start, moment, line) else {
                return nil
            }
            return (moment.instant, line)
        }
    }

    private mutating func replaced(
        _ line: ContentLine, _ component: CalendarComponent
    ) -> Moment? {
        if line.parameters["RANGE"] != nil {
            error(
                "unsupported", "RECURRENCE-ID for all later occurrences (RANGE) is not read.",
                at: line.position,
                hint: "End the rule with UNTIL, and begin another event there.")
            return nil
        }
        if let rule = component.first("RRULE") {
            error(
                "unsupported", "A changed occurrence has no rule of its own.", at: rule.position,
                hint: "Take the RRULE out.")
            return nil
        }
        return moment(line)
    }

    private mutating func dates(
        _ name: String, _ component: CalendarComponent
    ) -> [(String, ContentLine)] {
        let dates = component.all(name).flatMap { line in
            line.value.split(separator: ",").map { (String($0), line) }
        }
        guard dates.count > CalendarLimits.dates, let line = component.first(name) else {
            return dates
        }
        error(
            "too-many", "The event has \(dates.count) dates in \(name).", at: line.position,
            hint: "\(CalendarLimits.dates) are the most; use a rule.")
        return []
    }

    /// Whether a date of an event is written like its start: both days, or both times.
    private mutating func isLike(
        _ start: Moment, _ moment: Moment, _ line: ContentLine
    ) -> Bool {
        if start.isDay == moment.isDay { return true }
        error(
            "mixed-times",
            start.isDay
                ? "\(line.name) is a time, and DTSTART is a day."
                : "\(line.name) is a day, and DTSTART is a time.",
            at: line.position, excerpt: line.value, hint: "Write it as DTSTART is written.")
        return false
    }
}
