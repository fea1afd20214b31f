import Audit
import Runbooks
import Runner

/// What waits for a person in a home.
struct Inbox: Sendable {
    /// One thing that waits, with what to type; also its JSON form.
    struct Item: Encodable, Sendable {
        /// Why it waits.
        enum Kind: String, Encodable, Sendable {
            case question, overdue, owed, paused, restored, unled, running, deferred, unknown
            case promotion, escalated, flagged, record, remote, change
            case breakGlass = "break-glass"
        }

        let kind: Kind
        var run: RunID?
        var runbook: RunbookID?
        var target: TargetName?
        var step: StepID?
        var change: ChangeID?
        /// One sentence.
        let text: String
        /// When a question's deadline is.
        var until: Timestamp?
        /// What to type next; where there are several answers, what shows them.
        let command: String
        /// What to type for each answer, where there are several; nil else.
        var commands: [String]?
    }

    /// Open runs, the newest first.
    var runs: [RunStatus] = []
    /// What nobody knows of runs that have ended.
    var unknown: [UnknownOutcome] = []
    /// Who may change which target; each belongs to an open run.
    var locks: [TargetLock] = []
    /// What was handed over and has not ended.
    var escalations: [Escalation] = []
    var flags: [RaisedFlag] = []
    /// Changes that wait for this person, the newest first.
    var changes: [Change] = []
    /// What waits for a second person who breaks the glass.
    var glass: [GlassRequest] = []
    /// What it is now, for what changes wait for.
    var now = Timestamp(milliseconds: 0)
    /// How far the trail's remote is behind; nil where none is configured.
    var lag: TrailLag?
    /// Why nothing more can be recorded: journal and trail don't say the same.
    var difference: Failure?
    /// Why it can't be said how far the trail's remote is behind; nil where it can.
    var remoteProblem: Failure?

    var isEmpty: Bool {
        runs.isEmpty && unknown.isEmpty && escalations.isEmpty && flags.isEmpty && changes.isEmpty
            && difference == nil && remoteProblem == nil && glass.isEmpty
    }

    /// Open runs that wait first.
    var sortedRuns: [RunStatus] { runs.filter(\.isWaiting) + runs.filter { !$0.isWaiting } }

    /// Everything, in the order in which people should look at it.
    var items: [Item] { asked + others }

    /// What waits for a second person: somebody sits at a terminal until then.
    private var asked: [Item] {
        glass.map { request in
            Item(
                kind: .breakGlass, run: request.run,
                text: "\(request.first) asks for a second person: \(request.reason)",
                until: request.expires, command: "handrail break-glass approve \(request.run)")
        }
    }

    private var others: [Item] {
        (difference.map { [Item(kind: .record, text: $0.message, command: Self.verify)] } ?? [])
            + (remoteProblem.map {
                [Item(kind: .remote, text: $0.message, command: Self.look)]
            } ?? [])
            + sortedRuns.flatMap(Self.items)
            + unknown.map { found in
                Item(
                    kind: .unknown, run: found.run.id, runbook: found.run.runbook,
                    target: found.target, step: found.step,
                    text: found.step.map {
                        "how \($0) ended on \(found.target) is unknown; the target went on"
                    } ?? "how it ended on \(found.target) is unknown",
                    command: Self.command(lookingAt: found))
            }
            + changes.compactMap { change in
                ChangeNext(change, at: now).map { next in
                    Item(
                        kind: .change, runbook: change.request.plan?.runbook, change: change.id,
                        text: "\(change.request.title): \(next.text)", command: next.command)
                }
            }
            + escalations.map { escalation in
                Item(
                    kind: .escalated, run: escalation.run,
                    text: "handed to \(escalation.to): \(escalation.note)",
                    command: Self.command(ending: escalation))
            }
            + flags.map { flag in
                Item(
                    kind: .flagged, runbook: flag.runbook, text: flag.why,
                    command: Self.command(clearing: flag))
            }
    }

    static let verify = "handrail audit verify"
    /// Shows what is wrong with the home, and what to do.
    static let look = "handrail doctor"

    static func command(lookingAt found: UnknownOutcome) -> String {
        "handrail logs \(found.run.id) --on \(found.target)"
            + (found.step.map { " --step \(CommandText.quoted($0.rawValue))" } ?? "")
    }

