import Runbooks

/// Who may change a target at the moment: one run, with what people ask about it.
package struct TargetLock: Sendable, Hashable {
    /// The target that is locked.
    package let target: TargetName
    /// The run that holds it.
    package let run: RunID
    /// Which runbook that run runs.
    package let runbook: RunbookID
    /// Who started it: the account's name.
    package let actor: String
    /// Since when it is held.
    package let since: Timestamp
    /// The step that was started last there; nil before the first, and where the lock is kept.
    package let step: StepID?
    /// Why it is held although the run has ended there; nil while it hasn't.
    package let kept: String?
    /// Whether a living process leads the run.
    package let isLed: Bool
    /// Whether the run has ended: it keeps the lock since an outcome there is unknown.
    package let isOver: Bool

    package init(
        target: TargetName, run: RunID, runbook: RunbookID, actor: String, since: Timestamp,
        step: StepID?, kept: String?, isLed: Bool, isOver: Bool = false
    ) {
        self.target = target
        self.run = run
        self.runbook = runbook
        self.actor = actor
        self.since = since
        self.step = step
        self.kept = kept
        self.isLed = isLed
        self.isOver = isOver
    }

    /// The one wording of who is in the way, since when, and where it stands.
    package var text: String {
        let place = step.map { ", at step \($0)" } ?? ""
        return "\(target) is locked by run \(run) (\(runbook)) of \(actor) since "
            + since.spokenText + place + (kept.map { ", which keeps it: \($0)" } ?? "")
    }

    /// What it is about, to be compared: changes when a person would do something else.
    var cause: String { "\(run) \(isLed ? "led" : "left") \(kept ?? "")" }

    /// What a person can do about it, as a clause.
    package var next: String {
        if kept != nil {
            return isOver
                ? "look there, then: handrail settle \(run) --on \(target) --as well --why '…'"
                : "'handrail status \(run)' says what to settle"
        }
        return isLed
            ? "it is free once that run has ended there; 'handrail watch \(run)' follows it"
            : "nobody leads that run now: 'handrail resume \(run)' goes on, "
                + "'handrail abort \(run)' ends it"
    }
}

/// Why a target can't be started now, though its run is ready to.
package enum Deferral: Sendable, Hashable {
    /// Another run holds its lock.
    case locked(TargetLock)
    /// It would take one more member of its group away than the house allows.
    case protected(GroupRefusal)

    /// What it waits for, with what to do next: one sentence without a period.
    package var text: String {
        switch self {
        case .locked(let lock): "\(lock.text); \(lock.next)"
        case .protected(let refusal): "\(refusal.text); \(refusal.next)"
        }
    }

    /// What it waits for, to be compared: changes when a person would do something else.
    package var cause: String {
        switch self {
        case .locked(let lock): lock.cause
        case .protected(let refusal):
            "\(refusal.group.name): "
                + refusal.unavailable.map { reason in
                    switch reason {
                    case .held(let lock): "\(lock.target) \(lock.cause)"
                    case .ended(let standing): "\(standing.target) \(standing.run)"
                    }
                }.joined(separator: ", ")
        }
    }
}

/// A target that waits, as it is recorded.
package struct DeferredTarget: Sendable, Hashable {
    /// What it waits for, to be compared.
    package let cause: String
    /// The same for people, as it was when that began.
    package let reason: String
}
