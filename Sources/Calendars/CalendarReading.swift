import Runbooks
import Runner

/// One reading of a calendar's file: it collects what is wrong, and goes on where it can.
struct CalendarReading {
    let file: String
    /// The zone of times and days that name none.
    let floating: ZoneRules
    let zones: any ZoneSource
    /// The VTIMEZONEs of the calendar object that is being read, by TZID.
    var described: [String: CalendarComponent] = [:]
    var diagnostics: [Diagnostic] = []
    /// Work left for this file.
    var work = CalendarLimits.work
    private var resolved: [String: ZoneRules] = [:]
    private var findingCount = 0

    init(file: String, floating: ZoneRules, zones: any ZoneSource) {
        self.file = file
        self.floating = floating
        self.zones = zones
    }

    /// Begins another calendar object, with zones of its own.
    mutating func begin(_ calendar: CalendarComponent) {
        resolved = [:]
        described = [:]
        for component in calendar.components("VTIMEZONE") {
            guard let id = component.first("TZID")?.value else { continue }
            described[id] = component
        }
    }

    /// Notes an error at a place.
    mutating func error(
        _ code: String, _ message: String, at position: SourcePosition, excerpt: String? = nil,
        hint: String? = nil
    ) {
        note(.error(code, message, at: position, excerpt: shown(excerpt), hint: hint))
    }

    /// Notes a warning at a place.
    mutating func warning(
        _ code: String, _ message: String, at position: SourcePosition, excerpt: String? = nil,
        hint: String? = nil
    ) {
        note(.warning(code, message, at: position, excerpt: shown(excerpt), hint: hint))
    }

    /// Whether anything was found that makes the calendar unusable.
    var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    /// What was found, by place.
    func sorted() -> [Diagnostic] {
        diagnostics.sorted { left, right in
            guard let first = left.position, let second = right.position else { return false }
            return (first, left.code) < (second, right.code)
        }
    }

    private mutating func note(_ finding: Diagnostic) {
        findingCount += 1
        let isFirstError = finding.severity == .error && !hasErrors
        if findingCount <= CalendarLimits.findings || isFirstError { diagnostics.append(finding) }
    }

    private func shown(_ excerpt: String?) -> String? {
        excerpt.map { printableExcerpt($0) }
    }
}

/// Zones.
extension CalendarReading {
    /// The rules that a property's TZID names, or those of times without one.
    ///
    /// A name of IANA's database means the machine's rules; any other means the VTIMEZONE of that
    /// name in the same calendar object.
    mutating func zone(of line: ContentLine) -> ZoneRules? {
        guard let id = line.parameters["TZID"]?.first else { return floating }
        if let known = resolved[id] { return known }
        let listed = zones.zone(named: id)
        let own = described[id]
        guard let found = listed ?? own.flatMap({ zone(described: $0, id: id) }) else {
            guard own == nil else { return nil }
            error(
                "unknown-zone", "The time zone \(printableExcerpt(id)) is not known here.",
                at: line.position, excerpt: id,
                hint: nearestName(to: id, among: zones.names).map { "Did you mean '\($0)'?" }
                    ?? "Use a name such as Europe/Berlin, or have the calendar describe the zone "
                    + "(VTIMEZONE).")
            return nil
        }
        resolved[id] = found
        if let own, listed != nil { compare(own, with: found, id, at: line) }
        return found
    }

    /// Warns where a calendar's own description of a known zone says something else than the
    /// machine's zone files, which are what counts.
    private mutating func compare(
        _ component: CalendarComponent, with rules: ZoneRules, _ id: String, at line: ContentLine
    ) {
        var trial = CalendarReading(file: file, floating: floating, zones: zones)
        trial.work = work
        guard let own = trial.zone(described: component, id: id),
            let start = DateTimeText(line.value)?.local.seconds
        else { return }
        work = trial.work
        let week: Int64 = 7 * 86_400
        let weeks = (0..<104).map { start + $0 * week }
        guard
            let second = weeks.first(where: { own.rule(at: $0).offset != rules.rule(at: $0).offset }
            )
        else { return }
        warning(
            "zone-differs",
            "The calendar's own description of \(id) and this machine's differ at "
                + "\(rules.text(of: Timestamp(milliseconds: second * 1000))); this machine's "
                + "counts.", at: component.position, excerpt: id,
            hint: "Export the calendar again, or renew this machine's 'tzdata'.")
    }
}

/// Values of properties.
extension CalendarReading {
    /// A property's date or time, in its zone; nil after noting what is wrong.
    mutating func moment(_ line: ContentLine) -> Moment? { moment(line.value, of: line) }

    /// A date or time of a property, in the property's zone.
    mutating func moment(_ text: String, of line: ContentLine) -> Moment? {
        guard let value = DateTimeText(text) else {
            error(
                "bad-value", "\(line.name) is no date or time that exists.", at: line.position,
                excerpt: text, hint: "Such as 20261128T200000 or, for a day, 20261128.")
            return nil
        }
        guard CalendarLimits.years.contains(CalendarDate(ofDay: value.local.day).year) else {
            error(
                "bad-value",
                "\(line.name) is outside the years \(CalendarLimits.years.lowerBound) to "
                    + "\(CalendarLimits.years.upperBound).", at: line.position, excerpt: text)
            return nil
        }
        switch value.form {
        case .utc: return Moment(local: value.local, isDay: false, zone: .utc)
        case .day: return Moment(local: value.local, isDay: true, zone: floating)
        case .local:
            return zone(of: line).map { Moment(local: value.local, isDay: false, zone: $0) }
        }
    }

    /// The one property of a name; notes an error where there are more.
    mutating func single(_ name: String, in component: CalendarComponent) -> ContentLine? {
        let lines = component.all(name)
        if lines.count > 1 {
            error(
                "duplicate-property",
                "\(name) stands here again; it was on line \(lines[0].position.line).",
                at: lines[1].position, hint: "Keep one of them.")
        }
        return lines.first
    }
}
