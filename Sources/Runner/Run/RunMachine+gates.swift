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
        turn.decision.effects.append(
            .askGates(GateQuestion(run: record.id, neededMilliseconds: neededMilliseconds)))
        return false
    }

    /// A clock that was set back makes an answer old, too.
    private func isFresh(_ answer: GateAnswer, at now: Timestamp) -> Bool {
        (0...GateAnswer.lifetime.inMilliseconds).contains(now.since(answer.asked))
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
            emit(.gatesAnswered(isOpen: answer.isOpen, lines: answer.lines), &turn)
        }
        guard !answer.isOpen else {
            if state == .waiting, admission.deferred.isEmpty {
                emit(.stateChanged(activeState, reason: "the gates are open"), &turn)
            }
            return
        }
        guard !admission.isGateTimerSet, !isLeaving else { return }
        admission.isGateTimerSet = true
        let left = answer.next.map { max(1000, $0.since(turn.now)) } ?? .max
        let pause = min(left, GateAnswer.interval.inMilliseconds)
        turn.decision.effects.append(.timer(.gates, after: .milliseconds(pause)))
    }

    /// Has them asked again, for what still waits to start.
    mutating func askGatesAgain() {
        admission.isGateTimerSet = false
        if admission.gates?.isOpen == false { admission.gates = nil }
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
