import Runbooks

/// How long targets took in past runs of a runbook (docs/rollout.md, "Time").
package struct SeenTimes: Sendable, Hashable {
    /// Of how many runs, the newest, the times are looked at.
    package static let mostRuns = 20

    /// In milliseconds, in any order.
    package let milliseconds: [Int64]

    package init(_ milliseconds: [Int64]) { self.milliseconds = milliseconds }

    /// What nine in ten of them took at most, by nearest rank; nil where there are none.
    package var ninth: Int64? {
        guard !milliseconds.isEmpty else { return nil }
        let rank = (milliseconds.count * 9 + 9) / 10
        return milliseconds.sorted()[rank - 1]
    }

    /// The times in one run's events, each from a target's start to its first end, of those that were
    /// changed or ended ok; what is done once for a wave is no target.
    package init(of events: some Sequence<RecordedEvent>) {
        var started: [TargetName: Timestamp] = [:]
        var times: [Int64] = []
        for recorded in events {
            switch recorded.event {
            case .targetStarted(let target) where target.isTarget:
                started[target] = started[target] ?? recorded.at
            case .targetEnded(let target, let outcome):
                guard let start = started.removeValue(forKey: target),
                    outcome == .changed || outcome == .ok
                else { continue }
                times.append(max(0, recorded.at.since(start)))
            default: continue
            }
        }
        milliseconds = times
    }
}