    static func command(ending escalation: Escalation) -> String {
        "handrail escalate \(escalation.id) --done --note '…'"
    }

    static func command(clearing flag: RaisedFlag) -> String {
        "handrail flag \(flag.runbook) --clear --why '…'"
    }

    private static func items(_ run: RunStatus) -> [Item] {
        let (id, runbook) = (run.summary.id, run.summary.runbook)
        var items = run.awaited.map { awaited in
            Item(
                kind: awaited.isLate ? .overdue : .question, run: id, runbook: runbook,
                target: awaited.question.target, step: awaited.question.step,
                text: awaited.person.text, until: awaited.until,
                command: awaited.commands.count == 1
                    ? awaited.commands[0] : "handrail status \(id)",
                commands: awaited.commands.count == 1 ? nil : awaited.commands)
        }
        items += run.machine.unsettled.map { found in
            Item(
                kind: .unknown, run: id, runbook: runbook, target: found.target, step: found.step,
                text: "how \(found.step) ended on \(found.target) is unknown; it waits for that",
                command: "handrail status \(id)",
                commands: SettleText.commands(id, found.target, found.step))
        }
        items += OwedText.all(of: run.machine).map { owed in
            Item(
                kind: .owed, run: id, runbook: runbook, target: owed.target, step: owed.step,
                text: owed.text, command: owed.command ?? "handrail status \(id)")
        }
        items += run.waits.filter { $0.kind == .promotion }.map { waiting in
            Item(
                kind: .promotion, run: id, runbook: runbook, text: waiting.what,
                command: waiting.commands.first ?? "handrail status \(id)")
        }
        if run.machine.state == .waiting {
            items.append(
                Item(
                    kind: .deferred, run: id, runbook: runbook,
                    text: run.waits.map(\.what).joined(separator: "; "),
                    command: "handrail status \(id)"))
        }
        if !run.summary.isLed {
            // Who promotes it leads it on.
            if !items.contains(where: { $0.kind == .promotion }) { items.append(unled(run)) }
        } else if items.isEmpty {
            items.append(
                Item(
                    kind: .running, run: id, runbook: runbook, text: "it is being run",
                    command: "handrail watch \(id)"))
        }
        return items
    }
}

extension Inbox {
    /// A run that nobody leads.
    private static func unled(_ run: RunStatus) -> Item {
        let (id, runbook) = (run.summary.id, run.summary.runbook)
        if run.machine.isRestored, run.summary.state == .needsPerson {
            return Item(
                kind: .restored, run: id, runbook: runbook, text: run.machine.stateReason,
                command: "handrail status \(id)")
        }
        let isPaused = run.summary.state == .paused
        return Item(
            kind: isPaused ? .paused : .unled, run: id, runbook: runbook,
            text: isPaused ? "paused" : "nobody leads it now", command: "handrail resume \(id)")
    }
}

extension Session {
    /// What waits in the home; nothing without one.
    func inbox() async throws -> Inbox {
        guard let home = try await existingHome() else { return Inbox() }
        var inbox = Inbox()
        inbox.locks = try await home.journal.locks(on: nil)
        for summary in try await home.journal.runs(matching: RunFilter(isOpen: true, limit: 500)) {
            let folded = try await FoldedRun(summary, in: home.journal)
            let names = Set(summary.targets)
            inbox.runs.append(
                RunStatus(
                    folded, now: world.now(),
                    locks: inbox.locks.filter { names.contains($0.target) }))
        }
        inbox.unknown = try await home.journal.unknownOutcomes()
        inbox.escalations = try await home.journal.escalations(isOpen: true)
        inbox.flags = try await home.journal.flags()
        inbox.now = world.now()
        let people = Set([actor] + peopleOfAccount.map(\.rawValue))
        inbox.changes = try await home.journal.changes(
            matching: ChangeFilter(isOpen: true, limit: 500)
        ).filter { change in
            people.contains { change.waits(for: $0, at: inbox.now) }
        }
        inbox.glass = try GlassFolder(of: home.home).requests().filter { inbox.now < $0.expires }
        inbox.difference = await home.difference()
        if inbox.difference == nil {
            do {
                inbox.lag = try await TrailGate(session: self, home: home).lag()
            } catch {
                // What waits is in the journal; settings that can't be read hide none of it.
                inbox.remoteProblem = Failure(error)
            }
        }
        return inbox
    }
}
