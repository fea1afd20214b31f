import Runbooks

/// A run of a home that came back from a backup, or from its trail (docs/semantics.md, "After a
/// restore").
///
/// It may have gone on after what is recorded: each step that changes anything, and that isn't
/// recorded as ended, may have been started, on targets too that are not recorded as started. None
/// of them is started any more; a guard or a `verify` that says "done" settles one, else it is
/// unknown. What looks only is done as ever.
extension RunMachine {
    /// What is said of a step that may have been started since.
    static let restoredReason = "the home was restored, and nobody knows what was started since"

    /// Marks what may have been started since.
    mutating func applyRestored() {
        isRestored = true
        for name in order where targets[name]?.outcome == nil {
            guard var target = targets[name] else { continue }
            for step in sequence(of: name)
            where step.effect != .read && target.outcomes[step.id] == nil
                && !target.touched.contains(step.id)
            {
                target.touched.append(step.id)
            }
            targets[name] = target
        }
    }

    /// Whether a step may have been started since, so that it isn't.
    func isSuspect(_ step: Step) -> Bool { isRestored && step.effect != .read }

    /// Whether a step is never started a second time by itself: its effect says so, or no copy that
    /// was started since can be proved gone.
    func startsOnce(_ step: Step) -> Bool { step.effect.isOnce || isSuspect(step) }

    /// Whether a condition that doesn't hold may have held for what was started since: it asks for
    /// what other steps brought to light, which may have been another thing then.
    func isOpenToDoubt(_ condition: Expression, _ step: Step) -> Bool {
        guard isSuspect(step) else { return false }
        return condition.names.contains { name in
            guard let first = name.parts.first else { return false }
            return allSteps.contains { $0.id.step.rawValue == first }
        }
    }

    /// Whether a step behind this one may have been started since.
    func hasSuspects(after step: Step, _ name: TargetName, _ target: TargetProgress) -> Bool {
        isRestored
            && sequence(of: name).dropFirst(target.cursor + 1).contains {
                $0.effect != .read && target.outcomes[$0.id] == nil
            }
    }

    /// Whether a further target's sequence may begin.
    ///
    /// Those of a restored run are all gone through: each may have been started, whatever was
    /// reached or asked for until then.
    var mayBeginSequences: Bool {
        if isRestored { return !isPauseRequested || isAbortRequested }
        return !isThresholdReached && !isAbortRequested && !isPauseRequested
    }

    /// Lets a restored run go on, which waits for whoever leads it.
    mutating func goOnAfterRestore(_ turn: inout Turn) {
        guard isRestored, state == .needsPerson else { return }
        emit(
            .stateChanged(activeState, reason: "after a restore: nothing that changes is started"),
            &turn)
    }
}
