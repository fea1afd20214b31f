import Runbooks

@testable import Runner

/// What the runs of one home share in the journal: who writes, and who may change which target.
///
/// Locks are not kept, but follow from what each run has recorded; what was taken, and not started,
/// is its leader's.
///
/// SAFETY: used on the simulation's one thread, as all of its parts.
final class HouseModel: @unchecked Sendable {
    let findings: Findings
    var runs: [SimulatedRun] = []
    /// Who has the lock for writing, and what it would commit.
    var writer: SimulatedProcess?
    var staged: (() -> Void)?
    var waiting: [Turnstile] = []
    /// What the journal says of who is unavailable since their last run.
    private var standings: [TargetName: Standing] = [:]
    /// The same, by what was recorded alone.
    private var bad: [TargetName: Outcome] = [:]
    /// Who has really said that it is well, since it was last left unavailable.
    var well: Set<TargetName> = []

    init(_ findings: Findings) { self.findings = findings }

    /// Ends what a dead process was writing: it is kept, or its unsynced tail is lost.
    func lose(_ process: SimulatedProcess, isKept: Bool) {
        guard writer === process else { return }
        let commit = staged
        staged = nil
        if isKept { commit?() }
        unlock()
    }

    func unlock() {
        (writer, staged) = (nil, nil)
        let woken = waiting
        waiting = []
        for gate in woken { gate.open() }
    }

    // MARK: Locks, as the journal gives them

    /// Takes locks; says which are not given, and why.
    func admit(
        _ names: [TargetName], to run: JournalModel, within groups: [ProtectedGroup],
        isProvedDead: (Lease) -> Bool
    ) -> [TargetName: Deferral] {
        var deferred: [TargetName: Deferral] = [:]
        for name in names {
            let locks = locks(isProvedDead)
            let plan = run.record.plan.planID
            let other = locks.first { lock in
                lock.target == name && lock.run != run.record.id
                    && (lock.kept == nil || self.run(lock.run)?.record.plan.planID != plan)
            }
            if let other {
                deferred[name] = .locked(other)
            } else if let refusal = Availability(
                locks: locks, standings: standings.values.sorted { $0.target < $1.target }
            ).refusal(of: name, in: groups) {
                deferred[name] = .protected(refusal)
            } else {
                run.admitted.insert(name)
            }
        }
        return deferred
    }

    private func run(_ id: RunID) -> SimulatedRun? { runs.first { $0.record.id == id } }

    /// Every lock that is held now.
    private func locks(_ isProvedDead: (Lease) -> Bool) -> [TargetLock] {
        runs.filter { !$0.isOver }.flatMap { run in
            let isLed = run.journal.held.map { !isProvedDead($0.lease) } ?? false
            return run.targets.compactMap { target -> TargetLock? in
                var kept: String?
                switch run.journal.locks[target] {
                case .began: break
                case .kept(_, let reason): kept = reason
                case .freed, .allFreed, .none:
                    // What a dead leader took and didn't start is nobody's.
                    guard isLed, run.journal.admitted.contains(target) else { return nil }
                }
                return TargetLock(
                    target: target, run: run.record.id, runbook: run.record.plan.runbook.id,
                    actor: "ann", since: Timestamp(milliseconds: 0), step: nil, kept: kept,
                    isLed: isLed)
            }
        }
    }

    /// Notes how a target ended, before its lock is given back.
    func noteEnd(_ target: TargetName, _ outcome: Outcome, _ run: JournalModel) {
        let isHeld =
            run.admitted.contains(target)
            || (run.locks[target].map { $0 != .freed(target) } ?? false)
        let next = Standing.after(
            outcome, isChanging: isHeld, before: standings[target]?.outcome)
        guard next != standings[target]?.outcome || next == outcome else { return }
        standings[target] = next.map {
            Standing(target: target, outcome: $0, run: run.record.id)
        }
    }

