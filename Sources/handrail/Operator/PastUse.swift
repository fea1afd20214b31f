import Runbooks
import Runner

/// How often a runbook was run in this home, and how often it helped.
struct PastUse: Encodable, Sendable, Hashable {
    /// How many of its runs this home remembers.
    private(set) var runs = 0
    /// How many of them helped.
    private(set) var resolved = 0
    /// How many ended and did not help.
    private(set) var unresolved = 0
    /// How many ended and nobody can tell.
    private(set) var unclear = 0
    /// When the newest was recorded; nil without one.
    private(set) var last: Timestamp?

    /// What past runs, the newest first, say of each runbook.
    static func of(_ summaries: [RunSummary]) -> [RunbookID: PastUse] {
        var uses: [RunbookID: PastUse] = [:]
        for run in summaries where run.goesOnAs != .rollback {
            uses[run.runbook, default: PastUse()].take(run, run.resolution)
        }
        return uses
    }

    /// What goes first among runbooks that fit alike: what helped more often, then what was used.
    static func ranks(_ left: PastUse, before right: PastUse) -> Bool {
        if left.resolved != right.resolved { return left.resolved > right.resolved }
        if left.unresolved != right.unresolved { return left.unresolved < right.unresolved }
        return left.runs > right.runs
    }

    /// Such as `helped 3 of 4 times here, last 2 h ago`.
    func words(_ time: ShownTime) -> String {
        guard runs > 0 else { return "never run here" }
        let ended = resolved + unresolved + unclear
        let helped =
            ended == 0 ? "run \(CountText.of(runs, "time"))" : "helped \(resolved) of \(ended)"
        return helped + (last.map { ", last \(time.ago($0))" } ?? "")
    }

    /// Counts a run, by what it came to: as a whole, or on one target.
    mutating func take(_ run: RunSummary, _ resolution: RunResolution?) {
        runs += 1
        if resolution == .resolved { resolved += 1 }
        if resolution == .unresolved { unresolved += 1 }
        if resolution == .unclear { unclear += 1 }
        if last.map({ $0 < run.opened }) ?? true { last = run.opened }
    }
}
