import Runbooks
import Runner

extension TrailEvent {
    /// What is recorded when a run is opened: everything that it was started on.
    init(opening run: RunRecord) {
        let plan = run.plan
        self.init(kind: .runOpened, at: run.opened, actor: run.actor, via: .cli)
        (self.run, self.plan, change) = (run.id, plan.planID, run.change)
        details = [
            "number": .integer(Int64(run.number)), "plan_digest": .string(run.planDigest.rawValue),
            "runbook": .string(plan.runbook.id.rawValue),
            "runbook_digest": .string(plan.runbook.digest.rawValue),
            "title": .string(plan.runbook.title),
            "environment": .string(plan.environment.name),
            "targets": .array(plan.targets.map { .string($0.name.rawValue) }),
            "parameters": .object(
                Dictionary(uniqueKeysWithValues: plan.parameters.map(Self.parameter))),
            "library": .string(run.librarySource),
        ]
        details["forecast_digest"] = run.forecastDigest.map { .string($0.rawValue) }
        details["forecast_outline"] = run.forecastOutline.map { .string($0.rawValue) }
        details["ticket"] = run.ticket.map { .string($0) }
        details["alert"] = run.alert.map { .string($0) }
        details["parent"] = run.descent.map { .string($0.parent.rawValue) }
        details["goes_on_as"] = run.descent.map { .string($0.kind.rawValue) }
        details["break_glass"] = run.brokenGlass.map(Self.glass)
        details["left_out"] = run.leftOut.map { targets in
            .object(
                Dictionary(
                    uniqueKeysWithValues: targets.map { ($0.target.rawValue, .string($0.reason)) }))
        }
    }

    /// What two people signed, as the trail tells it and a journal is made of it again.
    private static func glass(_ glass: BrokenGlass) -> JSONValue {
        .object([
            "first": .string(glass.first), "second": .string(glass.second),
            "reason": .string(glass.reason),
            "groups": .array(glass.groups.map { .string($0) }),
            "at": .string(glass.at.trailText),
        ])
    }

    /// A parameter as the trail names it: a secret by its source alone.
    private static func parameter(_ parameter: PlannedParameter) -> (String, JSONValue) {
        let value: JSONValue
        if let secret = parameter.secret {
            value = .object(["secret": .string("\(secret.source):\(secret.name)")])
        } else {
            value = parameter.text.map { .string($0) } ?? .null
        }
        return (parameter.name.rawValue, value)
    }

    /// What is recorded of an event of a run.
    init(_ event: RunEvent, of run: RunID, at: Timestamp) {
        self = Self.runs(event, at)
        self.run = run
    }

    private static func engine(
        _ kind: Kind, _ at: Timestamp, _ target: TargetName? = nil, _ step: StepID? = nil,
        _ details: [String: JSONValue] = [:]
    ) -> TrailEvent {
        var event = TrailEvent(kind: kind, at: at, actor: engine, via: .engine)
        (event.target, event.step, event.details) = (target, step, details)
        return event
    }

    private static func reason(_ text: String?) -> [String: JSONValue] {
        text.map { ["reason": .string($0)] } ?? [:]
    }

    private static func runs(_ event: RunEvent, _ at: Timestamp) -> TrailEvent {
        switch event {
        case .stateChanged(let state, let why):
            engine(.runState, at, nil, nil, ["state": .string(state.rawValue)] + reason(why))
        case .closed(let state, let resolution):
            engine(
                .runClosed, at, nil, nil,
                [
                    "state": .string(state.rawValue), "resolution": .string(resolution.rawValue),
                ])
        case .targetStarted(let target): engine(.targetStarted, at, target)
        case .targetEnded(let target, let outcome):
            engine(.targetEnded, at, target, nil, ["outcome": .string(outcome.rawValue)])
        case .sessionOpened(let target, let proof):
            engine(.sessionOpened, at, target, nil, ["proof": .string(proof)])
        case .thresholdReached(let failures, let limit):
            engine(
                .thresholdReached, at, nil, nil,
                ["failures": .integer(Int64(failures)), "limit": .integer(Int64(limit))])
        case .wave(let event): TrailEvent(event, at: at)
        case .audited(let target, let item, let result):
            TrailEvent(result, of: item, on: target, at: at)
        case .deferred, .lockKept, .unlocked, .vouched: locks(event, at)
        case .gatesAnswered(let isOpen, let lines, let until):
            engine(
                .gatesAnswered, at, nil, nil,
                ["open": .boolean(isOpen), "verdicts": .array(lines.map { .string($0) })]
                    + (until.map { ["until": .string($0.trailText)] } ?? [:]))
        case .restored(let why): engine(.runRestored, at, nil, nil, reason(why))
        case .attemptStarted, .attemptEnded, .stepEnded, .verifyEnded, .outputsTaken,
            .symptomAsked, .stopped:
            steps(event, at)
        case .reopened, .owed, .paid, .notOwed, .leftOwed: releases(event, at)
        case .asked, .answered, .commanded, .refused: people(event, at)
        }
    }

