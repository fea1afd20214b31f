import Runbooks

/// VTIMEZONE: a zone that a calendar describes itself.
extension CalendarReading {
    /// The rules of a VTIMEZONE; nil after noting what is wrong with it.
    mutating func zone(described component: CalendarComponent, id: String) -> ZoneRules? {
        let parts = component.components.filter { ["STANDARD", "DAYLIGHT"].contains($0.name) }
        var onsets: [(transition: ZoneRules.Transition, before: Int)] = []
        for part in parts {
            guard let found = partOnsets(part) else { return nil }
            onsets += found
        }
        onsets.sort {
            ($0.transition.at, $0.transition.offset) < ($1.transition.at, $1.transition.offset)
        }
        guard let first = onsets.first else {
            error(
                "bad-zone", "The zone \(printableExcerpt(id)) says no offset.",
                at: component.position, hint: "It has a STANDARD or DAYLIGHT part at least.")
            return nil
        }
        let before = ZoneRules.Transition(at: .min, offset: first.before, name: "")
        return ZoneRules(name: id, first: before, transitions: onsets.map(\.transition))
    }

    /// When a STANDARD or DAYLIGHT part comes into force, and the offset before.
    private mutating func partOnsets(
        _ part: CalendarComponent
    ) -> [(transition: ZoneRules.Transition, before: Int)]? {
        guard let before = offset("TZOFFSETFROM", part), let offset = offset("TZOFFSETTO", part)
        else { return nil }
        guard let line = single("DTSTART", in: part), let value = DateTimeText(line.value),
            value.form == .local, CalendarDate(ofDay: value.local.day).year >= 1600
        else {
            error(
                "bad-zone", "A part of a zone has no DTSTART, or it is no local time.",
                at: part.position, hint: "Such as DTSTART:19961027T030000.")
            return nil
        }
        // In a zone of its own, whose clocks are those before the change.
        let clocks = ZoneRules(
            name: "", first: ZoneRules.Transition(at: .min, offset: before, name: ""),
            transitions: [])
        let start = Moment(local: value.local, isDay: false, zone: clocks)
        var locals: Set<LocalTime> = [value.local]
        for line in part.all("RDATE") {
            for text in line.value.split(separator: ",") {
                guard let value = DateTimeText(text), value.form != .day else {
                    error(
                        "bad-zone", "RDATE of a zone is no time.", at: line.position,
                        excerpt: String(text))
                    return nil
                }
                locals.insert(value.local)
            }
        }
        for line in part.all("RRULE") {
            guard let starts = starts(line, start) else { return nil }
            locals.formUnion(starts)
        }
        let name = part.first("TZNAME")?.value ?? ""
        return locals.map { local in
            let at = local.seconds - Int64(before)
            return (ZoneRules.Transition(at: at, offset: offset, name: shortName(name)), before)
        }
    }

    private mutating func starts(_ line: ContentLine, _ start: Moment) -> [LocalTime]? {
        do throws(RuleProblem) {
            let rule = try RecurrenceRule(line.value, start: start)
            guard rule.frequency == .yearly || rule.frequency == .monthly else {
                throw RuleProblem("A zone's clocks change by the year.")
            }
            // Rules have begun in 1601 for as long as there are programs that write so.
            let years = CalendarLimits.years
            let first = LocalTime(day: CalendarDate.number(years.lowerBound - 2, 1, 1))
            let last = LocalTime(day: CalendarDate.number(years.upperBound + 2, 1, 1))
            do throws(Recurrence.TooMuch) {
                return try Recurrence(rule: rule, start: start).starts(
                    from: first, to: last, work: &work)
            } catch {
                throw RuleProblem("The file takes too much work to read.")
            }
        } catch {
            self.error(
                "bad-zone", error.message, at: line.position, excerpt: line.value,
                hint: error.hint)
            return nil
        }
    }

    /// `+0100` in seconds.
    private mutating func offset(_ name: String, _ part: CalendarComponent) -> Int? {
        let line = single(name, in: part)
        let digits = line?.value.dropFirst() ?? ""
        if let line, let sign = line.value.first, sign == "+" || sign == "-",
            [4, 6].contains(digits.utf8.count), let number = Int(digits), digits.first != "-",
            digits.first != "+"
        {
            let whole = digits.utf8.count == 4 ? number * 100 : number
            let (hours, minutes, seconds) = (whole / 10_000, whole / 100 % 100, whole % 100)
            if hours < 24, minutes < 60, seconds < 60 {
                return (sign == "-" ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds)
            }
        }
        error(
            "bad-zone", "A part of a zone has no \(name), or it is no offset.",
            at: line?.position ?? part.position, excerpt: line?.value, hint: "Such as +0100.")
        return nil
    }

    private func shortName(_ name: String) -> String {
        name.utf8.count <= 16 && name.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? name : ""
    }
}
