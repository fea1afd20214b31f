import Runbooks
import Runner

/// The JSON form of a run as it stands.
struct RunDocument: Encodable, Sendable {
    /// One target of the run.
    struct OfTarget: Encodable, Sendable {
        let target: TargetName
        /// `not_started`, `deferred`, `left_out`, `running`, or the outcome.
        let state: String
        let reason: String?
        let symptom: SymptomAnswer?
        /// What it is at; nil when it is at nothing.
        let underWay: String?
        /// Whether the start of that is recorded, and its end isn't; nil when it is at nothing.
        let isBegun: Bool?
        let steps: [OfStep]
        /// What an audit saw; left out in every other run.
        let items: [OfItem]?

        private enum CodingKeys: String, CodingKey {
            case target, state, reason, symptom, steps, items
            case underWay = "under_way"
            case isBegun = "begun"
        }
    }

    /// What an audit saw of an item.
    struct OfItem: Encodable, Sendable {
        let item: StepID
        let verdict: AuditResult.Verdict
        let severity: ItemSeverity
        let expected: String?
        let actual: String?
        /// Why it could not be looked at.
        let why: String?
        /// What covers the deviation.
        let exception: AuditResult.Exception?

        init(_ item: StepID, _ result: AuditResult) {
            (self.item, verdict, severity) = (item, result.verdict, result.severity)
            (expected, actual, why) = (result.expected, result.actual, result.why)
            exception = result.exception
        }
    }

    /// A `stop` step that ended targets.
    struct Stopped: Encodable, Sendable {
        let step: StepID
        let targets: [TargetName]
        /// Whether it helped.
        let resolution: StopAction.Resolution
        let say: String
        /// Whom to tell; nil when it names nobody.
        let escalate: String?

        private enum CodingKeys: String, CodingKey {
            case step, targets, say, escalate
            case resolution = "as"
        }
    }

    /// How a step ended.
    struct OfStep: Encodable, Sendable {
        let step: StepID
        let outcome: Outcome
        let reason: String?
        let outputs: [String: String]?
        /// Whether it failed and the sequence went on after it; left out where it didn't.
        let isPassedOver: Bool?
        /// Whether it ended in the run that this one goes on from; left out where it didn't.
        let isTakenOver: Bool?

        private enum CodingKeys: String, CodingKey {
            case step, outcome, reason, outputs
            case isPassedOver = "passed_over"
            case isTakenOver = "taken_over"
        }
    }

    /// Targets that failed alike.
    struct Failed: Encodable, Sendable {
        let part: String
        let outcome: Outcome
        let reason: String
        /// What the runbook says to do when this step fails.
        let advice: String?
        let targets: [TargetName]

        init(_ failure: RunReport.Failure) {
            (part, outcome, reason) = (failure.part, failure.outcome, failure.reason)
            (advice, targets) = (failure.advice, failure.targets)
        }
    }

    /// Something that waits for a person on a target: what to give back, or to settle.
    struct Owed: Encodable, Sendable {
        let target: TargetName
        let step: StepID
        let reason: String
    }

    /// A step that a rollback could not undo, and how its target is now.
    struct NotUndone: Encodable, Sendable {
        let target: TargetName
        let step: StepID
        let outcome: Outcome
        let reason: String
        /// How it was before the run, how the run left it, and how it is now; nil where the target
        /// said something else.
        let before: String?
        let left: String?
        let now: String?

        init(_ found: RunReport.NotUndone) {
            (target, step, outcome) = (found.target, found.step, found.outcome)
            reason = found.reason
            (before, left, now) = (
                found.refusal?.before, found.refusal?.left, found.refusal?.now
            )
        }
    }

    /// A question that waits for a person.
    struct Asked: Encodable, Sendable {
        let step: StepID
        let target: TargetName?
        let question: String
        let choices: [String]
        let until: Timestamp
    }

    var format = 1
    let run: RunID
    /// The run that it goes on from; nil for a run of its own.
    let parent: RunID?
    /// What it does with what that left.
    let goesOnAs: RunDescent.Kind?
    /// Runs that go on from it; nil where that wasn't looked up, or there are none.
    let children: [RunID]?
    let runbook: RunbookID
    let title: String
    let plan: PlanID
    let planDigest: Digest
    let environment: String
    let library: String
    let actor: String
    let ticket: String?
    let alert: String?
    /// The change that it carries out; nil without one.
    let change: ChangeID?
    /// What two people signed who started it without one; nil for any other run.
    let brokenGlass: BrokenGlass?
    let opened: Timestamp
    let state: RunState
    let stateReason: String
    let resolution: RunResolution?
    let targets: [OfTarget]
    /// What was done once for several targets, in that order; nil where nothing was.
    let doneOnce: [OfTarget]?
    let failures: [Failed]
    /// Steps that failed while their targets went on.
    let passedOver: [Failed]
    let owed: [Owed]
    /// Of a rollback: what it could not undo.
    let notUndone: [NotUndone]?
    /// Steps that ended their targets, and of which a person has to say how they ended.
    let unsettled: [Owed]
    let questions: [Asked]
    /// Where it is among its waves; nil for a run without waves.
    let wave: WaveDocument?
    /// How far each of its waves has come; nil for a run without waves.
    let waves: [WaveDocument.Counts]?
    /// What it waits for; what a person can do something about first.
    let awaited: [AwaitedItem]
    let stops: [Stopped]
    /// What was handed over of it, the newest first; nil where that wasn't looked up.
    let escalations: [InboxDocument.Handed]?
    /// Locks on its targets, its own and those it waits for; nil where that wasn't looked up.
    let locks: [LockDocument]?
    /// Whether a living process leads it; nil once it has ended, or where that isn't known.
    let isLed: Bool?
    let escalate: String?
    let notes: [String]
    /// How the forecast at the start differs from the plan file's, a line for each target.
    let forecastChanges: [String]?
    /// The trail's head as `size:hash`, where this command led the run.
    let trail: String?
    /// What the command ends with.
    let exit: Int32

