import ArgumentParser
import Runbooks
import Runner

/// `handrail history`: the runs of this home.
struct HistoryCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "The runs of this home: who, where, how they ended, and whether they helped.",
        discussion: "Example: handrail history --on hub01 --since 7d")

    @Option(
        help: ArgumentHelp("Runs on this target.", valueName: "target"),
        completion: .custom(Completions.targets))
    var on: String?

    @Option(
        help: ArgumentHelp("Runs of this runbook.", valueName: "runbook"),
        completion: .custom(Completions.runbooks))
    var runbook: String?

    @Option(
        help: ArgumentHelp(
            "Runs that started since then: a length of time ago (7d, 12h), or a date "
                + "(2026-11-23).", valueName: "when"))
    var since: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How many at most, from 1.", valueName: "number"))
    var limit = 50

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Shows the newest runs first.
    func perform(_ session: Session) async throws -> ExitCode {
        let filter = try await self.filter(session)
        var runs: [RunSummary] = []
        var helped: [HelpedHere] = []
        if let home = try await session.homeToRead() {
            var all = filter
            all.limit = max(filter.limit, HomeMemory.mostRuns)
            let found = try await home.journal.runs(matching: all)
            runs = Array(found.prefix(filter.limit))
            helped = HelpedHere.of(
                found, on: filter.target, ends: try await home.journal.ends(of: found))
            if runs.isEmpty { try await explainNothing(home, filter, session.console) }
        }
        let console = session.console
        if console.isJSON {
            console.json(HistoryDocument(runs: runs.map { RunHeader($0) }, helped: helped))
        } else {
            let view = HistoryView(runs: runs, time: ShownTime(session.world), style: console.style)
            console.lines(view.lines(width: console.width))
            console.lines(
                HelpedView(
                    helped: helped, time: ShownTime(session.world), style: console.style
                ).lines(width: console.width))
            if runs.isEmpty { console.note("No run fits.") }
            if runs.count == limit { console.note("Older runs: --limit \(limit * 2)") }
        }
        return .success
    }

    private func filter(_ session: Session) async throws -> RunFilter {
        guard limit > 0 else {
            throw Failure(
                .usage, code: "usage", "--limit takes a number from 1.",
                hint: "leave it out for the newest 50")
        }
        var filter = RunFilter(limit: limit)
        if let on { filter.target = try await target(on, session) }
        if let runbook {
            guard let id = RunbookID(rawValue: runbook) else {
                throw Failure(
                    .invalidInput, code: "plan.unknownRunbook",
                    "\(printableExcerpt(runbook)) is no runbook's id (\(RunbookID.grammar)).")
            }
            filter.runbook = id
        }
        filter.since = try since.map { try SinceText.read($0, session.world) }
        return filter
    }

    /// The target that a name or an alias means: the library knows the aliases, the runs don't.
    ///
    /// A name is one without a library, too; and one that the library has no more.
    private func target(_ text: String, _ session: Session) async throws -> TargetName {
        var why = ""
        do {
            let inventory = try await session.openLibrary().library.inventory
            let known = inventory.targets.first {
                $0.name.rawValue == text || $0.aliases.contains(text)
            }
            if let known { return known.name }
            why = "; no target of the library has it as an alias"
        } catch {
            why = "; the library, which has the aliases, could not be read"
        }
        guard let name = TargetName(rawValue: text) else {
            throw Failure(
                .invalidInput, code: "selection.unknownTarget",
                "\(printableExcerpt(text)) is no target's name (\(TargetName.grammar))\(why).",
                hint: "'handrail inventory' lists names and aliases")
        }
        return name
    }

    /// A name that no run has is most likely misspelt.
    private func explainNothing(
        _ home: OpenedHome, _ filter: RunFilter, _ console: Console
    ) async throws {
        let all = try await home.journal.runs(matching: RunFilter(limit: 5000))
        if let on = filter.target, !all.contains(where: { $0.targets.contains(on) }) {
            let names = Set(all.flatMap(\.targets).map(\.rawValue)).sorted()
            let near = nearestName(to: on.rawValue, among: names)
            console.warn(
                "no run of this home was on \(on)",
                hint: near.map { "did you mean \($0)?" })
        }
        if let runbook, !all.contains(where: { $0.runbook.rawValue == runbook }) {
            let near = nearestName(to: runbook, among: Set(all.map(\.runbook.rawValue)).sorted())
            console.warn(
                "no run of this home was of \(printableExcerpt(runbook))",
                hint: near.map { "did you mean \($0)?" })
        }
    }
}

/// Instants that people give by a length of time or a date.
enum SinceText {
    /// Reads `7d`, `2026-11-23` (its first moment here) or an RFC 3339 instant.
    ///
    /// - Throws: `Failure` (usage).
    static func read(_ text: String, _ world: World) throws -> Timestamp {
        let now = world.now()
        if let ago = milliseconds(text) {
            return Timestamp(milliseconds: now.milliseconds - ago)
        }
        if let day = day(text) {
            let noon = Timestamp(milliseconds: day + 43_200_000)
            return Timestamp(milliseconds: day - Int64(world.zoneOffset(noon)) * 1000)
        }
        throw Failure(
            .usage, code: "usage",
            "--since \(printableExcerpt(text)) is no time, nor a date that there is.",
            hint: "write a length of time ago, such as 7d or 12h, or a date such as 2026-11-23")
    }

    /// The milliseconds of `7d`, `12h` and the like; nil for anything else.
    static func milliseconds(_ text: String) -> Int64? {
        let units: [Character: Int64] = [
            "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000,
        ]
        guard let last = text.last, let unit = units[last], let count = Int64(text.dropLast()),
            (0...100_000).contains(count)
        else { return nil }
        return count * unit
    }

    /// How many days a month has, by the Gregorian calendar.
    private static func days(of month: Int64, in year: Int64) -> Int64 {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The first moment of a date in UTC.
    ///
    /// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
    private static func day(_ text: String) -> Int64? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts.map(\.count) == [4, 2, 2], let year = Int64(parts[0]),
            let month = Int64(parts[1]), let day = Int64(parts[2]), (1...12).contains(month),
            (1...days(of: month, in: year)).contains(day), year >= 1970
        else { return nil }
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return (era * 146_097 + dayOfEra - 719_468) * 86_400_000
    }
}
