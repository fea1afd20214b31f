import Runbooks
import Runner

/// What a run came to, taken from its machine: the facts that recap, status and JSON share.
struct RunReport: Sendable {
    /// Targets that failed in the same way.
    struct Failure: Sendable, Hashable {
        /// The step's id, or `verify 1`.
        let part: String
        let outcome: Outcome
        let reason: String
        /// What the runbook says about this step's failure.
        let advice: String?
        var targets: [TargetName]
    }

    /// A step, and the targets on which it ended alike.
    struct StepCount: Sendable, Hashable {
        let step: StepID
        let targets: [TargetName]
    }

    let run: RunMachine

    /// Targets by outcome, in the plan's order.
    func targets(_ outcome: Outcome) -> [TargetName] {
        run.plan.targets.map(\.name).filter { run.targets[$0]?.outcome == outcome }
    }

    /// Targets that were never started, but for those that a person left out.
    var notStarted: [TargetName] {
        run.plan.targets.map(\.name).filter {
            run.targets[$0]?.phase == .notStarted && run.leftOut[$0] == nil
        }
    }

    /// Targets that a person left out, with the reason, in the plan's order.
    var leftOut: [LeftOutTarget] {
        run.plan.targets.compactMap { run.leftOut[$0.name] }.filter { $0.outcome == nil }
    }

    /// The steps that changed something, in the plan's order; of a rollback, those that were undone.
    var changes: [StepCount] {
        run.allSteps.compactMap { step in
            let targets = run.plan.targets.map(\.name).filter {
                run.targets[$0]?.outcomes[step.id] == .changed
                    && run.targets[$0]?.takenOver.contains(step.id) == false
            }
            return targets.isEmpty ? nil : StepCount(step: step.id, targets: targets)
        }
    }

    /// Failures with equal steps and reasons together; the most frequent first.
    var failures: [Failure] { grouped(places.compactMap(failure)) }

    /// Steps that failed and were passed over (`on_failed: continue`), grouped in the same way.
    var passedOver: [Failure] { grouped(places.flatMap(passedOver)) }

    /// The targets, and what was done once for a wave.
    private var places: [TargetName] { run.plan.targets.map(\.name) + run.lastLists }

    /// The steps that failed on a target and were passed over, in order.
    func passedOver(on name: TargetName) -> [Failure] {
        guard let target = run.targets[name], !run.plan.isAudit else { return [] }
        return run.sequence(of: name).compactMap { step in
            guard let outcome = target.outcomes[step.id], step.passesOver(outcome) else {
                return nil
            }
            return Failure(
                part: step.id.rawValue, outcome: outcome,
                reason: Self.reason(nil, target.reasons[step.id]),
                advice: outcome == .unreachable ? nil : step.ifFails, targets: [name])
        }
    }

    /// What a rollback could not undo: refused, failed or unknown, and what it doesn't claim to.
    struct NotUndone: Sendable, Hashable {
        let target: TargetName
        let step: StepID
        let outcome: Outcome
        let reason: String
        /// What was changed since; nil where the target said something else.
        let refusal: UndoRefusal?
    }

    /// What a rollback could not undo, in the order in which it is undone; empty for another run.
    var notUndone: [NotUndone] {
        guard run.isRollback else { return [] }
        return run.record.descent?.starts.map(\.target).flatMap { name in
            run.sequence(of: name).compactMap { step -> NotUndone? in
                guard let target = run.targets[name], let outcome = target.outcomes[step.id],
                    outcome == .skipped || !outcome.isGood
                else { return nil }
                return NotUndone(
                    target: name, step: step.id, outcome: outcome,
                    reason: Self.reason(nil, target.reasons[step.id]),
                    refusal: target.refusals[step.id])
            }
        } ?? []
    }

    /// A target that an abort left between two states.
    struct HalfDone: Sendable, Hashable {
        let target: TargetName
        /// The steps that changed it, without the one that it did not get past.
        let changed: [StepID]
        /// The step that it did not get past; nil when it got past all of them.
        let at: StepID?
        /// How that ended; nil when it didn't.
        let outcome: Outcome?
        /// Whether that may have changed something, too.
        let isBegun: Bool
    }

    /// Targets that an abort left between two states, with the steps that changed them.
    var halfDone: [HalfDone] {
        guard run.isAbortRequested, !run.isRollback else { return [] }
        return run.plan.targets.map(\.name).compactMap { name in
            guard let target = run.targets[name], target.outcome?.isGood == false else {
                return nil
            }
            let steps = run.sequence(of: name)
            let changed = steps.map(\.id).filter { target.mayHaveChanged.contains($0) }
            guard !changed.isEmpty else { return nil }
            let stopped = steps.first { target.outcomes[$0.id].map { !$0.isGood } ?? true }
            return HalfDone(
                target: name, changed: changed.filter { $0 != stopped?.id }, at: stopped?.id,
                outcome: stopped.flatMap { target.outcomes[$0.id] },
                isBegun: stopped.map { changed.contains($0.id) } ?? false)
        }
    }