    private enum CodingKeys: String, CodingKey {
        case format, run, parent, children, runbook, title, plan, environment, library, actor
        case ticket, alert, change, opened, state, resolution, targets, failures, owed, unsettled,
            questions
        case wave, waves, awaited
        case stops, escalations, locks
        case escalate, notes, trail, exit
        case isLed = "led"
        case goesOnAs = "goes_on_as"
        case notUndone = "not_undone"
        case doneOnce = "done_once"
        case passedOver = "passed_over"
        case brokenGlass = "broken_glass"
        case planDigest = "plan_digest"
        case forecastChanges = "forecast_changes"
        case stateReason = "state_reason"
    }

    init(
        _ machine: RunMachine, trail: String? = nil, isLed: Bool? = nil,
        escalations: [Escalation]? = nil, locks: [TargetLock]? = nil, children: [RunID]? = nil
    ) {
        let report = RunReport(run: machine)
        let record = machine.record
        (parent, goesOnAs) = (record.descent?.parent, record.descent?.kind)
        self.children = children?.isEmpty == false ? children : nil
        notUndone = machine.isRollback ? report.notUndone.map(NotUndone.init) : nil
        (run, runbook, title) = (record.id, record.plan.runbook.id, record.plan.runbook.title)
        (plan, planDigest) = (record.plan.planID, record.planDigest)
        (environment, library) = (record.plan.environment.name, record.librarySource)
        (actor, ticket, alert) = (record.actor, record.ticket, record.alert)
        (change, brokenGlass) = (record.change, record.brokenGlass)
        (opened, state, stateReason) = (record.opened, machine.state, machine.stateReason)
        resolution = machine.resolution
        targets = record.plan.targets.map { Self.target($0.name, machine, report) }
        doneOnce =
            machine.lists.isEmpty ? nil : machine.lists.map { Self.target($0, machine, report) }
        failures = report.failures.map(Failed.init)
        passedOver = report.passedOver.map(Failed.init)
        owed = machine.owed.map { Owed(target: $0.target, step: $0.step, reason: $0.reason) }
        unsettled = machine.unsettled.map {
            Owed(target: $0.target, step: $0.step, reason: $0.reason)
        }
        questions = report.openQuestions.compactMap { Self.question($0, machine) }
        let standing = machine.waveStanding
        wave = standing.map(WaveDocument.init)
        waves = standing.map { $0.waves.enumerated().map(WaveDocument.Counts.init) }
        awaited = AwaitedItem.all(of: machine, isLed: isLed, locks: locks ?? [])
        stops = report.stops.map {
            Stopped(
                step: $0.step, targets: $0.targets, resolution: $0.stop.resolution,
                say: $0.stop.say, escalate: $0.stop.escalate)
        }
        self.escalations = escalations?.map(InboxDocument.Handed.init)
        self.locks = locks?.map(LockDocument.init)
        self.isLed = machine.state.isTerminal ? nil : isLed
        escalate = report.escalation
        notes = machine.notes
        forecastChanges = record.comparison?.lines
        self.trail = trail
        exit = ExitCode(machine).rawValue
    }

    private static func target(
        _ name: TargetName, _ machine: RunMachine, _ report: RunReport
    ) -> OfTarget {
        let target = machine.targets[name]
        let steps = machine.sequence(of: name).compactMap { step in
            target?.outcomes[step.id].map { outcome in
                OfStep(
                    step: step.id, outcome: outcome, reason: target?.reasons[step.id],
                    outputs: machine.isRollback ? nil : target?.outputs[step.id],
                    isPassedOver: step.passesOver(outcome) ? true : nil,
                    isTakenOver: target?.takenOver.contains(step.id) == true ? true : nil)
            }
        }
        let deferral = machine.deferrals[name]
        let absent =
            machine.leftOut[name] != nil ? "left_out" : deferral != nil ? "deferred" : "not_started"
        let state = target?.outcome?.rawValue ?? (target?.isRunning == true ? "running" : absent)
        return OfTarget(
            target: name, state: state,
            reason: report.failure(of: name)?.reason ?? machine.leftOut[name]?.reason
                ?? deferral?.reason,
            symptom: target?.symptomAnswer, underWay: report.underWay(on: name),
            isBegun: target?.isRunning == true ? target?.inFlight != nil : nil, steps: steps,
            items: machine.plan.isAudit ? items(of: name, machine) : nil)
    }

    private static func items(of name: TargetName, _ machine: RunMachine) -> [OfItem] {
        machine.sequence(of: name).compactMap { step in
            machine.targets[name]?.audited[step.id].map { OfItem(step.id, $0) }
        }
    }

    private static func question(_ question: Question, _ machine: RunMachine) -> Asked? {
        guard let person = machine.plan.step(question.step)?.action.person,
            let state = machine.questions[question]
        else { return nil }
        return Asked(
            step: question.step, target: question.target, question: person.text,
            choices: person.choices.map(\.id), until: state.until)
    }
}