    /// Takes what a member said of itself: that one run's bad end there counts no longer.
    func noteVouched(_ target: TargetName, _ run: RunID) {
        if standings[target]?.run == run { standings[target] = nil }
    }

    // MARK: What must hold over all runs

    /// Takes an event of a run, before it counts.
    func check(_ event: RunEvent, of record: RunRecord, takesLocks: Bool) {
        switch event {
        case .targetStarted(let target) where takesLocks && target.isTarget:
            for other in others(than: record) where other.isAt(target) {
                guard other.record.plan.planID != record.plan.planID || other.isAtWork(on: target)
                else { continue }
                findings.broken(
                    .oneRunATarget, "\(record.id) starts on \(target), which \(other.record.id) has"
                )
            }
            for group in record.plan.protection ?? [] where group.members.contains(target) {
                guard !isUnavailable(target, besides: record) else { continue }
                let count = group.members.count { isUnavailable($0) }
                findings.expect(
                    count < group.maxUnavailable, .groupsAreKept,
                    "\(record.id) starts \(target), and \(count) of its group are unavailable")
            }
        case .targetEnded(let target, let outcome) where target.isTarget:
            noteTruly(target, outcome, takesLocks)
        case .vouched(let target, let run, _):
            // It may have ended badly in another run since it said so: that one isn't vouched for.
            guard standings[target]?.run == run else { break }
            findings.expect(
                well.contains(target), .honest, "\(target) is called well, and never said so")
            bad[target] = nil
        default: break
        }
    }

    private func noteTruly(_ target: TargetName, _ outcome: Outcome, _ isChanging: Bool) {
        if !outcome.isGood, isChanging { well.remove(target) }
        switch outcome {
        case .failed, .timedOut, .unknown: if isChanging { bad[target] = outcome }
        case .unreachable: bad[target] = bad[target] ?? outcome
        case .satisfied, .changed, .ok:
            if isChanging || bad[target] == .unreachable { bad[target] = nil }
        case .aborted, .skipped: break
        }
    }

    private func others(than record: RunRecord) -> [SimulatedRun] {
        runs.filter { $0.record.id != record.id }
    }

    /// Whether a target counts as taken away from its group.
    private func isUnavailable(_ target: TargetName, besides record: RunRecord? = nil) -> Bool {
        bad[target] != nil || runs.contains { $0.record.id != record?.id && $0.isAt(target) }
    }

    /// Whether a target of a run can't be started before a person ends the run: others of its group
    /// have ended badly, or what is kept is unknown for good, since it was passed over.
    func waitsForGood(_ target: TargetName, _ run: SimulatedRun) -> Bool {
        let others = others(than: run.record).filter { $0.isAt(target) }
        guard others.isEmpty else { return others.allSatisfy { isStuck($0, target) } }
        return (run.record.plan.protection ?? []).contains { group in
            group.members.contains(target)
                && group.members.count { member in
                    bad[member] != nil || runs.contains { isStuck($0, member) }
                } >= group.maxUnavailable
        }
    }

    /// Whether a run keeps a target, and waits itself, with nothing that a person could settle.
    private func isStuck(_ run: SimulatedRun, _ target: TargetName) -> Bool {
        let machine = run.journal.fold
        return machine.state == .waiting && run.keeps(target) && machine.owed.isEmpty
            && machine.unsettled.isEmpty
    }

    /// Takes the real start of an attempt: none of a changing run begins beside what another one
    /// that isn't over does there.
    func started(_ key: AttemptKey, of record: RunRecord) {
        // What is done once is done on no target.
        guard !record.plan.isReadOnly, key.target.isTarget else { return }
        for other in others(than: record) where !other.isOver {
            for living in (other.truth.living[key.target] ?? []).sorted(by: { $0.short < $1.short })
            where other.truth.mayChange(living) {
                findings.broken(
                    .oneRunATarget,
                    "\(key.short) of \(record.id) starts beside \(living.short) "
                        + "of \(other.record.id)")
            }
        }
    }
}
