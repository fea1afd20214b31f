import Runbooks

extension RunMachine {
    /// Carries a target on until it waits for something: an attempt, a timer or a person.
    ///
    /// Every turn of the loop records at least one event or returns, and each event moves the
    /// target forward, so the loop ends.
    mutating func advance(_ name: TargetName, _ turn: inout Turn, isRetryDue: Bool = false) {
        var isRetryDue = isRetryDue
        while let target = targets[name], target.isRunning, !target.isAwaited,
            !isLeaving || !target.ahead.isEmpty
        {
            // Nothing is given back beside what was sent ahead.
            if target.ahead.isEmpty, let release = dueRelease(of: target, name) {
                guard pay(release, name, target, isRetryDue: isRetryDue, &turn) else { return }
            } else if let ending = target.ending {
                leaveOut(name, ending, &turn)
                emit(.targetEnded(name, ending), &turn)
                close(name, &turn)
                noteThreshold(&turn)
                noteListEnd(name, ending, &turn)
                return
            } else if isAbortRequested, !givesBack(name) {
                abortCurrent(name, target, &turn)
            } else if haltReason != nil || state == .paused, target.ahead.isEmpty, !givesBack(name)
            {
                return
            } else if let opener = dueOpener(name, target) {
                guard reopen(opener, name, target, isRetryDue: isRetryDue, &turn) else { return }
            } else if undoes(name) {
                guard undo(name, target, isRetryDue: isRetryDue, &turn) else { return }
            } else if let step = stepUnderWay(name, target) {
                guard advance(step, name, target, isRetryDue: isRetryDue, &turn) else { return }
            } else if !name.isTarget {
                emit(.targetEnded(name, target.goodOutcome), &turn)
                close(name, &turn)
                return
            } else if target.stop == nil, target.verifyCursor < plan.verify.count {
                guard verify(name, target, isRetryDue: isRetryDue, &turn) else { return }
            } else if target.stop == nil, target.symptomAnswer == nil, plan.symptom != nil {
                guard askSymptom(name, target, isRetryDue: isRetryDue, &turn) else { return }
            } else {
                emit(.targetEnded(name, endOfSequence(target)), &turn)
                close(name, &turn)
                return
            }
            isRetryDue = false
        }
    }

    private mutating func abortCurrent(
        _ name: TargetName, _ target: TargetProgress, _ turn: inout Turn
    ) {
        if let step = stepUnderWay(name, target) {
            if let done = judged(step, target) {
                if !done.outputs.isEmpty { emit(.outputsTaken(name, step.id, done.outputs), &turn) }
                emit(.stepEnded(name, step.id, done.outcome, reason: done.reason), &turn)
                return
            }
            // Nothing more is started, so nobody can find out what became of it.
            let hasLost =
                target.hasLostAhead(of: step.id) { self.step($0)?.effect }
                || hasSuspects(after: step, name, target)
            let suspects =
                (mayHaveRun(step, target) ? ["it"] : []) + (hasLost ? ["steps after it"] : [])
            let outcome: Outcome = suspects.isEmpty ? .aborted : .unknown
            let reason =
                suspects.isEmpty
                ? "aborted by a person"
                : "aborted by a person; \(suspects.joined(separator: " and ")) may have run, or still "
                    + "be running"
            emit(.stepEnded(name, step.id, outcome, reason: reason), &turn)
        } else if target.verifyCursor < plan.verify.count, !isRollback, name.isTarget {
            emit(
                .verifyEnded(name, target.verifyCursor, .aborted, reason: "aborted by a person"),
                &turn)
        } else {
            emit(.targetEnded(name, .aborted), &turn)
            close(name, &turn)
        }
    }

    /// How a step ended whose action was seen to end before the abort was taken.
    ///
    /// What was done is not called aborted. Nil where that isn't known, or nothing had been done.
    private func judged(
        _ step: Step, _ target: TargetProgress
    ) -> (outcome: Outcome, reason: String?, outputs: [String: String])? {
        guard case .acted(let attempt) = target.position,
            !target.isUnproved(step.id)
        else { return nil }
        let (outcome, why) = Verdicts.action(step, attempt)
        switch outcome {
        case .unknown, .aborted, .skipped: return nil
        case .failed, .timedOut, .unreachable:
            return (.aborted, "aborted by a person; before, it had failed: \(why ?? "")", [:])
        case .satisfied, .changed, .ok:
            guard step.verify.isEmpty else {
                return (.aborted, "aborted by a person; it was done, and not checked", [:])
            }
            guard !step.outputs.isEmpty else { return (outcome, nil, [:]) }
            switch Verdicts.outputs(step, attempt) {
            case .success(let values): return (outcome, nil, values)
            case .failure(let problem): return (.failed, problem.message, [:])
            }
        }
    }

    /// Whether an attempt of a step's action was started, and nobody saw how it ended.
    private func mayHaveRun(_ step: Step, _ target: TargetProgress) -> Bool {
        guard step.effect != .read else { return false }
        if target.isUnproved(step.id) { return true }
        switch target.position {
        case .fresh: return isRestored
        case .guarded:
            return startsOnce(step) && target.touched.contains(step.id)
        case .acted(let attempt): return Verdicts.outcome(of: attempt.ending).0 == .unknown
        case .checking(_, let action), .checked(_, _, let action): return action == .unknown
        }
    }

