import Runbooks
import Runner

/// The JSON form of what waits in a home.
struct InboxDocument: Encodable, Sendable {
    /// Something that was handed over and has not ended.
    struct Handed: Encodable, Sendable {
        let escalation: EscalationID
        let run: RunID?
        let alert: String?
        let ticket: String?
        let at: Timestamp
        let actor: String
        let to: String
        let note: String
        /// What came of it; nil while it hasn't ended.
        let ended: End?

        /// How it came to its end.
        struct End: Encodable, Sendable {
            let at: Timestamp
            let actor: String
            let note: String
        }

        init(_ escalation: Escalation) {
            self.escalation = escalation.id
            (run, alert, ticket) = (escalation.run, escalation.alert, escalation.ticket)
            (at, actor, to) = (escalation.at, escalation.actor, escalation.to)
            note = escalation.note
            ended = escalation.end.map { End(at: $0.at, actor: $0.actor, note: $0.note) }
        }
    }

    var format = 1
    /// Everything that waits, what matters most first.
    let items: [Inbox.Item]
    let runs: [RunDocument]
    /// Who may change which target.
    let locks: [LockDocument]
    let escalations: [Handed]
    let flags: [RaisedFlag]
    /// How far the trail's remote is behind; nil where none is configured.
    let trail: TrailLagDocument?

    init(_ inbox: Inbox) {
        items = inbox.items
        runs = inbox.runs.map { RunDocument($0.machine, isLed: $0.summary.isLed) }
        locks = inbox.locks.map(LockDocument.init)
        escalations = inbox.escalations.map(Handed.init)
        flags = inbox.flags
        trail = inbox.lag.map(TrailLagDocument.init)
    }
}

/// The human form of what waits for a person.
struct InboxView: Sendable {
    /// Targets that wait and are listed one by one, of each run.
    private static let listedDeferrals = 3

    let inbox: Inbox
    let time: ShownTime
    let style: Style
    let width: Int

    /// One paragraph for each thing: open runs first, those that wait before those at work.
    var lines: [String] {
        guard !inbox.isEmpty else {
            return [
                "Nothing waits for you.",
                style.paint("handrail alert FILE   starts from an alert", .faint),
                style.paint("handrail find WORDS   starts from what you see", .faint),
                style.paint("handrail list         shows the runbooks", .faint),
                style.paint("handrail history      shows the runs", .faint),
            ]
        }
        let asked = inbox.glass.map { GlassText.lines($0, time, style) }
        let others =
            (inbox.difference.map { [paragraph($0)] } ?? [])
            + (inbox.remoteProblem.map { [paragraph(ofRemote: $0)] } ?? [])
            + inbox.sortedRuns.map(paragraph)
            + inbox.unknown.map(paragraph) + inbox.changes.map(paragraph)
            + inbox.escalations.map(paragraph) + inbox.flags.map(paragraph)
        return Array((asked + others).joined(separator: [""]))
    }

    private func paragraph(_ difference: Failure) -> [String] {
        [style.paint("record", .strong) + "  " + style.paint("can't be trusted", .bad)]
            + TextWidth.wrapped(SafeText.line(difference.message), width: width, indent: 2)
            + (difference.hint.map {
                TextWidth.wrapped(SafeText.line($0), width: width, indent: 2)
            } ?? []) + ["    → " + Inbox.verify]
    }

    /// The trail is recorded all the same: only its copy elsewhere isn't made.
    private func paragraph(ofRemote problem: Failure) -> [String] {
        let place = problem.diagnostics.first.map { found in
            let at = found.position.map { "line \($0.line), column \($0.column): " } ?? ""
            return at + found.message
        }
        let told = [problem.message, place, problem.hint.map { "hint: \($0)" }].compactMap(\.self)
        return [style.paint("trail", .strong) + "  " + style.paint("not pushed anywhere", .warning)]
            + told.flatMap { TextWidth.wrapped(SafeText.line($0), width: width, indent: 2) }
            + ["    → " + Inbox.look]
    }

    private func paragraph(_ found: UnknownOutcome) -> [String] {
        let run = found.run
        let what = found.step.map { "\($0) of \(run.runbook), passed over" } ?? "\(run.runbook)"
        return [
            style.paint(run.id.rawValue, .strong) + "  " + style.paint("outcome unknown", .bad)
        ]
            + TextWidth.wrapped(
                "\(what) on \(found.target), \(time.ago(run.opened)) by "
                    + "\(SafeText.line(run.actor)): look there what was done, then say that it "
                    + "is well, run it again, or hand it over", width: width, indent: 2)
            + [
                "    → " + Inbox.command(lookingAt: found),
                "    → handrail settle \(run.id) --on \(found.target) --as well --why '…'",
                "    → handrail escalate \(run.id) --note '…'",
            ]
    }