    private func grouped(_ failures: [Failure]) -> [Failure] {
        var found: [Failure] = []
        for failure in failures {
            let index = found.firstIndex {
                $0.part == failure.part && $0.outcome == failure.outcome
                    && neutral($0.reason, of: $0.targets[0])
                        == neutral(failure.reason, of: failure.targets[0])
            }
            if let index {
                found[index].targets += failure.targets
            } else {
                found.append(failure)
            }
        }
        // `sort` keeps no order among equals.
        return found.enumerated().sorted {
            ($1.element.targets.count, $0.offset) < ($0.element.targets.count, $1.offset)
        }.map(\.element)
    }

    /// Why a target ended as it did; nil when it ended well, or hasn't ended.
    func failure(of name: TargetName) -> Failure? {
        guard let target = run.targets[name], let outcome = target.outcome, !outcome.isGood else {
            return nil
        }
        if run.plan.isAudit, outcome == .failed {
            let unseen = run.sequence(of: name).map(\.id).filter {
                target.audited[$0]?.verdict == .failed
            }
            return Failure(
                part: "items", outcome: outcome,
                reason: "not seen: " + unseen.map(\.rawValue).joined(separator: ", "),
                advice: nil, targets: [name])
        }
        let step = run.sequence(of: name).last {
            let isEnd = $0.onFailed != .continue || $0.audit != nil && !$0.passesOver(outcome)
            return target.outcomes[$0.id] == outcome && isEnd
        }
        return Failure(
            part: step?.id.rawValue
                ?? (run.leftOut[name] == nil
                    ? "verify \(max(1, target.verifyCursor))" : "forecast"),
            outcome: outcome,
            reason: Self.reason(target.endingReason, step.flatMap { target.reasons[$0.id] }),
            advice: outcome == .unreachable ? nil : step?.ifFails, targets: [name])
    }

    /// A reason without the target's own name and address, which would keep equal ones apart.
    private func neutral(_ reason: String, of name: TargetName) -> String {
        let address = run.plan.targets.first { $0.name == name }?.address ?? ""
        return [address, name.rawValue].filter { !$0.isEmpty }.reduce(reason) {
            $0.split(separator: $1, omittingEmptySubsequences: false).joined(separator: "@")
        }
    }

    private static func reason(_ ending: String?, _ step: String?) -> String {
        printable((ending ?? step ?? "").utf8, keepNewlines: false)
    }

    /// The `stop` steps that ended targets, with what they say.
    var stops: [(stop: StopAction, step: StepID, targets: [TargetName])] {
        run.plan.steps.compactMap { step in
            guard case .stop(let stop) = step.action else { return nil }
            let targets = run.plan.targets.map(\.name).filter {
                run.targets[$0]?.stop != nil && run.targets[$0]?.outcomes[step.id] == .ok
            }
            return targets.isEmpty ? nil : (stop, step.id, targets)
        }
    }

    /// What a target is at; nil when it is at nothing.
    func underWay(on name: TargetName) -> String? {
        guard let progress = run.targets[name], progress.isRunning else { return nil }
        if let part = progress.inFlight?.part { return part.word }
        if progress.ending != nil { return "giving back what is owed" }
        let steps = run.sequence(of: name)
        return progress.cursor < steps.count ? steps[progress.cursor].id.rawValue : "the end"
    }

    /// Questions for whose answer a target waits, in the plan's order.
    var openQuestions: [Question] {
        guard !run.state.isTerminal else { return [] }
        let open = run.questions.keys.filter(run.isOpen)
        let steps = (run.plan.beforeWave ?? []) + run.plan.steps + (run.plan.afterWave ?? [])
        return steps.flatMap { step in
            open.filter { $0.step == step.id }.sorted {
                ($0.target?.rawValue ?? "") < ($1.target?.rawValue ?? "")
            }
        }
    }

    /// Whom to tell when it did not help; nil when the runbook names nobody.
    var escalation: String? {
        guard run.resolution == .unresolved else { return nil }
        if let stop = stops.first(where: { $0.stop.resolution == .unresolved }),
            let to = stop.stop.escalate
        {
            return to
        }
        return run.plan.onFailure?.escalate
    }

    /// The command that hands the run over; nil where it helped, hasn't ended, or undid all.
    var escalateCommand: String? {
        guard run.state.isTerminal, run.resolution != .resolved, run.state != .rolledBack else {
            return nil
        }
        let stop = stops.compactMap(\.stop.escalate).first
        let to = stop ?? run.plan.onFailure?.escalate
        return "handrail escalate \(run.record.id)\(to == nil ? " --to …" : "") --note '…'"
    }
}
