import Runbooks

/// Child runs: where their targets begin, and the brackets that are opened again.
extension RunMachine {
    /// Whether this run undoes what another one has changed.
    package var isRollback: Bool { undoings != nil }

    /// The state in which targets are at work.
    var activeState: RunState { isRollback ? .rollingBack : .running }

    /// Whether everything that can be undone was.
    var isAllUndone: Bool { order.allSatisfy { targets[$0]?.outcome?.isGood == true } }

    /// Whether what is owed, and nothing else, keeps the run open: another run can give it back.
    package var canBeHandedOver: Bool {
        !owed.isEmpty && runningCount == 0 && unsettled.isEmpty
    }

    /// Lists what targets have taken over and owe that were never started, before the run ends.
    mutating func leaveWhatWasNotReached(_ turn: inout Turn) {
        // What is only paused may come to them yet.
        guard unsettled.isEmpty,
            !isThresholdReached || !pausesWhenStopped || isAbortRequested
                || isHandedOver
        else { return }
        for name in order where targets[name]?.phase == .notStarted {
            guard let owed = targets[name]?.owed, !owed.isEmpty else { continue }
            emit(.targetStarted(name), &turn)
            for id in owed {
                emit(.leftOwed(name, id, reason: "the run ended before it came to this"), &turn)
            }
            emit(.targetEnded(name, .aborted), &turn)
        }
    }

    /// Takes over what a target begins with.
    mutating func begin(at start: TargetStart) {
        guard var target = targets[start.target] else { return }
        let sequence = sequence(of: start.target)
        for passed in start.passed {
            target.outputs[passed.step] = passed.outputs
            target.answers[passed.step] = passed.answer
            // Of a rollback outcomes say how undoing a step went.
            guard !isRollback else { continue }
            target.outcomes.note(passed.step, passed.outcome, in: sequence)
            target.takenOver.insert(passed.step)
        }
        if !isRollback {
            target.cursor = sequence.firstIndex { $0.id == start.step } ?? sequence.count
        }
        target.isTouchedInVain = start.isTouchedInVain
        target.unprovedSessions = start.sessions
        target.unprovedActions = Set(start.lost ?? [])
        target.reopened = start.reopened
        target.owed = start.owed
        targets[start.target] = target
    }

    /// Whether a step lies behind one with a release, up to the step after which that is paid.
    func isWithin(_ id: StepID, bracketOf opener: StepID) -> Bool {
        let ids = plan.steps.map(\.id)
        guard let release = step(opener)?.release, let place = ids.firstIndex(of: id.step),
            let start = ids.firstIndex(of: opener), let end = ids.firstIndex(of: release.after)
        else { return false }
        return place > start && place <= end
    }

    /// The step that is to be run again before a target goes on: the outermost bracket first.
    func dueOpener(_ name: TargetName, _ target: TargetProgress) -> Step? {
        guard target.ending == nil, !target.reopened.isEmpty else { return nil }
        guard isRollback else { return target.reopened.first.flatMap(step) }
        guard target.undoCursor == 0, let next = stepUnderWay(name, target),
            !undoTasks(next, name).tasks.isEmpty
        else { return nil }
        return target.reopened.first { isWithin(next.id, bracketOf: $0) }.flatMap(step)
    }

    /// Whether a step is under way only to open its bracket again.
    func isOpening(_ id: StepID, _ name: TargetName) -> Bool {
        guard let target = targets[name] else { return false }
        return dueOpener(name, target)?.id == id
    }

    /// Runs a step again whose release was paid: its guard, action and checks, as the first time.
    ///
    /// - Returns: false when the target waits.
    mutating func reopen(
        _ step: Step, _ name: TargetName, _ target: TargetProgress, isRetryDue: Bool,
        _ turn: inout Turn
    ) -> Bool {
        if isRestored { return end(step, name, .unknown, Self.restoredReason, &turn) }
        guard target.position == .fresh else {
            return advance(step, name, target, isRetryDue: isRetryDue, &turn)
        }
        if let unless = step.unless {
            return start(
                .guarding(step.id), .assert(AssertAction(script: unless)), of: step, name, &turn)
        }
        return act(step, name, &turn)
    }

    mutating func applyReopened(
        _ name: TargetName, _ id: StepID, _ outcome: Outcome, _ reason: String?
    ) {
        guard var target = targets[name] else { return }
        target.position = .fresh
        target.begun.remove(id)
        target.isOpeningUnsettled = false
        target.lostAttempts = target.lostAttempts.filter { $0.key.step != id || $0.key.isRelease }
        target.attempts = target.attempts.filter { $0.key.step != id || $0.key.isRelease }
        target.forgetLost(id, after: outcome)
        target.heldBack = target.heldBack.filter { $0.key.step != id }
        if outcome.isGood {
            target.reopened.removeAll { $0 == id }
        } else {
            target.ending = outcome
            target.endingReason = "\(id), which must run again first: \(reason ?? outcome.rawValue)"
            if outcome == .unknown, step(id)?.effect.isOnce == true, !isRestored {
                target.unsettled = id
                target.isOpeningUnsettled = true
            }
        }
        targets[name] = target
    }
}

extension AttemptRecord {
    /// Whether the target may be another one after it: not where nothing was begun, or a typed
    /// action found nothing to do.
    var mayHaveChanged: Bool {
        ending.mayHaveStarted && !(ending == .exited(0) && changed == false)
    }
}
