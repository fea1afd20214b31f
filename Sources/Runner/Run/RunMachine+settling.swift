import Runbooks

/// Settling what nobody knows: a person looked, and says how a step ended.
///
/// A run with such a step is not closed (docs/semantics.md, "Settling").
extension RunMachine {
    /// The steps with which targets ended and whose outcome nobody knows, in the plan's order; once
    /// the run is aborted only where something is owed.
    package var unsettled: [(target: TargetName, step: StepID, reason: String)] {
        (plan.targets.map(\.name) + lists).compactMap { name in
            guard let step = unsettledStep(on: name) else { return nil }
            return (name, step, targets[name]?.endingReason ?? "")
        }
    }

    /// The step that a person has to settle before a target can go on; nil when there is none.
    func unsettledStep(on name: TargetName) -> StepID? {
        guard let target = targets[name], let step = target.unsettled else { return nil }
        let isOwing = !target.owed.isEmpty || !target.leftOwed.isEmpty
        return isAbortRequested && !isOwing ? nil : step
    }

    /// Why a run with nothing under way can't be closed before a person has done something; nil
    /// when it can.
    var needOfPerson: String? {
        let unknown = unsettled.map { "the outcome of \($0.step) on \($0.target) is unknown" }
        let owing = Set(owed.map(\.target.rawValue)).sorted().joined(separator: ", ")
        let reasons = unknown.prefix(3) + (owing.isEmpty ? [] : ["something is owed on \(owing)"])
        let more = unknown.count > 3 ? ", and \(unknown.count - 3) more are unknown" : ""
        return reasons.isEmpty ? nil : reasons.joined(separator: "; ") + more
    }

    func objection(toSettling step: StepID, on name: TargetName) -> String? {
        guard let target = targets[name] else { return "'\(name)' is no target of this run" }
        let waiting = unsettledStep(on: name)
        guard waiting != step else { return nil }
        if target.unsettled == step { return "the run is being aborted" }
        if let waiting {
            return "what is unknown on '\(name)' is how \(waiting) ended"
        }
        let others = unsettled.map { "\($0.step) on \($0.target)" }.joined(separator: ", ")
        return "nothing on '\(name)' waits to be settled"
            + (others.isEmpty ? "" : "; what does: \(others)")
    }

    /// Ends the step as the person says; the sequence goes on after it, or ends with it.
    mutating func settle(
        _ step: StepID, on name: TargetName, _ isDone: Bool, _ why: String, _ actor: String,
        _ turn: inout Turn
    ) {
        let reason = "settled as \(isDone ? "" : "not ")done by \(actor): \(why)"
        let outcome: Outcome = isDone ? .changed : .failed
        if targets[name]?.isOpeningUnsettled == true {
            emit(.reopened(name, step, outcome, reason: reason), &turn)
        } else {
            emit(.stepEnded(name, step, outcome, reason: reason), &turn)
        }
        let isAnyLate = questions.contains { isOpen($0) && $1.until <= turn.now }
        if state == .needsPerson, !isAnyLate {
            emit(.stateChanged(activeState, reason: "\(step) on \(name) was settled"), &turn)
        }
        advance(name, &turn)
    }

    /// Takes a target back to the step with which it ended, as if that were under way.
    ///
    /// What it was left owing only because of that is owed once more, by its release's own rule;
    /// and the target counts by what it comes to now, also against `stop_at`.
    mutating func reopen(_ name: TargetName, at step: StepID) {
        guard var target = targets[name], target.unsettled == step else { return }
        let place = sequence(of: name).firstIndex { $0.id == step }
        if let outcome = target.outcome {
            count(outcome, of: name, -1)
            runningCount += 1
            if let list = name.waveList {
                wave.bracket = list.kind == .before ? .opening : .closing
            }
            if hasWaves, waveOf[name] == wave.index, wave.phase != .due {
                // It is under way once more: what comes after it is done when it has ended.
                (wave.phase, wave.stop) = (.running, nil)
            }
            isThresholdReached = wave.stop != nil || limitReached != nil
        }
        let held = plan.steps.map(\.id).filter { id in
            target.leftOwed[id] != nil && !isBracketClosed(id, name, target)
        }
        for id in held { target.leftOwed[id] = nil }
        target.owed += held
        if !target.isOpeningUnsettled, let place {
            target.outcomes[step] = nil
            target.outcomes[step.step] = nil
            target.cursor = place
        }
        (target.phase, target.ending, target.endingReason) = (.running, nil, nil)
        (target.position, target.unsettled) = (.fresh, nil)
        targets[name] = target
    }
}
