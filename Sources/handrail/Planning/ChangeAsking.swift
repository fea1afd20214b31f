import Calendars
import Runbooks
import Runner

/// The windows and freezes of an opened library, as gates ask them.
struct AskedCalendars: Sendable {
    let state: CalendarState
    /// The zone in which people read times.
    let zone: ZoneRules

    /// Reads and expands them around an instant; what can't be read closes what asks.
    init(of library: Library, around instant: Timestamp, zones: any ZoneSource) {
        let configuration = library.configuration
        let named = configuration.timezone.flatMap { zones.zone(named: $0) }
        guard !configuration.calendars.isEmpty else {
            (state, zone) = (.none, named ?? .utc)
            return
        }
        let checked = HouseCalendars.read(configuration, in: library.tree, zones: zones)
        let expanded = checked.value?.calendar(in: WindowGate.horizon(from: instant))
        guard let calendars = checked.value, let calendar = expanded?.value else {
            let errors = (checked.diagnostics + (expanded?.diagnostics ?? []))
                .filter { $0.severity == .error }
            (state, zone) = (.unreadable(errors.prefix(3).map(Self.line)), named ?? .utc)
            return
        }
        (state, zone) = (.known(calendar), calendars.zone)
    }

    /// The freezes that lie in a time or reach into it, by their start.
    func freezes(within horizon: Interval) -> [CalendarPlace] {
        guard case .known(let calendar) = state else { return [] }
        return calendar.calendars.filter { $0.kind == .freeze }.flatMap { freeze in
            freeze.spans.filter { $0.interval.intersection(horizon) != nil }.map {
                CalendarPlace(calendar: freeze.name, title: $0.title, interval: $0.interval)
            }
        }.sorted { ($0.interval.start, $0.calendar) < ($1.interval.start, $1.calendar) }
    }

    private static func line(_ diagnostic: Diagnostic) -> String {
        guard let place = diagnostic.position else { return diagnostic.message }
        return "\(place.file):\(place.line): \(diagnostic.message)"
    }
}

extension Session {
    /// What the gates about a change are asked with, at an instant.
    func changeFacts(
        of opened: OpenedLibrary, at instant: Timestamp,
        standing: ChangeFacts.Standing = .none, neededMilliseconds: Int64 = 0
    ) -> ChangeFacts {
        let calendars = AskedCalendars(
            of: opened.library, around: instant, zones: world.zones)
        let zone = calendars.zone
        return ChangeFacts(
            standing: standing, calendar: calendars.state, now: instant,
            neededMilliseconds: neededMilliseconds
        ) { zone.text(of: $0) }
    }
}
