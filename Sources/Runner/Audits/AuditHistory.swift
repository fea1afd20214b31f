import Runbooks

/// What past audits of one baseline saw, folded from its runs, the newest first.
///
/// ```swift
/// var history = AuditHistory()
/// history.take(run, on: targets)            // for each run, the newest first
/// if history.wants(item, on: target) { history.take(result, of: item, on: target, in: run) }
/// ```
package struct AuditHistory: Sendable, Hashable {
    /// The label by which audits are told.
    package static let usualLabel = "role"
    /// How far back runs are read.
    package static let window: Duration = .seconds(90 * 86_400)

    /// One run of the baseline.
    package struct Run: Sendable, Hashable {
        /// Which run.
        package let id: RunID
        /// When it was opened: that is when its targets were audited.
        package let opened: Timestamp

        package init(id: RunID, opened: Timestamp) {
            self.id = id
            self.opened = opened
        }
    }

    /// A result, with the run that saw it.
    package struct Seen: Sendable, Hashable {
        /// Which run.
        package let run: Run
        /// What it saw.
        package let result: AuditResult

        /// Whether the item deviated, excepted or not.
        package var isDeviation: Bool { result.deviation != nil }
    }

    /// What is known of one item on one target.
    package struct OfItem: Sendable, Hashable {
        /// The newest result, also where it could not be looked at.
        package fileprivate(set) var latest: Seen?
        /// The newest look that saw how it is.
        package fileprivate(set) var seen: Seen?
        /// The look before that one.
        package fileprivate(set) var before: Seen?
        /// The oldest look of an unbroken row of deviations that goes up to `seen`.
        package fileprivate(set) var since: Timestamp?
        fileprivate var isRowOver = false
    }

    /// What is known of one target.
    package struct OfTarget: Sendable, Hashable {
        /// When it was last tried, whether it answered or not; nil when it never was.
        package fileprivate(set) var tried: Timestamp?
        /// How that try ended; nil while it hasn't.
        package fileprivate(set) var outcome: Outcome?
        /// When it was last looked at; nil when it never was.
        package fileprivate(set) var looked: Timestamp?
        /// Its items, by id.
        package fileprivate(set) var items: [StepID: OfItem] = [:]
    }

    /// By name; those that no run has had are missing.
    package private(set) var targets: [TargetName: OfTarget] = [:]
    /// The look before is the last one of a run opened before this instant; nil: simply the last.
    package let boundary: Timestamp?

    /// An empty history; `since` moves what drift is told against.
    package init(since boundary: Timestamp? = nil) { self.boundary = boundary }

    /// Takes a run: how its targets ended, nil for those that haven't.
    package mutating func take(_ run: Run, on ends: [TargetName: Outcome?]) {
        for (name, outcome) in ends {
            var target = targets[name] ?? OfTarget()
            if target.tried == nil {
                target.tried = run.opened
                target.outcome = outcome
            }
            let isLooked = outcome == .ok || outcome == .failed
            if isLooked, target.looked == nil { target.looked = run.opened }
            targets[name] = target
        }
    }

    /// Whether an older result of an item says anything more.
    package func wants(_ item: StepID, on target: TargetName) -> Bool {
        guard let known = targets[target]?.items[item], let seen = known.seen else { return true }
        return known.before == nil || seen.isDeviation && !known.isRowOver
    }

    /// Takes a result of a run that is older than all those whose results were taken.
    package mutating func take(
        _ result: AuditResult, of item: StepID, on target: TargetName, in run: Run
    ) {
        var known = targets[target]?.items[item] ?? OfItem()
        let found = Seen(run: run, result: result)
        if known.latest == nil { known.latest = found }
        guard result.verdict != .failed else {
            targets[target, default: OfTarget()].items[item] = known
            return
        }
        if known.seen == nil {
            known.seen = found
        } else if known.before == nil, boundary.map({ run.opened < $0 }) ?? true {
            known.before = found
        }
        if known.seen?.isDeviation == true, !known.isRowOver {
            if found.isDeviation { known.since = run.opened } else { known.isRowOver = true }
        }
        targets[target, default: OfTarget()].items[item] = known
    }
}
