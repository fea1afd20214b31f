import Runbooks
import Runner

/// The calendars of a library, read together (docs/calendars.md).
package struct HouseCalendars: Sendable {
    /// Each calendar with its rule, in the order of `handrail.yaml`.
    private let calendars: [(rule: CalendarRule, events: EventCalendar)]
    /// The zone in which people are shown times; UTC where `handrail.yaml` names none.
    package let zone: ZoneRules

    /// The calendars that a configuration names, read from a library's files.
    ///
    /// Every finding of every file is listed; with one error there is no value, for nobody could
    /// say what the calendars allow together.
    package static func read(
        _ configuration: Configuration, in tree: LibraryTree, zones: some ZoneSource
    ) -> Checked<HouseCalendars> {
        var diagnostics: [Diagnostic] = []
        var found: [(rule: CalendarRule, events: EventCalendar)] = []
        let zone = configuration.timezone.map { zones.zone(named: $0) } ?? .utc
        if zone == nil, let name = configuration.timezone {
            let position = SourcePosition(file: Configuration.path, line: 1, column: 1)
            diagnostics.append(unknown(name, at: position, zones))
        }
        for rule in configuration.calendars {
            guard let floating = zones.zone(named: rule.timezone) else {
                if rule.timezone != configuration.timezone {
                    diagnostics.append(unknown(rule.timezone, at: rule.position, zones))
                }
                continue
            }
            guard let entry = tree.entries[rule.file] else { continue }
            let checked = EventCalendar.read(
                entry.bytes, file: rule.file, floating: floating, zones: zones)
            diagnostics += checked.diagnostics
            if let events = checked.value { found.append((rule, events)) }
        }
        guard let zone, found.count == configuration.calendars.count,
            !diagnostics.contains(where: { $0.severity == .error })
        else { return Checked(value: nil, diagnostics: diagnostics) }
        return Checked(
            value: HouseCalendars(calendars: found, zone: zone), diagnostics: diagnostics)
    }

    /// What all of them allow and stop within a horizon.
    ///
    /// - Returns: no value where one has more occurrences there than can be looked at.
    package func calendar(in horizon: Interval) -> Checked<ChangeCalendar> {
        var named: [NamedCalendar] = []
        var diagnostics: [Diagnostic] = []
        for (rule, events) in calendars {
            let spans = events.spans(in: horizon)
            diagnostics += spans.diagnostics
            guard let spans = spans.value else { continue }
            named.append(
                NamedCalendar(
                    name: rule.name, kind: rule.kind, except: Set(rule.except),
                    bindsResolutions: rule.bindsResolutions, spans: spans))
        }
        guard named.count == calendars.count else {
            return Checked(value: nil, diagnostics: diagnostics)
        }
        return Checked(
            value: ChangeCalendar(named, horizon: horizon), diagnostics: diagnostics)
    }

    private static func unknown(
        _ name: String, at position: SourcePosition, _ zones: some ZoneSource
    ) -> Diagnostic {
        .error(
            "unknown-zone", "This machine knows no time zone '\(name)'.", at: position,
            excerpt: name,
            hint: nearestName(to: name, among: zones.names).map { "Did you mean '\($0)'?" }
                ?? "Names are those of IANA's database, such as Europe/Berlin.")
    }
}
