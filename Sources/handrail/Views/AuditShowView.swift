import Audit
import Runner

/// Lines of a trail, for people.
struct AuditShowView: Sendable {
    let passage: TrailPassage
    let time: ShownTime
    let style: Style

    /// What was asked for, its lines, their commits, and the evidence.
    var lines: [String] {
        var lines: [String] = []
        if case .run(let id) = passage.subject { lines += heading(of: id) }
        if case .event = passage.subject {
            lines += passage.lines.flatMap(whole)
        } else {
            let width = passage.lines.map { "\($0.record.sequence)".count }.max() ?? 1
            lines += passage.lines.map { line in
                let number = TextWidth.padded("\(line.record.sequence)", to: width)
                return "\(style.paint(number, .faint))  \(time.full(line.record.at))  "
                    + line.record.sentence
            }
        }
        lines += ["", style.paint("Sealed in", .strong)]
        lines += passage.commits.map { commit in
            "  \(commit.id.prefix(12))  events \(commit.events.lowerBound)-"
                + "\(commit.events.upperBound)  \(SafeText.line(commit.subject))"
        }
        guard !passage.evidence.isEmpty else { return lines }
        lines += ["", style.paint("Evidence", .strong)]
        lines += passage.evidence.map { _, evidence in
            "  \(evidence.digest.prefix(16))…  "
                + style.paint(
                    evidence.isThere ? "kept   " : "missing", evidence.isThere ? .good : .bad)
                + "  \(SafeText.line(evidence.name))"
        }
        return lines
    }

    private func heading(of id: String) -> [String] {
        var history = TrailHistory()
        history.take(passage.lines)
        guard let run = history.runs.first else { return [style.paint(SafeText.line(id), .strong)] }
        let parts = [
            "by \(run.actor)", run.ticket.map { "ticket \($0)" }, run.alert.map { "alert \($0)" },
            run.library.isEmpty ? nil : "library \(run.library)",
        ].compactMap { $0 }.map(SafeText.line)
        let state = run.state.map { RunState(rawValue: $0)?.word ?? $0 }
        let end = [run.closed == nil ? "not yet" : nil, state, run.resolution].compactMap { $0 }
            .map(SafeText.line)
        return [
            style.paint(SafeText.line(run.id), .strong)
                + "  \(SafeText.line(run.title)) (\(SafeText.line(run.runbook)))",
            "on       " + CountText.listed(run.targets.map(SafeText.line), limit: 6),
            "started  " + parts.joined(separator: " · "),
            "ended    " + end.joined(separator: ", "), "",
        ]
    }

    /// One event with everything that its line says.
    private func whole(_ line: TrailReader.Line) -> [String] {
        [
            style.paint("Event \(line.record.sequence)", .strong) + "  \(line.record.sentence)",
            "at       " + time.both(line.record.at),
            "line     " + SafeText.line(line.text),
            "sha256   " + TrailLine.digest(of: Array(line.text.utf8)),
        ]
    }
}

/// The form of `audit show --json` (docs/json.md).
struct AuditShowDocument: Encodable, Sendable {
    /// One event; `text` is the line itself.
    struct Line: Encodable, Sendable {
        let event: Int
        let at: Timestamp
        let actor, via, kind, commit, text, sha256: String
        let run, target, step: String?
        let attempt: Int?

        init(_ line: TrailReader.Line) {
            let record = line.record
            (event, at, actor) = (record.sequence, record.at, record.actor)
            via = record.via.rawValue
            (kind, commit, text) = (record.kind, line.commit, line.text)
            sha256 = TrailLine.digest(of: Array(line.text.utf8))
            (run, target) = (record.about["run"], record.about["target"])
            (step, attempt) = (record.about["step"], record.attempt)
        }
    }

    /// A commit that holds some of the lines.
    struct Commit: Encodable, Sendable {
        let commit, subject, head: String
        let firstEvent, lastEvent: Int

        private enum CodingKeys: String, CodingKey {
            case commit, subject, head
            case firstEvent = "first_event"
            case lastEvent = "last_event"
        }
    }

    /// A piece of evidence, and whether the trail holds it.
    struct Evidence: Encodable, Sendable {
        let event: Int
        let name, sha256: String
        let kept: Bool
    }

    let format = 1
    let controller: String
    let lines: [Line]
    let commits: [Commit]
    let evidence: [Evidence]

    init(trail controller: String, _ passage: TrailPassage) {
        self.controller = controller
        lines = passage.lines.map(Line.init)
        commits = passage.commits.map {
            Commit(
                commit: $0.id, subject: $0.subject, head: $0.head,
                firstEvent: $0.events.lowerBound, lastEvent: $0.events.upperBound)
        }
        evidence = passage.evidence.map {
            Evidence(event: $0, name: $1.name, sha256: $1.digest, kept: $1.isThere)
        }
    }

    private enum CodingKeys: String, CodingKey {
        case format, controller, lines, commits, evidence
    }
}
