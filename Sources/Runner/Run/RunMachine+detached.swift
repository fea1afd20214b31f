import Runbooks

/// Attempts that outlive their session and their leader (docs/semantics.md, "Detached steps").
extension RunMachine {
    /// Whether an attempt is claimed on its target, and goes on whatever becomes of its leader.
    func isDetached(_ key: AttemptKey) -> Bool {
        guard let id = key.part.step, let step = step(id) else { return false }
        switch key.part {
        case .action: return step.runsDetached
        case .undo(_, let index):
            return undoTask(index, of: step, key.target)?.runsDetached(at: step.place) == true
        case .symptom, .guarding, .check, .verify, .release, .peer: return false
        }
    }

    /// Whether an attempt is under way that ends with its session: a leader that leaves waits for it.
    var hasAttached: Bool {
        targets.values.contains { target in
            target.underWay.contains { !isDetached($0) }
        }
    }

    /// Asks the target what became of an attempt that an earlier leader recorded.
    ///
    /// - Returns: false when nothing on the target tells: the attempt's end is unknown.
    mutating func recover(_ key: AttemptKey, _ turn: inout Turn) -> Bool {
        // What a restored run's target keeps of it may have been cleared away since: then it would
        // look as if it had never been begun.
        guard !isRestored, isDetached(key), let id = key.part.step,
            let step = sequence(of: key.target).first(where: { $0.id == id }) ?? step(id),
            let planned = planned(key.target), let target = targets[key.target]
        else { return false }
        let task: UndoStep? =
            if case .undo(_, let index) = key.part { undoTask(index, of: step, key.target) } else {
                nil
            }
        let resolved = resolver.resolved(
            task?.action ?? step.action, target: planned, outputs: outputs(seenBy: key.target),
            answers: answers(for: key.target))
        guard case .success(let action) = resolved else { return false }
        var request = request(key, action, of: step, planned, target)
        if let task { (request.run, request.mode, request.effect) = (task.run, task.mode, .once) }
        request.detachment?.isRecovery = true
        // Whoever recorded the abort could not tell the target.
        request.detachment?.isEnding = isAbortRequested
        turn.decision.effects.append(.perform(request))
        return true
    }

    /// Closes a target; what was kept there goes too, where every outcome on it is known.
    func close(_ name: TargetName, _ turn: inout Turn) {
        guard let target = targets[name] else { return }
        let isKnown = !target.outcomes.values.contains(.unknown) && target.outcome != .unknown
        turn.decision.effects.append(
            target.spool != nil && isKnown ? .clean(name) : .close(name))
    }
}

extension TargetProgress {
    /// Takes the spool on which the run was opened in a session.
    ///
    /// That an attempt has no claim proves that it was not started only on the spool, and in the
    /// boot, that it was asked for on: one that is met later mustn't be taken for it.
    mutating func note(_ met: KnownSpool) {
        if spool == nil || !hasUnderWay { spool = met } else { laterSpool = met }
    }
}
