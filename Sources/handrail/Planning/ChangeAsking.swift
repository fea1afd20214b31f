import Calendars
import Runbooks
import Runner

/// The windows and freezes of an opened library, as gates ask them.
struct AskedCalendars: Sendable {
    let state: CalendarState
    /// The zone in which people read times.
    let zone: ZoneRules

    /// Reads and expands them around an instant; what can't be read closes what asks.
    ///
    /// `floor` is what trust demands of the environment that is asked about.
    init(
        of library: Library, around instant: Timestamp, zones: any ZoneSource,
        floor: AskedFloor? = nil
    ) {
        let configuration = library.configuration
        let named = configuration.timezone.flatMap { zones.zone(named: $0) }
        let demanded = floor?.calendars(around: instant, zones: zones)
        guard !configuration.calendars.isEmpty else {
            (state, zone) = (Self.together([demanded], instant), named ?? .utc)
            return
        }
        let checked = HouseCalendars.read(configuration, in: library.tree, zones: zones)
        let expanded = checked.value?.calendar(in: WindowGate.horizon(from: instant))
        guard let calendars = checked.value, let calendar = expanded?.value else {
            let errors = (checked.diagnostics + (expanded?.diagnostics ?? []))
                .filter { $0.severity == .error }
            let why = errors.prefix(3).map(Self.line)
            (state, zone) = (Self.together([.unreadable(why), demanded], instant), named ?? .utc)
            return
        }
        (state, zone) = (Self.together([.known(calendar), demanded], instant), calendars.zone)
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

    /// One calendar of several; what can't be read of one can't be read of all.
    private static func together(
        _ states: [CalendarState?], _ instant: Timestamp
    ) -> CalendarState {
        var (calendars, problems) = ([NamedCalendar](), [String]())
        var isKnown = false
        for state in states.compactMap(\.self) {
            switch state {
            case .none: continue
            case .known(let calendar): (calendars, isKnown) = (calendars + calendar.calendars, true)
            case .unreadable(let why): problems += why
            }
        }
        guard problems.isEmpty else { return .unreadable(problems) }
        return isKnown
            ? .known(ChangeCalendar(calendars, horizon: WindowGate.horizon(from: instant))) : .none
    }

    static func line(_ diagnostic: Diagnostic) -> String {
        guard let place = diagnostic.position else { return diagnostic.message }
        return "\(place.file):\(place.line): \(diagnostic.message)"
    }
}

/// What trust demands of the times of an environment's changes.
struct AskedFloor: Sendable {
    let floor: EnvironmentFloor
    /// Trust's calendars.
    let files: TrustCalendars

    /// What it demands, read and expanded around an instant; what can't be read closes what asks.
    func calendars(around instant: Timestamp, zones: any ZoneSource) -> CalendarState {
        let position = SourcePosition(file: TrustDocuments.environments, line: 1, column: 1)
        func rules(_ paths: [String], _ kind: CalendarRule.Kind) -> [CalendarRule] {
            paths.map { path in
                let name = path.split(separator: "/").last?.dropLast(".ics".count) ?? ""
                return CalendarRule(
                    name: String(name), file: path, kind: kind, timezone: files.timezone,
                    position: position)
            }
        }
        let configuration = Configuration(
            libraryID: "trust", environments: [], timezone: files.timezone,
            calendars: rules(floor.windows, .windows) + rules(floor.freezes, .freeze))
        let tree = LibraryTree(
            source: "trust",
            entries: files.files.mapValues { LibraryTree.Entry(kind: .file, bytes: $0) })
        let read = HouseCalendars.read(configuration, in: tree, zones: zones)
        let expanded = read.value?.calendar(in: WindowGate.horizon(from: instant))
        guard let calendar = expanded?.value else {
            let errors = (read.diagnostics + (expanded?.diagnostics ?? []))
                .filter { $0.severity == .error }
            return .unreadable(
                errors.prefix(3).map { "trust's " + AskedCalendars.line($0) })
        }
        return .known(
            ChangeCalendar(FloorCalendar.calendars(calendar), horizon: calendar.horizon))
    }
}

extension Session {
    /// What trust demands of the times of an environment's changes; nil where it demands nothing.
    func askedFloor(of environment: String?) -> AskedFloor? {
        guard case .known(let book, _, _) = trustState(), let files = book.calendars,
            let floor = environment.flatMap({ book.floor(of: $0) }),
            !(floor.windows + floor.freezes).isEmpty
        else { return nil }
        return AskedFloor(floor: floor, files: files)
    }

    /// What the gates about a change are asked with, at an instant.
    func changeFacts(
        of opened: OpenedLibrary, at instant: Timestamp, in environment: String,
        standing: ChangeFacts.Standing = .none, neededMilliseconds: Int64? = 0
    ) -> ChangeFacts {
        let calendars = AskedCalendars(
            of: opened.library, around: instant, zones: world.zones,
            floor: askedFloor(of: environment))
        let zone = calendars.zone
        return ChangeFacts(
            standing: standing, calendar: calendars.state, now: instant,
            neededMilliseconds: neededMilliseconds
        ) { zone.text(of: $0) }
    }

    /// What nine in ten targets took at most in past runs of a plan's runbook in this home; nil where
    /// there were none, or nobody can tell.
    func seenTime(of plan: Plan) async -> Int64? {
        guard plan.environment.change != .off else { return nil }
        do {
            return try await existingHome()?.journal.seenTimes(of: plan.runbook.id).ninth
        } catch {
            // A home that can't be read starts no run, and says so where one is to be opened.
            return nil
        }
    }
}
