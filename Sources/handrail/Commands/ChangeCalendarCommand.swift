import ArgumentParser
import Calendars
import Runbooks
import Runner

/// `handrail change calendar`: the forward schedule of change.
struct ChangeCalendarCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "calendar",
        abstract: "The forward schedule of change: what may run when, and what collides.",
        discussion: """
            Times are those of the library's zone. What was asked for and is not agreed yet is \
            marked; so are changes on the same targets, or the same protected group, at one time.

            Example: handrail change calendar --days 7
            Example: handrail change calendar --ics changes.ics
            """)

    @Option(help: ArgumentHelp("How many days from today on, 31 unless said.", valueName: "number"))
    var days = 31

    @Option(
        help: ArgumentHelp(
            "From this day on, such as 2026-12-01, instead of today.", valueName: "day"))
    var from: String?

    @Option(
        help: ArgumentHelp(
            "Write it for calendar programs (iCalendar) to a file, or - for standard output.",
            valueName: "file"), completion: .file())
    var ics: String?

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Refuses a time that nobody looks at.
    func validate() throws {
        guard (1...731).contains(days) else {
            throw ValidationError("--days is from 1 to 731.")
        }
    }

    /// Reads the changes with a time, and shows them.
    func perform(_ session: Session) async throws -> ExitCode {
        let opened = try await session.openLibrary()
        let now = session.world.now()
        let calendars = AskedCalendars(of: opened.library, around: now, zones: session.world.zones)
        let horizon = try horizon(now, calendars.zone)
        let schedule = try await schedule(session, horizon)
        if let ics {
            let text = ScheduleText(
                name: "Changes of \(opened.library.configuration.libraryID)",
                entries: schedule.entries.map {
                    ScheduleEntry($0, of: opened.library.configuration.libraryID)
                }
            ).text
            guard ics != "-" else {
                session.world.terminal.write(text)
                return .success
            }
            try PlanPlace(session.world.path(ics), option: "--ics").write(text: text)
            let count = CountText.of(schedule.entries.count, "entry", plural: "entries")
            session.console.note("Written to \(SafeText.line(ics)): \(count).")
            return .success
        }
        let freezes = calendars.freezes(within: horizon)
        if session.console.isJSON {
            session.console.json(ChangeCalendarDocument(schedule, freezes: freezes, horizon))
        } else {
            let console = session.console
            console.lines(
                ChangeCalendarView(
                    schedule: schedule, freezes: freezes, horizon: horizon, zone: calendars.zone,
                    now: now, style: console.style, width: console.width ?? 100
                ).lines)
        }
        return .success
    }

    private func schedule(_ session: Session, _ horizon: Interval) async throws -> ForwardSchedule {
        guard let home = try await session.homeToRead() else {
            return ForwardSchedule([], within: horizon)
        }
        var found: [(change: Change, plan: Plan)] = []
        for change in try await home.journal.changes(
            matching: ChangeFilter(isOpen: true, limit: 5000))
        where change.request.plan != nil {
            found.append((change, try await home.plan(of: change)))
        }
        return ForwardSchedule(found, within: horizon)
    }

    /// From the start of a day of the zone.
    private func horizon(_ now: Timestamp, _ zone: ZoneRules) throws -> Interval {
        let day: Timestamp
        if let from {
            guard let found = zone.startOfDay(from) else {
                throw Failure(
                    .invalidInput, code: "time",
                    "--from \(printableExcerpt(from)) is no day.", hint: "such as 2026-12-01")
            }
            day = found
        } else {
            day = zone.startOfDay(at: now)
        }
        guard let horizon = Interval(day, day.adding(.seconds(days * 86_400))) else {
            preconditionFailure("a day has a length")
        }
        return horizon
    }
}

extension ScheduleEntry {
    /// What calendar programs show of it.
    init(_ entry: ForwardSchedule.Entry, of library: String) {
        let change = entry.change
        let number = change.dates.firstIndex(of: entry.interval).map { $0 + 1 } ?? 1
        let place = change.request.plan.map {
            "\($0.runbook) on \(CountText.of($0.targetCount, "target")) in \($0.environment)"
        }
        let collisions = entry.conflicts.map { "collides with \($0.other)" }
        self.init(
            uid: "\(change.id)-\(number)@\(library)", interval: entry.interval,
            title: "\(change.id) \(change.request.title)",
            description: ([place] + collisions).compactMap { $0 }.joined(separator: "\n"),
            categories: [change.request.type].compactMap { $0 },
            status: entry.isAgreed && !change.isOnHold ? .confirmed : .tentative,
            sequence: change.sequence, changed: change.changedAt)
    }
}
