import Runbooks

/// Sending steps ahead: those that need no decision before they start go out with the one before.
///
/// Their intents are recorded with its own. The target starts each once the one before has ended
/// well, and none of them after that (docs/semantics.md, "Steps sent ahead").
extension RunMachine {
    /// The most steps that are sent with one: so many more may be unknown after a crash.
    static let mostAhead = 15

    /// Records the intents of the steps that may follow a step by themselves, and sends them with it.
    ///
    /// The step's own attempt is the turn's last effect.
    mutating func sendAhead(after step: Step, _ name: TargetName, _ turn: inout Turn) {
        guard permissions == nil, !isPauseRequested, !isAbortRequested, haltReason == nil,
            !isRestored,
            let planned = planned(name), let target = targets[name], target.owed.isEmpty,
            case .perform(var first)? = turn.decision.effects.last
        else { return }
        let steps = sequence(of: name)
        var last = step
        var cursor = target.cursor + 1
        while cursor < steps.count, first.followers.count < Self.mostAhead, last.canBeFollowed,
            steps[cursor].canFollow, failedItem(before: steps[cursor], name, target) == nil,
            case .success(let action) = resolver.resolved(
                steps[cursor].action, target: planned, outputs: outputs(seenBy: name),
                answers: answers(for: name))
        {
            last = steps[cursor]
            var request = request(.action(last.id), action, of: last, planned, target)
            // The first of them proves it, or none begins.
            request.previousSessions = []
            emit(.attemptStarted(request.key), &turn)
            first.followers.append(request)
            cursor += 1
        }
        guard !first.followers.isEmpty else { return }
        turn.decision.effects.removeLast()
        turn.decision.effects.append(.perform(first))
    }

    /// Asks for what was sent ahead not to be started any more.
    func recall(_ turn: inout Turn) {
        for name in runningTargets where targets[name]?.ahead.isEmpty == false {
            turn.decision.effects.append(.recall(name))
        }
    }
}

extension Step {
    /// Whether its exit status alone says if the next one may start: nothing is looked at, given
    /// back, taken or decided in between.
    fileprivate var canBeFollowed: Bool {
        guard case .run = action else { return false }
        return place == .target && !runsDetached && unless == nil && verify.isEmpty
            && outputs.isEmpty && release == nil && !isSafeStop
    }

    /// Whether it may start without a decision, once the one before it has ended well.
    fileprivate var canFollow: Bool {
        guard case .run = action else { return false }
        return place == .target && !runsDetached && unless == nil && verify.isEmpty
            && outputs.isEmpty && release == nil && when == nil && forEach == nil
    }
}

extension TargetProgress {
    /// The attempt in flight, and those that were sent ahead.
    var underWay: [AttemptKey] { (inFlight.map { [$0] } ?? []) + ahead }

    /// Whether any attempt's end isn't known.
    var hasUnderWay: Bool { inFlight != nil || !ahead.isEmpty }

    /// Whether an attempt is in flight or was sent ahead.
    func isUnderWay(_ key: AttemptKey) -> Bool { inFlight == key || ahead.contains(key) }
}
