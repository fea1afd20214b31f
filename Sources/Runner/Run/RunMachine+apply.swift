import Runbooks

extension RunMachine {
    /// Changes the machine by one event: the only place where anything changes.
    package mutating func apply(_ event: RunEvent, at time: Timestamp) {
        switch event {
        case .stateChanged(let next, let reason):
            state = next
            stateReason = reason
        case .targetStarted(let target): applyStart(of: target)
        case .deferred(let target, let cause, let reason):
            deferrals[target] = DeferredTarget(cause: cause, reason: reason)
        case .lockKept(let target, let reason): keptLocks[target] = reason
        case .unlocked(let target): keptLocks[target] = nil
        case .vouched: break
        case .gatesAnswered(let isOpen, let lines, let until):
            (areGatesOpen, gateLines, gatesUntil) = (isOpen, lines, until)
        case .sessionOpened(let target, let identity):
            let identity = SessionIdentity(identity)
            targets[target]?.session = identity.proof
            if let spool = identity.spool { targets[target]?.note(spool) }
        case .attemptStarted(let key): applyStart(key)
        case .attemptEnded(let key, let record): applyEnd(key, record, at: time)
        case .stepEnded(let target, let step, let outcome, let reason):
            applyStepEnd(target, step, outcome, reason)
        case .outputsTaken(let target, let step, let values):
            targets[target]?.outputs[step] = values
        case .verifyEnded(let target, let index, let outcome, let reason):
            targets[target]?.verifyRecord = nil
            targets[target]?.verifyCursor = index + 1
            if !outcome.isGood {
                targets[target]?.ending = outcome
                targets[target]?.endingReason = reason
            }
        case .symptomAsked(let target, let isPresent):
            targets[target]?.symptomAnswer =
                isPresent.map { $0 ? .present : .gone } ?? .unclear
        case .reopened(let target, let step, let outcome, let reason):
            applyReopened(target, step, outcome, reason)
        case .owed(let target, let step): targets[target]?.owed.append(step)
        case .paid(let target, let step), .notOwed(let target, let step):
            applyPaid(target, step)
        case .leftOwed(let target, let step, let reason):
            applyPaid(target, step)
            targets[target]?.leftOwed[step] = reason
        case .asked(let step, let target, let until):
            questions[Question(step: step, target: target)] = QuestionState(until: until)
        case .answered(let step, let target, let choice, let note, _):
            let question = Question(step: step, target: target)
            questions[question, default: QuestionState(until: time)].choice = choice
            questions[question]?.note = note
        case .stopped(let target, _, let resolution): targets[target]?.stop = resolution
        case .targetEnded(let target, let outcome): applyEnd(of: target, outcome)
        case .commanded(let command, let id): applyCommand(command, inboxID: id)
        case .refused(let id, _): inboxSeen = max(inboxSeen, id)
        case .audited(let target, let step, let result):
            targets[target]?.audited[step] = result
        case .thresholdReached: isThresholdReached = true
        case .wave(let event): apply(event)
        case .restored: applyRestored()
        case .closed(let final, let helped):
            (state, resolution, stateReason) = (final, helped, "")
            keptLocks = [:]
            deferrals = [:]
        }
    }

    private mutating func applyStart(of target: TargetName) {
        if !target.isTarget { return applyStart(ofShared: target) }
        applyEntry(of: target)
        targets[target]?.phase = .running
        deferrals[target] = nil
        runningCount += 1
        startedCount += 1
    }

    private mutating func applyEnd(of target: TargetName, _ outcome: Outcome) {
        targets[target]?.phase = .ended(outcome)
        targets[target]?.ending = outcome
        if let left = leftOut[target] { targets[target]?.endingReason = left.reason }
        targets[target]?.isPayAsked = false
        keptLocks[target] = nil
        runningCount -= 1
        count(outcome, of: target, 1)
        if let list = target.waveList { applyEnd(of: list, outcome) }
    }

    private mutating func apply(_ event: WaveEvent) {
        wave.apply(event, hasMoreAfter: hasMoreAfterWaves)
        switch event {
        case .stopped: isThresholdReached = true
        case .leftOut(let target): targets[target]?.isLeftOut = true
        case .started, .ended, .soaking, .healthTold, .passed, .promoted: break
        }
    }