    private func paragraph(_ change: Change) -> [String] {
        guard let next = ChangeNext(change, at: time.now) else { return [] }
        let place = change.request.plan.map { " in \($0.environment)" } ?? ""
        let due = change.review.map { ", due \(time.ago($0.due))" } ?? ""
        return [
            style.paint(change.id.rawValue, .strong) + "  "
                + style.paint(change.state.rawValue, change.state.tone)
                + (change.isOnHold ? "  " + style.paint("ON HOLD", .bad) : "")
        ]
            + TextWidth.wrapped(
                SafeText.line(
                    "\(change.request.title)\(place), by \(change.requester) "
                        + "\(time.ago(change.opened)): \(next.text)\(due)"),
                width: width, indent: 2) + ["    → " + next.command]
    }

    private func paragraph(_ escalation: Escalation) -> [String] {
        let what =
            escalation.run.map { "run \($0)" }
            ?? escalation.alert.map { "alert \(SafeText.line($0))" } ?? ""
        let ticket = escalation.ticket.map { ", ticket \(SafeText.line($0))" } ?? ""
        return [
            style.paint(escalation.id.rawValue, .strong) + "  "
                + style.paint("escalated to \(SafeText.line(escalation.to))", .warning)
        ]
            + TextWidth.wrapped(
                "\(what)\(ticket), \(time.ago(escalation.at)) by "
                    + "\(SafeText.line(escalation.actor)): \(ShortText.of(escalation.note))",
                width: width, indent: 2) + ["    → " + Inbox.command(ending: escalation)]
    }

    private func paragraph(_ flag: RaisedFlag) -> [String] {
        [style.paint(flag.runbook.rawValue, .strong)]
            + FlagText.lines([flag], time, style, width: width, indent: 2)
            + ["    → " + Inbox.command(clearing: flag)]
    }

    private func paragraph(_ run: RunStatus) -> [String] {
        let summary = run.summary
        let names = CountText.listed(summary.targets.map(\.rawValue), limit: 3)
        let began = "\(time.ago(summary.opened)) by \(SafeText.line(summary.actor))"
        var lines = [
            style.paint(summary.id.rawValue, .strong) + "  "
                + (run.isLeft
                    ? style.paint("nobody leads it", .warning)
                    : style.paint(run.word, summary.state.tone))
        ]
        lines += TextWidth.wrapped(
            "\(summary.runbook) on \(names), started \(began)", width: width, indent: 2)
        for awaited in run.awaited {
            let limit = awaited.isLate ? "overdue" : time.ago(awaited.until)
            lines += item(
                "awaited", .warning,
                "\(awaited.question.step)\(awaited.place) (\(limit)): \(awaited.person.text)")
            lines += awaited.commands.map { "    → " + $0 }
        }
        for found in run.machine.unsettled {
            lines += item(
                "UNKNOWN", .bad, "how \(found.step) ended on \(found.target): look there, then")
            lines += SettleText.commands(summary.id, found.target, found.step).map {
                "    → " + $0
            }
        }
        for owed in OwedText.all(of: run.machine) {
            lines += item("OWED", .bad, "\(owed.step) on \(owed.target): \(owed.text)")
            if let command = owed.command { lines.append("    → " + command) }
        }
        for failure in run.report.failures {
            lines += item(failure.outcome.word, .bad, FailureText.withoutWord(failure))
        }
        lines += waits(run)
        for held in LockText.held(run.held) { lines += item("holds", .plain, held) }
        if run.machine.isRestored, !run.machine.stateReason.isEmpty {
            lines += item("restored", .warning, run.machine.stateReason)
        }
        if !summary.isLed {
            lines += item("led", .warning, LeadLine(summary: summary).text)
        } else if !run.isWaiting {
            lines.append("    → handrail watch \(summary.id)")
        }
        return lines
    }

    /// What it waits for beside what a person is asked, settles or pays.
    private func waits(_ run: RunStatus) -> [String] {
        let isWaiting = run.machine.state == .waiting
        let waits = run.waits.filter { isWaiting || $0.kind == .promotion }
        var lines = waits.filter { $0.kind != .lock }.flatMap { waiting in
            let until = waiting.until.map { " (\(time.ago($0)))" } ?? ""
            return item("waits", .warning, waiting.what + until)
                + waiting.commands.map { "    → " + $0 }
        }
        guard isWaiting else { return lines }
        for deferral in run.deferred.prefix(Self.listedDeferrals) {
            lines += item("waits", .warning, deferral.what)
        }
        let more = run.deferred.count - Self.listedDeferrals
        return lines + (more > 0 ? item("waits", .warning, "\(more) targets more") : [])
    }

    private func item(_ name: String, _ tone: Tone, _ text: String) -> [String] {
        let indent = name.count + 3
        return TextWidth.wrapped(SafeText.line(text), width: width, indent: indent).enumerated()
            .map { $0 == 0 ? "  \(style.paint(name, tone)) \($1.dropFirst(indent))" : $1 }
    }
}
