import Runbooks

/// When the targets of a baseline are to be audited again (docs/baselines.md, "Again and again").
package struct AuditSchedule: Sendable, Hashable {
    /// Where one target stands.
    package enum State: Sendable, Hashable {
        /// To be audited from this instant on.
        case due(Timestamp)
        case dueNow
    }

    /// How old an audit may be.
    package let every: Duration

    package init(every: Duration) { self.every = every }

    /// Where a target stands; `tried` is when it was last tried, whether it answered or not.
    package func state(tried: Timestamp?, at now: Timestamp) -> State {
        guard let tried else { return .dueNow }
        let next = tried.adding(every)
        return next <= now ? .dueNow : .due(next)
    }

    /// Whether it has not been looked at for too long: `every`, and a quarter for its timer.
    package func isOverdue(looked: Timestamp?, at now: Timestamp) -> Bool {
        guard let looked else { return true }
        return looked.adding(every + every / 4) < now
    }
}
