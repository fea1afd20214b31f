import Runbooks

/// What a leader does that may start nothing more: what must be elsewhere first can't be there.
extension RunMachine {
    /// Takes back what was not begun, and has the run paused unless who ends it is next.
    mutating func halt(
        _ keys: [AttemptKey], _ reason: String, _ pauses: Bool, _ turn: inout Turn
    ) {
        haltReason = reason
        isHaltedForGood = isHaltedForGood || !pauses
        if pauses, !isPauseRequested, !isAbortRequested {
            let pause = PersonCommand(verb: .pause, actor: PersonCommand.engine)
            emit(.commanded(pause, inboxID: 0), &turn)
        }
        recall(&turn)
        for name in takeBack(keys, reason, &turn) { advance(name, &turn) }
    }

    /// Records that attempts were not begun whose intents are recorded.
    ///
    /// - Returns: their targets.
    mutating func takeBack(
        _ keys: [AttemptKey], _ reason: String, _ turn: inout Turn
    ) -> [TargetName] {
        let known = keys.filter { targets[$0.target]?.isUnderWay($0) == true }
        for key in known {
            emit(.attemptEnded(key, .ended(.heldBack(reason))), &turn)
            if case .action(let id) = key.part, let target = targets[key.target],
                target.owed.contains(id), !target.begun.contains(id)
            {
                emit(.notOwed(key.target, id), &turn)
            }
        }
        return Set(known.map(\.target)).sorted()
    }

    /// Records the pause, once nothing is under way any more.
    mutating func concludeHalted(_ reason: String, _ turn: inout Turn) {
        // Who ends it is next, though perhaps not in this batch.
        guard isPauseRequested, !isHaltedForGood,
            !targets.values.contains(where: \.hasUnderWay)
        else { return }
        if state != .paused { emit(.stateChanged(.paused, reason: reason), &turn) }
        turn.decision.effects.append(.finish)
    }
}

extension AttemptRecord {
    /// The record of an attempt that nothing is known of but how it ended.
    static func ended(_ ending: Ending) -> AttemptRecord {
        let nothing = OutputRecord(text: "", totalBytes: 0, droppedBytes: 0, stored: nil)
        return AttemptRecord(ending: ending, stdout: nothing, stderr: nothing)
    }
}
