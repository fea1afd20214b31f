import Runbooks

@testable import Runner

/// Locks of another run.
enum LockSamples {
    static func lock(
        _ target: TargetName, run: String = "r-other", isLed: Bool = true, kept: String? = nil
    ) -> TargetLock {
        guard let run = RunID(rawValue: run), let book = RunbookID(rawValue: "other.book") else {
            preconditionFailure("bad sample")
        }
        return TargetLock(
            target: target, run: run, runbook: book, actor: "bob",
            since: Timestamp(milliseconds: 0), step: RunFixture.id("drain"), kept: kept,
            isLed: isLed)
    }
}