    private mutating func applyStart(_ key: AttemptKey) {
        if targets[key.target]?.inFlight == nil {
            targets[key.target]?.inFlight = key
        } else {
            targets[key.target]?.ahead.append(key)
        }
        targets[key.target]?.attempts[key.part] = key.number
        if case .release(let id) = key.part { targets[key.target]?.releasing = id }
        if case .check(let id, let index) = key.part, let step = step(id) {
            let action = targets[key.target]?.position.actionOutcome(of: step) ?? .unknown
            targets[key.target]?.position = .checking(index, action: action)
        }
        guard case .action(let id) = key.part, let step = step(id), step.effect != .read,
            targets[key.target]?.touched.contains(id) == false
        else { return }
        targets[key.target]?.touched.append(id)
    }

    private mutating func applyEnd(_ key: AttemptKey, _ record: AttemptRecord, at time: Timestamp) {
        guard var target = targets[key.target] else { return }
        if case .action(let id) = key.part, let step = step(id), step.effect != .read,
            record.mayHaveChanged
        {
            target.mayHaveChanged.insert(id)
        }
        if record.ending.mayHaveStarted { target.mayHaveBegun = true }
        let isAhead = target.inFlight != key
        if isAhead { target.ahead.removeAll { $0 == key } } else { target.inFlight = nil }
        if let later = target.laterSpool { (target.spool, target.laterSpool) = (later, nil) }
        if case .heldBack = record.ending {
            target.takeBack(key.part)
            targets[key.target] = target
            return
        }
        if case .unknown = record.ending {
            target.lostAttempts[key.part, default: 0] += 1
            if mayChange(key) { target.unprovedActions.insert(key.part) }
            // What is detached lives in no session: its claim says whether it does.
            if !isDetached(key), let session = target.session,
                !target.unprovedSessions.contains(session)
            {
                target.unprovedSessions.append(session)
            }
        } else if record.ending.provesEarlierSessionsGone {
            if place(of: key.part) == .target { target.unprovedSessions = [] }
            proveGone(by: key, &target)
        }
        if isAhead {
            // What came before it did not end well: it is judged when its turn comes again.
            if case .action(let id) = key.part, record.ending.mayHaveStarted {
                target.begun.insert(id)
            }
            targets[key.target] = target
            return
        }
        switch key.part {
        case .guarding:
            target.position = .guarded(record.ending, hadErrors: record.stderr.totalBytes > 0)
        case .action(let id):
            target.position = .acted(record)
            if record.ending.mayHaveStarted { target.begun.insert(id) }
        case .check(_, let index):
            if case .checking(_, let outcome) = target.position {
                target.position = .checked(index, record, action: outcome)
            }
        case .verify: target.verifyRecord = record
        case .symptom:
            target.symptomRecord = record
            if record.ending == .exited(1), target.symptomGoneSince == nil {
                target.symptomGoneSince = time
            }
        case .undo(let id, let index): noteUndo(id, index, key.target, record, &target)
        case .peer: break
        case .release:
            target.releaseRecord = record
            target.releaseTries += 1
            if case .unknown = record.ending { target.lostReleaseTries += 1 }
        }
        targets[key.target] = target
    }

    /// Whether a lost attempt may do harm when it begins late.
    ///
    /// A release is owed until it is seen to end well, and is kept by that. What puts back what it
    /// finds looks first, and refuses what was changed since.
    private func mayChange(_ key: AttemptKey) -> Bool {
        switch key.part {
        case .action(let id): step(id)?.effect != .read
        case .undo(let id, let index):
            step(id).flatMap { undoTask(index, of: $0, key.target) }?.looksFirst != true
        case .guarding, .check, .verify, .symptom, .peer, .release: false
        }
    }

    /// Takes in that an attempt ran, which none does before earlier sessions are gone.
    ///
    /// What is detached, or runs on the controller, outlives the session: only a later attempt of the
    /// same part proves it gone.
    private func proveGone(by key: AttemptKey, _ target: inout TargetProgress) {
        let isOnTarget = place(of: key.part) == .target
        target.unprovedActions = target.unprovedActions.filter { part in
            let lost = AttemptKey(target: key.target, part: part, number: 1)
            return part != key.part
                && (!isOnTarget || place(of: part) == .controller || isDetached(lost))
        }
    }

