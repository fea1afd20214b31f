import ArgumentParser
import Audit
import Runbooks
import Runner

/// `handrail audit log`: what ran, as the trail has it.
struct AuditLogCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "What ran, by whom, on what, for which ticket or alert, and how it ended.",
        discussion: """
            Reads the trail, not the journal. 'audit verify' says whether it can be believed.
            Example: handrail audit log --on hub01 --since 30d
            """)

    @Option(
        help: ArgumentHelp("Only this run: its id, a part of it, or 'last'.", valueName: "run"),
        completion: .custom(Completions.runs))
    var run: String?

    @Option(
        help: ArgumentHelp("Runs on this target.", valueName: "target"),
        completion: .custom(Completions.targets))
    var on: String?

    @Option(
        help: ArgumentHelp(
            "What began since then: a length of time ago (7d, 12h), or a date (2026-11-23).",
            valueName: "when"))
    var since: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How many runs at most, from 1.", valueName: "number"))
    var limit = 50

    @OptionGroup var trail: TrailOptions

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Shows the newest first.
    func perform(_ session: Session) async throws -> ExitCode {
        guard limit > 0 else {
            throw Failure(
                .usage, code: "usage", "--limit takes a number from 1.",
                hint: "leave it out for the newest 50")
        }
        let since = try since.map { try SinceText.read($0, session.world) }
        let reader = try await trail.reader(session)
        let history = try history(reader, since)
        let console = session.console
        if console.isJSON {
            console.json(AuditLogDocument(trail: reader.controller, history))
        } else {
            let view = AuditLogView(
                history: history, time: ShownTime(session.world), style: console.style)
            console.lines(view.lines(width: console.width))
            if history.runs.isEmpty { console.note("No run fits.") }
            if history.runs.count == limit {
                console.note("Older runs: --limit \(limit * 2)")
            }
        }
        return .success
    }

    /// Reads from the newest commit on, as far as it takes.
    private func history(
        _ reader: TrailReader, _ since: Timestamp?
    ) throws -> AuditLogView.History {
        let commits = try reader.commits()
        let only = try run.map { try reader.run(named: $0, in: commits) }
        var all = TrailHistory()
        var found = AuditLogView.History()
        var looked = 0
        for commit in commits {
            if let only, !commit.runs.contains(only) { continue }
            let lines = try reader.lines(of: commit)
            if let since, let last = lines.last, last.record.at < since { break }
            all.take(lines)
            for run in all.runs[looked...] where fits(run, only, since) && found.runs.count < limit
            {
                found.runs.append(run)
            }
            looked = all.runs.count
            if found.runs.count == limit { break }
        }
        if only == nil, on == nil {
            found.acts = all.acts.filter { since == nil || $0.record.at >= since ?? $0.record.at }
        }
        return found
    }

    private func fits(_ run: TrailHistory.Run, _ only: String?, _ since: Timestamp?) -> Bool {
        if let only, run.id != only { return false }
        if let on, !run.targets.contains(on) { return false }
        guard let since, let opened = run.opened else { return true }
        return opened >= since
    }
}