    private static func steps(_ event: RunEvent, _ at: Timestamp) -> TrailEvent {
        switch event {
        case .attemptStarted(let key):
            attempt(.attemptStarted, key, at)
        case .attemptEnded(let key, let record):
            attempt(.attemptEnded, key, at, details(of: record))
        case .stepEnded(let target, let step, let outcome, let why):
            engine(
                .stepEnded, at, target, step,
                ["outcome": .string(outcome.rawValue)] + reason(why))
        case .verifyEnded(let target, let index, let outcome, let why):
            engine(
                .verifyEnded, at, target, nil,
                ["index": .integer(Int64(index)), "outcome": .string(outcome.rawValue)]
                    + reason(why))
        case .outputsTaken(let target, let step, let outputs):
            engine(
                .outputsTaken, at, target, step,
                [
                    "outputs": .object(
                        outputs.mapValues { .string(TrailLine.digest(of: Array($0.utf8))) })
                ])
        case .symptomAsked(let target, let isPresent):
            engine(
                .symptomAsked, at, target, nil,
                ["present": isPresent.map { .boolean($0) } ?? .null])
        case .stopped(let target, let step, let resolution):
            engine(.stopped, at, target, step, ["as": .string(resolution.rawValue)])
        default: engine(.trailGap, at)
        }
    }

    private static func releases(_ event: RunEvent, _ at: Timestamp) -> TrailEvent {
        switch event {
        case .reopened(let target, let step, let outcome, let why):
            engine(
                .releaseReopened, at, target, step,
                ["outcome": .string(outcome.rawValue)] + reason(why))
        case .owed(let target, let step): engine(.releaseOwed, at, target, step)
        case .paid(let target, let step): engine(.releasePaid, at, target, step)
        case .notOwed(let target, let step): engine(.releaseNotOwed, at, target, step)
        case .leftOwed(let target, let step, let why):
            engine(.releaseLeft, at, target, step, reason(why))
        default: engine(.trailGap, at)
        }
    }

    private static func locks(_ event: RunEvent, _ at: Timestamp) -> TrailEvent {
        switch event {
        case .deferred(let target, _, let why):
            engine(.targetDeferred, at, target, nil, reason(why))
        case .lockKept(let target, let why): engine(.lockKept, at, target, nil, reason(why))
        case .unlocked(let target): engine(.lockFreed, at, target)
        case .vouched(let target, let run, let why):
            engine(.targetVouched, at, target, nil, ["since": .string(run.rawValue)] + reason(why))
        default: engine(.trailGap, at)
        }
    }

    private static func people(_ event: RunEvent, _ at: Timestamp) -> TrailEvent {
        switch event {
        case .asked(let step, let target, let until):
            return engine(.questionAsked, at, target, step, ["until": .string(until.trailText)])
        case .answered(let step, let target, let choice, let note, let actor):
            var event = TrailEvent(kind: .questionAnswered, at: at, actor: actor, via: .inbox)
            (event.target, event.step) = (target, step)
            event.details = ["choice": .string(choice)]
            event.details["note"] = note.map { .string($0) }
            return event
        case .commanded(let command, let inboxID):
            var event = TrailEvent(
                kind: .personActed, at: at, actor: command.actor, via: inboxID > 0 ? .inbox : .cli)
            event.tell(command.verb)
            return event
        case .refused(let inboxID, let why):
            return engine(
                .personRefused, at, nil, nil, ["inbox": .integer(Int64(inboxID))] + reason(why))
        default: return engine(.trailGap, at)
        }
    }

