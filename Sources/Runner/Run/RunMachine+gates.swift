import Runbooks

/// Asking the gates before targets start (docs/semantics.md, "Gates").
///
/// INVARIANT: a target of a run that they bind starts only on an answer that says open, and that is
/// of an instant at most `GateAnswer.lifetime` ago.
extension RunMachine {
    /// Whether they bind this run's starts: undoing is never stopped by them.
    var asksGates: Bool { record.gating != nil && !isRollback && !isRestored }

    /// Whether a target may start by what they said at most 5 s ago.
    func isOpenByGates(at now: Timestamp) -> Bool {
        guard asksGates else { return true }
        guard let answer = admission.gates, isFresh(answer, at: now) else { return false }
        return answer.isOpen
    }

    /// Whether targets may be asked for now; where nobody knows, the gates are asked.
    mutating func gatesLetStart(_ turn: inout Turn) -> Bool {
        guard asksGates else { return true }
        if let answer = admission.gates, isFresh(answer, at: turn.now) { return answer.isOpen }
        // A closed one stays so until its timer has it asked again.
        if admission.gates?.isOpen == false, admission.isGateTimerSet { return false }
        guard !admission.isGateAsked else { return false }
        admission.isGateAsked = true
        turn.decision.effects.append(.askGates(gateQuestion))
        return false
    }

    /// A clock that was set back makes an answer old, too; and one that said when it closes by
    /// itself says nothing about the time from then on.
    private func isFresh(_ answer: GateAnswer, at now: Timestamp) -> Bool {
        if answer.isOpen, let end = answer.next, end <= now { return false }
        return (0...GateAnswer.lifetime.inMilliseconds).contains(now.since(answer.asked))
    }

    /// What the gates are asked for what starts next.
    package var gateQuestion: GateQuestion {
        let remaining = order.filter { name in
            targets[name].map { $0.phase == .notStarted || isAtItsStart(name, $0) } ?? false
        }
        return GateQuestion(
            run: record.id, neededMilliseconds: neededMilliseconds, remaining: Set(remaining))
    }

    /// How long the window must stay open for what starts next: what is left of the wave, its soak
    /// and, where a stop undoes, undoing all that was changed (docs/rollout.md, "Time"); nil where
    /// nobody knows how long a target takes.
    private var neededMilliseconds: Int64? {
        let next = hasWaves && wave.phase != .running ? nextWave : wave.index
        let names = next.map { waves[$0] } ?? []
        let changed = order.count { name in
            targets[name].map { $0.outcome != nil && !$0.mayHaveChanged.isEmpty } ?? false
        }
        return plan.rollout.reservedTime(
            forWave: names.count { targets[$0]?.outcome == nil }, changedBefore: changed,
            seen: record.gating?.seenMilliseconds)
    }

    /// Takes what they said; targets that wait for it start, or the run waits.
    mutating func take(_ answer: GateAnswer, _ turn: inout Turn) {
        admission.isGateAsked = false
        admission.gates = answer
        if answer.lines != gateLines || answer.isOpen != areGatesOpen {
            emit(
                .gatesAnswered(
                    isOpen: answer.isOpen, lines: answer.lines,
                    until: answer.isOpen ? nil : answer.next), &turn)
        }
        guard !answer.isOpen else {
            if state == .waiting, admission.deferred.isEmpty {
                emit(.stateChanged(activeState, reason: "the gates are open"), &turn)
            }
            beginThoseKept(&turn)
            return
        }
        guard !admission.isGateTimerSet, !isLeaving else { return }
        admission.isGateTimerSet = true
        let left = answer.next.map { max(1000, $0.since(turn.now)) } ?? .max
        let pause = min(left, GateAnswer.interval.inMilliseconds)
        turn.decision.effects.append(.timer(.gates, after: .milliseconds(pause)))
    }

    /// Has them asked again, for what still waits to start.
    mutating func askGatesAgain(_ turn: inout Turn) {
        admission.isGateTimerSet = false
        if admission.gates?.isOpen == false { admission.gates = nil }
        // Whoever is to be started asks by itself; nobody does for what was started and is kept.
        if runningTargets.contains(where: admission.keptAtStart.contains) {
            _ = gatesLetStart(&turn)
        }
    }

