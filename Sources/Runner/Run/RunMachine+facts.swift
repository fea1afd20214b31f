import Runbooks

/// Asking a target for its facts, before its first step (docs/semantics.md, "Facts").
extension RunMachine {
    /// Moves a fact on: it is one of its choices, or unknown once it was tried as often as it may.
    mutating func judgeFact(
        _ fact: OutputDeclaration, of step: Step, _ name: TargetName, _ attempt: AttemptRecord,
        _ target: TargetProgress, _ isRetryDue: Bool, _ turn: inout Turn
    ) -> Bool {
        switch FactAnswer(fact, attempt) {
        case .choice(let choice)?:
            let values = [fact.name.rawValue: choice]
            emit(.outputsTaken(name, step.id, values), &turn)
            return end(fact, step, name, why: nil, &turn)
        case .unknown(let why)?: return end(fact, step, name, why: why, &turn)
        case nil: break
        }
        let (outcome, reason) = Verdicts.action(step, attempt)
        let mayTryAgain =
            !isAbortRequested
            && Verdicts.mayTryAgain(
                after: outcome, made: target.made(.action(step.id)),
                lost: target.lostAttempts[.action(step.id), default: 0], limit: step.retry)
        if mayTryAgain || outcome == .unreachable || outcome == .aborted {
            return retryOrEnd(
                step, .action(step.id), name, (outcome, reason), isRetryDue, &turn,
                limit: step.retry
            ) { machine, turn in machine.act(step, name, &turn) }
        }
        let wanted = Fact.listed(step.factChoices)
        return end(
            fact, step, name, why: "\(reason ?? outcome.rawValue); it is one of \(wanted)", &turn)
    }

    /// Ends a fact's step; a target ends with it where a value can't be picked without the fact.
    private mutating func end(
        _ fact: OutputDeclaration, _ step: Step, _ name: TargetName, why: String?,
        _ turn: inout Turn
    ) -> Bool {
        guard let planned = planned(name), let target = targets[name] else { return false }
        let missing = resolver.unpickable(on: planned, target.outputs) { id in
            id == step.id || target.outcomes[id] != nil
        }
        let reason = why.map { "facts.\(fact.name) is unknown: \($0)" }
        guard let missing else { return end(step, name, .ok, reason, &turn) }
        let refusal = resolver.refusal(missing) { $0 == step.id ? reason : target.reasons[$0] }
        return end(step, name, .failed, refusal, &turn)
    }
}
