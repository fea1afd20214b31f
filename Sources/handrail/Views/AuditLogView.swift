import Audit
import Runner

/// The human form of what a trail tells of runs.
struct AuditLogView: Sendable {
    /// What is shown, the newest first.
    struct History: Sendable {
        var runs: [TrailHistory.Run] = []
        var acts: [TrailReader.Line] = []
    }

    let history: History
    let time: ShownTime
    let style: Style

    /// A table of runs, and below it what happened to the trail itself.
    func lines(width: Int?) -> [String] {
        var table = Table(
            // A run's id tells when it began, too.
            Table.Column("RUN", .whole), Table.Column("BEGAN", .spare), "BY", "RUNBOOK", "TARGETS",
            Table.Column("FOR", .spare), "ENDED", Table.Column("EVENTS", .spare))
        for run in history.runs {
            table.add(
                Table.Cell(SafeText.line(run.id), .strong),
                Table.Cell(run.opened.map { time.full($0) } ?? "-"),
                Table.Cell(SafeText.line(run.actor)), Table.Cell(SafeText.line(run.runbook)),
                Table.Cell(CountText.listed(run.targets.map(SafeText.line), limit: 2)),
                Table.Cell(Self.reason(run)), Self.end(of: run),
                Table.Cell("\(run.events.lowerBound)-\(run.events.upperBound)"))
        }
        var lines = table.lines(width: width, style: style)
        guard !history.acts.isEmpty else { return lines }
        lines += [""]
        lines += history.acts.map { line in
            "\(time.full(line.record.at))  \(line.record.sentence)"
                + style.paint("  event \(line.record.sequence)", .faint)
        }
        return lines
    }

    private static func reason(_ run: TrailHistory.Run) -> String {
        let parts = [run.ticket, run.alert].compactMap { $0 }.map(SafeText.line)
        return parts.isEmpty ? "-" : parts.joined(separator: ", ")
    }

    private static func end(of run: TrailHistory.Run) -> Table.Cell {
        let state = run.state.flatMap(RunState.init(rawValue:))
        let word = state?.word ?? run.state
        let words =
            run.closed == nil
            ? "not yet" + (word.map { ": " + SafeText.line($0) } ?? "")
            : [word, run.resolution].compactMap { $0 }.map(SafeText.line).joined(separator: ", ")
        return Table.Cell(words, state?.tone ?? .plain)
    }
}

/// The form of `audit log --json` (docs/json.md).
struct AuditLogDocument: Encodable, Sendable {
    /// One run, from the trail alone.
    struct Run: Encodable, Sendable {
        let run, actor, runbook, title, library: String
        let targets: [String]
        let ticket, alert, state, resolution: String?
        let opened, closed: Timestamp?
        let firstEvent, lastEvent, commits: Int

        private enum CodingKeys: String, CodingKey {
            case run, actor, runbook, title, library, targets, ticket, alert, state, resolution
            case opened, closed, commits
            case firstEvent = "first_event"
            case lastEvent = "last_event"
        }

        init(_ run: TrailHistory.Run) {
            (self.run, actor, runbook, title) = (run.id, run.actor, run.runbook, run.title)
            (library, targets, ticket, alert) = (run.library, run.targets, run.ticket, run.alert)
            (state, resolution, opened, closed) =
                (run.state, run.resolution, run.opened, run.closed)
            (firstEvent, lastEvent) = (run.events.lowerBound, run.events.upperBound)
            commits = run.commits
        }
    }

    /// Something that happened to the trail, or about no run.
    struct Act: Encodable, Sendable {
        let event: Int
        let at: Timestamp
        let kind, actor, commit: String
    }

    let format = 1
    let controller: String
    let runs: [Run]
    let acts: [Act]

    init(trail controller: String, _ history: AuditLogView.History) {
        self.controller = controller
        runs = history.runs.map(Run.init)
        acts = history.acts.map {
            Act(
                event: $0.record.sequence, at: $0.record.at, kind: $0.record.kind,
                actor: $0.record.actor, commit: $0.commit)
        }
    }

    private enum CodingKeys: String, CodingKey { case format, controller, runs, acts }
}
