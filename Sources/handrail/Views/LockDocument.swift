import Runbooks
import Runner

/// The JSON form of who may change a target at the moment.
struct LockDocument: Encodable, Sendable {
    let target: TargetName
    let run: RunID
    let runbook: RunbookID
    let actor: String
    let since: Timestamp
    /// The step that was started last there; nil before the first, and where the lock is kept.
    let step: StepID?
    /// Why it is held although the run has ended there; nil while it hasn't.
    let kept: String?
    /// Whether a living process leads the run.
    let isLed: Bool

    private enum CodingKeys: String, CodingKey {
        case target, run, runbook, actor, since, step, kept
        case isLed = "led"
    }

    init(_ lock: TargetLock) {
        (target, run, runbook) = (lock.target, lock.run, lock.runbook)
        (actor, since, step) = (lock.actor, lock.since, lock.step)
        (kept, isLed) = (lock.kept, lock.isLed)
    }
}

/// Locks of one run in words.
enum LockText {
    /// `hub07, hub08 and 3 more`, with the reason where one is kept.
    static func held(_ locks: [TargetLock]) -> [String] {
        let atWork = locks.filter { $0.kept == nil }.map(\.target.rawValue)
        return (atWork.isEmpty ? [] : [CountText.listed(atWork, limit: 6)])
            + locks.compactMap { lock in lock.kept.map { "\(lock.target): \($0)" } }
    }
}
