import Runbooks

@testable import Runner

/// One run of the world: what the journal has of it, and what is true of it.
///
/// SAFETY: used on the simulation's one thread, as all of its parts.
final class SimulatedRun: @unchecked Sendable {
    let record: RunRecord
    let truth: GroundTruth
    let journal: JournalModel
    /// When its first leader comes.
    let begins: Int64
    /// How many events the trail has here, and where it must be too.
    var sealed = 0
    var pushed = 0
    /// What gates bind it by; nil where none do.
    var change: SimulatedChange?
    /// Whether a run undoes it, or did.
    var isUndone = false
    /// Whether a leader has said that it has led the run to its end.
    var isLedToItsEnd = false

    init(_ record: RunRecord, in world: SimulatedWorld, begins: Int64) {
        (self.record, self.begins) = (record, begins)
        truth = GroundTruth(record, world.findings)
        journal = JournalModel(record, truth, world.house)
    }

    /// What names it on a target's spool.
    var token: String { "\(record.plan.planID)-\(record.number)" }
    var targets: [TargetName] { record.plan.targets.map(\.name) }
    var isOver: Bool { journal.fold.state.isTerminal }

    /// Whether something of it may be at work on a target, or is kept there.
    func isAt(_ target: TargetName) -> Bool { isAtWork(on: target) || keeps(target) }

    /// Whether it is at work on a target that it may change.
    func isAtWork(on target: TargetName) -> Bool {
        let run = journal.fold
        return run.takesLocks && !run.state.isTerminal && run.targets[target]?.isRunning == true
    }

    /// Whether it has ended on a target with something owed, or unknown.
    func keeps(_ target: TargetName) -> Bool {
        let run = journal.fold
        guard run.takesLocks, !run.state.isTerminal, let progress = run.targets[target],
            progress.outcome != nil
        else { return false }
        return !progress.owed.isEmpty || !progress.leftOwed.isEmpty
            || progress.outcome == .unknown || progress.outcomes.values.contains(.unknown)
    }
}

/// What was found not to hold, of all runs.
///
/// SAFETY: used on the simulation's one thread, as all of its parts.
final class Findings: @unchecked Sendable {
    private(set) var problems: [(invariant: Invariant, text: String)] = []

    /// Notes that something doesn't hold.
    func broken(_ invariant: Invariant, _ text: String) {
        guard problems.count < 20 else { return }
        problems.append((invariant, text))
    }

    func expect(_ holds: Bool, _ invariant: Invariant, _ text: @autoclosure () -> String) {
        if !holds { broken(invariant, text()) }
    }
}
