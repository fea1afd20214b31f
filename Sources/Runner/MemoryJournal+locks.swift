import Runbooks

/// Locks as the real journal keeps them.
extension MemoryJournal {
    /// One run's hold on a target.
    struct Hold {
        let since: Timestamp
        var isStarted = false
        var kept: String?
    }

    /// Takes the locks of targets that are to start.
    package func admit(
        _ targets: [TargetName], to run: RunID, within groups: [ProtectedGroup], at: Timestamp,
        lease: Lease
    ) throws(JournalError) -> [TargetName: Deferral] {
        let entry = try led(run, by: lease)
        guard entry.summary.closed == nil else { throw .closed(run, entry.summary.state) }
        var deferred: [TargetName: Deferral] = [:]
        for target in targets {
            if let holder = holder(of: target, besides: entry.record) {
                deferred[target] = .locked(holder)
            } else if let refusal = refusal(of: target, in: groups) {
                deferred[target] = .protected(refusal)
            } else {
                holds[target, default: [:]][run, default: Hold(since: at)].kept = nil
            }
        }
        return deferred
    }

    /// Gives back the locks of targets that were admitted and not started.
    package func dismiss(
        _ targets: [TargetName], of run: RunID, lease: Lease
    ) throws(JournalError) {
        _ = try led(run, by: lease)
        for target in targets where holds[target]?[run]?.isStarted == false {
            holds[target]?[run] = nil
        }
    }

    /// Who holds the locks of targets.
    package func locks(on targets: [TargetName]?) -> [TargetLock] {
        holds.keys.sorted().filter { targets?.contains($0) ?? true }.flatMap { target in
            (holds[target] ?? [:]).sorted { ($0.value.since, $0.key) < ($1.value.since, $1.key) }
                .compactMap { lock(on: target, $0.key, $0.value) }
        }
    }

    /// Targets that their last run left unavailable.
    package func standings(of targets: [TargetName]?) -> [Standing] {
        standings.values.filter { targets?.contains($0.target) ?? true }
            .sorted { $0.target < $1.target }
    }

    /// Why a target's groups don't let it start; what a dead leader didn't start counts for nothing.
    private func refusal(of target: TargetName, in groups: [ProtectedGroup]) -> GroupRefusal? {
        guard !groups.isEmpty else { return nil }
        let taken = locks(on: nil).filter { lock in
            lock.isLed || holds[lock.target]?[lock.run]?.isStarted == true
        }
        return Availability(locks: taken, standings: Array(standings.values))
            .refusal(of: target, in: groups)
    }

    /// Notes how a target ended, or that one is well; who holds one changes something there.
    func noteStanding(
        after event: RunEvent, of run: RunID, _ outcomes: [TargetName: Outcome]
    ) {
        switch event {
        case .targetEnded(let target, _):
            guard let outcome = outcomes[target] else { return }
            if outcome.supersedes { supersede(target, by: run) }
            let next = Standing.after(
                outcome, isChanging: holds[target]?[run] != nil,
                before: standings[target]?.outcome)
            guard next != standings[target]?.outcome || next == outcome else { return }
            standings[target] = next.map { Standing(target: target, outcome: $0, run: run) }
        case .vouched(let target, let earlier, _):
            if standings[target]?.run == earlier { standings[target] = nil }
        default: return
        }
    }

    /// Changes locks as recorded events say.
    func change(_ changes: LockChanges, of run: RunID) {
        for (target, change) in changes.byTarget {
            switch change {
            case .began:
                holds[target]?[run]?.isStarted = true
                holds[target]?[run]?.kept = nil
            case .kept(_, let reason): holds[target]?[run]?.kept = reason
            case .freed, .allFreed:
                holds[target]?[run] = nil
            }
        }
        guard changes.isOver else { return }
        for target in holds.keys where holds[target]?[run]?.kept == nil {
            holds[target]?[run] = nil
        }
    }

    /// Frees what ended runs of the same plan keep where this one has ended well.
    private func supersede(_ target: TargetName, by run: RunID) {
        guard let plan = entries[run]?.record.plan.planID else { return }
        for (other, _) in holds[target] ?? [:] {
            guard let entry = entries[other], entry.summary.closed != nil,
                entry.record.plan.planID == plan
            else { continue }
            holds[target]?[other] = nil
        }
    }

    /// Gives back what a leader was admitted to and didn't start: it is gone.
    func dismissUnstarted(of run: RunID) {
        for target in holds.keys where holds[target]?[run]?.isStarted == false {
            holds[target]?[run] = nil
        }
    }

    /// Who is in the way of a run on a target; what a dead leader didn't start is in nobody's.
    private func holder(of target: TargetName, besides run: RunRecord) -> TargetLock? {
        let others = (holds[target] ?? [:]).filter { $0.key != run.id }
            .sorted { ($0.value.since, $0.key) < ($1.value.since, $1.key) }
        for (id, hold) in others {
            guard let entry = entries[id] else { continue }
            let isLeft = !hold.isStarted && !isLed(entry)
            if isLeft || (entry.summary.closed != nil && hold.kept == nil) {
                holds[target]?[id] = nil
            } else if hold.kept == nil || entry.record.plan.planID != run.plan.planID {
                return lock(on: target, id, hold)
            }
        }
        return nil
    }

    private func lock(on target: TargetName, _ id: RunID, _ hold: Hold) -> TargetLock? {
        guard let entry = entries[id] else { return nil }
        let started = entry.events.reversed().lazy.compactMap { recorded -> StepID? in
            guard case .attemptStarted(let key) = recorded.event, key.target == target else {
                return nil
            }
            return key.part.step
        }
        return TargetLock(
            target: target, run: id, runbook: entry.record.plan.runbook.id,
            actor: entry.record.actor, since: hold.since,
            step: hold.kept == nil ? started.first : nil, kept: hold.kept, isLed: isLed(entry),
            isOver: entry.summary.closed != nil)
    }
}