    /// Moves one step on.
    ///
    /// - Returns: false when the target waits.
    mutating func advance(
        _ step: Step, _ name: TargetName, _ target: TargetProgress, isRetryDue: Bool,
        _ turn: inout Turn
    ) -> Bool {
        switch target.position {
        case .fresh:
            return begin(step, name, target, &turn)
        case .guarded(let ending, let hadErrors):
            return judgeGuard(step, name, ending, hadErrors, target, isRetryDue, &turn)
        case .acted(let attempt):
            return judgeAction(step, name, attempt, target, isRetryDue, &turn)
        case .checking(let index, _):
            return start(.check(step.id, index), .assert(step.verify[index]), of: step, name, &turn)
        case .checked(let index, let attempt, let action):
            return judgeCheck(step, name, index, attempt, action, target, isRetryDue, &turn)
        }
    }

    private mutating func begin(
        _ step: Step, _ name: TargetName, _ target: TargetProgress, _ turn: inout Turn
    ) -> Bool {
        guard !isHeld(name, target), let planned = planned(name) else { return false }
        if let condition = step.when {
            let scope = resolver.scope(
                target: planned, outputs: outputs(seenBy: name), answers: answers(for: name),
                outcomes: outcomes(seenBy: name))
            guard condition.holds(in: scope) || isOpenToDoubt(condition, step) else {
                return end(step, name, .skipped, "\(condition) does not hold", &turn)
            }
        }
        if step.forEach != nil { return endWithoutItems(step, name, planned, &turn) }
        if let failed = failedItem(before: step, name, target) {
            // Sent ahead with it, and lost: nobody knows whether it was begun.
            let isLost = target.begun.contains(step.id) && step.effect != .read
            return end(
                step, name, isLost ? .unknown : .skipped,
                isLost ? "it may have run before \(failed) failed" : "\(failed) failed", &turn)
        }
        if let shared = shared(step, by: name) {
            if targets[shared.name] == nil, isKeptAtStart(name, &turn) { return false }
            return share(shared, step, name, &turn)
        }
        switch step.action {
        case .stop(let stop):
            emit(.stopped(name, step.id, stop.resolution), &turn)
            return end(step, name, .ok, stop.say, &turn)
        case .ask(let request), .manual(let request):
            return ask(step, request, name, &turn)
        case .run, .file, .service, .package, .reboot, .wait, .assert, .collect, .http:
            // What gives back isn't asked about: the person may have said "abort".
            guard givesBack(name) || isAllowed(step, name, &turn) else { return false }
            if let unless = step.unless {
                return start(
                    .guarding(step.id), .assert(AssertAction(script: unless)), of: step, name, &turn
                )
            }
            return act(step, name, &turn)
        }
    }

    /// Ends a step that has nothing to go through on a target.
    private mutating func endWithoutItems(
        _ step: Step, _ name: TargetName, _ planned: PlannedTarget, _ turn: inout Turn
    ) -> Bool {
        if let label = step.itemLabel, planned.labels[label] == nil {
            return end(step, name, .failed, "\(name) has no label '\(label)'", &turn)
        }
        return end(step, name, .skipped, "its list is empty", &turn)
    }

    /// The item of the same step that did not end well: with it, the step has failed.
    func failedItem(
        before step: Step, _ name: TargetName, _ target: TargetProgress
    ) -> StepID? {
        guard step.id.isItem, step.audit == nil, target.outcomes[step.id.step]?.isGood == false
        else { return nil }
        return sequence(of: name).map(\.id).first {
            $0.step == step.id.step && target.outcomes[$0]?.isGood == false
        }
    }

    /// The step at a target's cursor; nil once all of them have ended.
    func stepUnderWay(_ name: TargetName, _ target: TargetProgress) -> Step? {
        let steps = sequence(of: name)
        return target.cursor < steps.count ? steps[target.cursor] : nil
    }

    /// Starts a step's action, and owes its release from now on.
    mutating func act(_ step: Step, _ name: TargetName, _ turn: inout Turn) -> Bool {
        if isSuspect(step) { return settle(step, name, Self.restoredReason, &turn) }
        guard !isKeptAtStart(name, &turn) else { return false }
        let isOwed = targets[name]?.owed.contains(step.id) == true
        if step.release != nil, !isOwed { emit(.owed(name, step.id), &turn) }
        let isEnded = start(.action(step.id), step.action, of: step, name, &turn)
        if !isEnded { sendAhead(after: step, name, &turn) }
        return isEnded
    }

    /// Records a step's outcome; true, so that the target is carried on.
    mutating func end(
        _ step: Step, _ name: TargetName, _ outcome: Outcome, _ reason: String?,
        _ turn: inout Turn
    ) -> Bool {
        var (outcome, reason) = (outcome, reason)
        // INVARIANT: what a lost attempt may yet do is no known end, however later ones ended.
        if !outcome.isGood, outcome != .unknown,
            targets[name]?.isUnproved(step.id) == true
        {
            reason =
                "an earlier attempt was lost, and may be running or begin yet; after it: "
                + (reason ?? outcome.rawValue)
            outcome = .unknown
        }
        if let audit = step.audit {
            outcome = noteUnseen(step, audit, name, outcome, reason, &turn)
        }
        if isOpening(step.id, name) {
            emit(.reopened(name, step.id, outcome, reason: reason), &turn)
        } else {
            emit(.stepEnded(name, step.id, outcome, reason: reason), &turn)
        }
        return true
    }
}