    private static func attempt(
        _ kind: Kind, _ key: AttemptKey, _ at: Timestamp, _ more: [String: JSONValue] = [:]
    ) -> TrailEvent {
        var event = engine(kind, at, key.target, key.part.step, ["part": .string(name(key.part))])
        event.attempt = key.number
        event.details.merge(more) { _, new in new }
        return event
    }

    private static func name(_ part: Part) -> String {
        switch part {
        case .symptom: "symptom"
        case .peer: "peer"
        case .guarding: "guard"
        case .action: "action"
        case .check(_, let index): "check \(index + 1)"
        case .verify(let index): "verify \(index + 1)"
        case .release: "release"
        case .undo(_, let index): "undo \(index + 1)"
        }
    }

    private static func details(of record: AttemptRecord) -> [String: JSONValue] {
        var details = ending(record.ending)
        details["ms"] = .integer(record.durationMilliseconds)
        details["stdout"] = output(record.stdout)
        details["stderr"] = output(record.stderr)
        details["changed"] = record.changed.map { .boolean($0) }
        details["diff"] = record.diff.map {
            .object([
                "bytes": .integer(Int64($0.utf8.count)),
                "sha256": .string(TrailLine.digest(of: Array($0.utf8))),
            ])
        }
        if !record.collected.isEmpty {
            details["collected"] = .array(
                record.collected.map {
                    .object(["name": .string($0.name), "output": output($0.output) ?? .null])
                })
        }
        return details
    }

    private static func ending(_ ending: Ending) -> [String: JSONValue] {
        switch ending {
        case .exited(let status):
            ["ending": .string("exited"), "status": .integer(Int64(status))]
        case .timedOut: ["ending": .string("timedOut")]
        case .cancelled: ["ending": .string("cancelled")]
        case .unreachable(let why): ["ending": .string("unreachable")] + reason(why)
        case .notStarted(let why): ["ending": .string("notStarted")] + reason(why)
        case .unknown(let why): ["ending": .string("unknown")] + reason(why)
        case .heldBack(let why): ["ending": .string("heldBack")] + reason(why)
        }
    }

    /// A stream's length and digest, never its text; nil for one without a byte.
    private static func output(_ output: OutputRecord) -> JSONValue? {
        guard output.totalBytes > 0 else { return nil }
        let digest = output.stored?.rawValue ?? TrailLine.digest(of: Array(output.text.utf8))
        return .object([
            "bytes": .integer(Int64(output.totalBytes)),
            "dropped": .integer(Int64(output.droppedBytes)), "sha256": .string(digest),
        ])
    }

    private mutating func tell(_ verb: PersonCommand.Verb) {
        switch verb {
        case .abort: details = ["verb": .string("abort")]
        case .pause: details = ["verb": .string("pause")]
        case .resume: details = ["verb": .string("resume")]
        case .promote: details = ["verb": .string("promote")]
        case .answer(let step, let choice, let target):
            (self.step, self.target) = (step, target)
            details = ["verb": .string("answer"), "choice": .string(choice)]
        case .confirm(let step, let note, let target):
            (self.step, self.target) = (step, target)
            details = ["verb": .string("confirm"), "note": .string(note)]
        case .note(let text): details = ["verb": .string("note"), "note": .string(text)]
        case .pay(let target):
            self.target = target
            details = ["verb": .string("pay")]
        case .paidByHand(let target, let note):
            self.target = target
            details = ["verb": .string("paid by hand"), "note": .string(note)]
        case .handOver(let run):
            details = ["verb": .string("hand over"), "to": .string(run.rawValue)]
        case .settle(let target, let step, let isDone, let why):
            (self.target, self.step) = (target, step)
            details = [
                "verb": .string("settle"), "as": .string(isDone ? "done" : "not-done"),
                "why": .string(why),
            ]
        }
    }
}

/// Both dictionaries' members; the right one's where both have one.
private func + (
    left: [String: JSONValue], right: [String: JSONValue]
) -> [String: JSONValue] { left.merging(right) { _, new in new } }