    /// Ends this leader's work, or has the run wait, where targets are left that no gate lets start.
    ///
    /// - Returns: whether it is so.
    mutating func isKeptByGates(_ turn: inout Turn) -> Bool {
        guard asksGates, !isLeaving, !isPauseRequested else { return false }
        if admission.isGateAsked { return true }
        guard let answer = admission.gates, !answer.isOpen else { return false }
        guard record.gating?.waits != true else {
            if state != .waiting || stateReason != answer.reason {
                emit(.stateChanged(.waiting, reason: answer.reason), &turn)
            }
            return true
        }
        let pause = PersonCommand(verb: .pause, actor: PersonCommand.engine)
        emit(.commanded(pause, inboxID: 0), &turn)
        emit(.stateChanged(.paused, reason: answer.reason), &turn)
        turn.decision.effects.append(.finish)
        return true
    }
}

/// The first step of a target waits for the gates as its start did: what was recorded as started
/// may begin much later, after a pause, a slow disk or a target that couldn't be reached.
extension RunMachine {
    /// Whether a target was started, and nothing can have begun there; never what gives back, or is
    /// done once for those that are at work.
    func isAtItsStart(_ name: TargetName, _ target: TargetProgress) -> Bool {
        asksGates && target.isRunning && !target.mayHaveBegun && !givesBack(name)
            && name.sharedStep == nil
    }

    /// Whether the first step of a target has to wait for the gates; then it begins once they are
    /// open.
    mutating func isKeptAtStart(_ name: TargetName, _ turn: inout Turn) -> Bool {
        guard let target = targets[name], isAtItsStart(name, target) else { return false }
        guard gatesLetStart(&turn) else {
            admission.keptAtStart.insert(name)
            return true
        }
        admission.keptAtStart.remove(name)
        return false
    }

    /// Begins what waited for the gates.
    private mutating func beginThoseKept(_ turn: inout Turn) {
        for name in runningTargets where admission.keptAtStart.remove(name) != nil {
            advance(name, &turn, isRetryDue: true)
        }
    }

    /// Ends what waits for the gates without having begun, once the run has stopped by itself: a
    /// retry comes to it.
    mutating func dropThoseKept(_ turn: inout Turn) {
        guard isThresholdReached, !admission.keptAtStart.isEmpty else { return }
        for name in runningTargets where admission.keptAtStart.contains(name) {
            guard let target = targets[name], !target.hasUnderWay, isAtItsStart(name, target) else {
                continue
            }
            admission.keptAtStart.remove(name)
            emit(.targetEnded(name, .aborted), &turn)
            close(name, &turn)
        }
    }

    /// How many targets in flight wait for gates that are closed.
    var countKeptByGates: Int {
        guard admission.gates?.isOpen == false else { return 0 }
        return targets.count { name, target in
            admission.keptAtStart.contains(name) && target.isRunning && !target.isAwaited
        }
    }

    /// First steps that are about to begin on an answer that has grown old since.
    func startsOnOldVerdict(_ effects: [RunEffect], at now: Timestamp) -> [AttemptKey] {
        guard asksGates, !isOpenByGates(at: now) else { return [] }
        return effects.compactMap { effect in
            guard case .perform(let request) = effect, !request.key.part.isRelease,
                request.detachment?.isRecovery != true,
                let target = targets[request.key.target], isAtItsStart(request.key.target, target)
            else { return nil }
            return request.key
        }
    }

    /// Takes back first steps that were recorded, and not begun since the gates let nothing start
    /// any more.
    mutating func keepBack(_ keys: [AttemptKey], _ answer: GateAnswer, _ turn: inout Turn) {
        let reason =
            answer.isOpen ? "the gates answered too slowly" : "a gate has closed: \(answer.reason)"
        let names = takeBack(keys, reason, &turn)
        take(answer, &turn)
        for name in names { advance(name, &turn) }
    }
}