    private mutating func applyStepEnd(
        _ name: TargetName, _ id: StepID, _ outcome: Outcome, _ reason: String?
    ) {
        guard var target = targets[name] else { return }
        let sequence = sequence(of: name)
        target.outcomes.note(id, outcome, in: sequence)
        target.reasons[id] = reason
        let wasBegun = target.begun.remove(id) != nil
        target.position = .fresh
        (target.undoCursor, target.isUndone) = (0, false)
        target.cursor = target.stop == nil ? target.cursor + 1 : sequence.count
        target.lostAttempts = target.lostAttempts.filter { $0.key.step != id || $0.key.isRelease }
        target.attempts = target.attempts.filter { $0.key.step != id || $0.key.isRelease }
        target.forgetLost(id, after: outcome)
        target.heldBack = target.heldBack.filter { $0.key.step != id }
        if !outcome.isGood, let step = step(id) {
            if step.passesOver(outcome), !undoes(name) {
                if wasBegun, step.effect != .read { target.isTouchedInVain = true }
            } else {
                target.ending = outcome
                target.endingReason = reason
                if outcome == .unknown, step.effect.isOnce || undoes(name), !isRestored {
                    target.unsettled = id
                }
            }
        }
        // What was sent ahead of this decision is under way now.
        if outcome.isGood, target.inFlight == nil, let next = target.ahead.first,
            target.cursor < sequence.count, next.part == .action(sequence[target.cursor].id)
        {
            target.inFlight = target.ahead.removeFirst()
        }
        targets[name] = target
    }

    private mutating func applyPaid(_ name: TargetName, _ step: StepID) {
        targets[name]?.owed.removeAll { $0 == step }
        targets[name]?.leftOwed[step] = nil
        guard targets[name]?.releasing == step else { return }
        targets[name]?.releasing = nil
        targets[name]?.releaseRecord = nil
        targets[name]?.releaseTries = 0
        targets[name]?.lostReleaseTries = 0
    }

    private mutating func applyCommand(_ command: PersonCommand, inboxID: Int) {
        inboxSeen = max(inboxSeen, inboxID)
        switch command.verb {
        case .abort: isAbortRequested = true
        case .pause: isPauseRequested = true
        case .resume:
            isPauseRequested = false
            goOnAfterStop()
        case .note(let text): notes.append(text)
        case .pay(let target):
            // The release is tried again: what waited for a person is owed once more.
            guard let left = targets[target]?.leftOwed, !left.isEmpty else { return }
            if let outcome = targets[target]?.outcome {
                count(outcome, of: target, -1)
                runningCount += 1
            }
            let still = targets[target]?.owed ?? []
            let again = plan.steps.map(\.id).filter { left[$0] != nil && !still.contains($0) }
            targets[target]?.owed = again + still
            targets[target]?.leftOwed = [:]
            targets[target]?.isPayAsked = true
            targets[target]?.phase = .running
        case .settle(let target, let step, let isDone, _):
            if !isDone { targets[target]?.mayHaveChanged.remove(step) }
            reopen(target, at: step)
        case .handOver:
            isHandedOver = true
            for name in targets.keys { targets[name]?.leftOwed = [:] }
        case .answer, .confirm, .paidByHand, .promote: break
        }
    }

    /// Where an attempt of a part runs.
    private func place(of part: Part) -> Step.Place {
        part.step.flatMap(step)?.place ?? .target
    }

    /// What the plan says about a step, or about the step that an item belongs to.
    func step(_ id: StepID) -> Step? { plan.step(id) }
}

extension Step {
    /// Whether the sequence goes on after it has ended badly in this way.
    package func passesOver(_ outcome: Outcome) -> Bool {
        guard onFailed == .continue, !outcome.isGood, outcome != .aborted else { return false }
        // The other items of an audit can't be looked at either where nobody answers.
        return audit == nil || outcome != .unreachable || place == .controller
    }
}

extension Part {
    /// Whether it gives back what a step took.
    var isRelease: Bool { if case .release = self { true } else { false } }
}

extension Ending {
    /// Whether the attempt was started, which no executor does before earlier sessions are gone.
    fileprivate var provesEarlierSessionsGone: Bool {
        switch self {
        case .exited, .timedOut: true
        case .cancelled, .unreachable, .notStarted, .unknown, .heldBack: false
        }
    }
}

extension TargetProgress.Position {
    /// The outcome that a step's action had when its checks begin; unknown when nobody saw it end.
    fileprivate func actionOutcome(of step: Step) -> Outcome {
        switch self {
        case .acted(let record): Verdicts.action(step, record).0
        case .checking(_, let action), .checked(_, _, let action): action
        case .fresh, .guarded: .unknown
        }
    }
}

extension Ending {
    /// Whether anything may have been started on the target.
    var mayHaveStarted: Bool {
        switch self {
        case .exited, .timedOut, .cancelled, .unknown: true
        case .unreachable, .notStarted, .heldBack: false
        }
    }
}
