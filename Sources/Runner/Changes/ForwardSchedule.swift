import Runbooks

/// The forward schedule of change: what is planned when, and what collides (docs/changes.md,
/// "The forward schedule").
package struct ForwardSchedule: Sendable, Hashable {
    /// Two changes that are to run at the same time, on the same things.
    package struct Conflict: Sendable, Hashable {
        /// The other change.
        package let other: ChangeID
        /// While both may run.
        package let interval: Interval
        /// Targets of both, in the order of their names.
        package let targets: [TargetName]
        /// Protected groups of which both take members away, by their names.
        package let groups: [String]

        package init(other: ChangeID, interval: Interval, targets: [TargetName], groups: [String]) {
            self.other = other
            self.interval = interval
            self.targets = targets
            self.groups = groups
        }
    }

    /// A time in which a change may run.
    package struct Entry: Sendable, Hashable {
        /// The change.
        package let change: Change
        /// When it may run; whole, also where the schedule shows a part of it.
        package let interval: Interval
        /// Whether that is agreed; else it is what was asked for.
        package let isAgreed: Bool
        /// What it collides with.
        package let conflicts: [Conflict]

        package init(
            change: Change, interval: Interval, isAgreed: Bool, conflicts: [Conflict] = []
        ) {
            self.change = change
            self.interval = interval
            self.isAgreed = isAgreed
            self.conflicts = conflicts
        }
    }

    /// By their start, then their end, then their change.
    package let entries: [Entry]

    /// The schedule of changes with their plans, of what lies in a time or reaches into it.
    ///
    /// Changes that have ended, and those that nobody gave a time, are not in it.
    package init(_ changes: [(change: Change, plan: Plan)], within horizon: Interval) {
        var found: [(entry: Entry, plan: Plan)] = []
        for (change, plan) in changes where !change.state.isTerminal {
            let agreed = !change.dates.isEmpty
            let times = agreed ? change.dates : [change.request.wanted].compactMap { $0 }
            for interval in times where interval.intersection(horizon) != nil {
                found.append((Entry(change: change, interval: interval, isAgreed: agreed), plan))
            }
        }
        found.sort {
            ($0.entry.interval.start, $0.entry.interval.end, $0.entry.change.id)
                < ($1.entry.interval.start, $1.entry.interval.end, $1.entry.change.id)
        }
        entries = found.map { entry, plan in
            let conflicts = found.compactMap { other -> Conflict? in
                guard other.entry.change.id != entry.change.id,
                    let both = entry.interval.intersection(other.entry.interval)
                else { return nil }
                return Self.conflict(plan, other.plan, with: other.entry.change.id, in: both)
            }
            return Entry(
                change: entry.change, interval: entry.interval, isAgreed: entry.isAgreed,
                conflicts: conflicts)
        }
    }

    /// What two plans both touch; nil for nothing.
    private static func conflict(
        _ plan: Plan, _ other: Plan, with id: ChangeID, in interval: Interval
    ) -> Conflict? {
        guard plan.libraryID == other.libraryID, plan.environment.name == other.environment.name
        else { return nil }
        let targets = Set(plan.targets.map(\.name)).intersection(other.targets.map(\.name))
        let groups = Set(touched(by: plan)).intersection(touched(by: other))
        guard !targets.isEmpty || !groups.isEmpty else { return nil }
        return Conflict(
            other: id, interval: interval, targets: targets.sorted(), groups: groups.sorted())
    }

    /// The protected groups of which a plan starts members.
    private static func touched(by plan: Plan) -> [String] {
        let names = Set(plan.targets.map(\.name))
        return (plan.protection ?? []).filter { !names.isDisjoint(with: $0.members) }.map(\.name)
    }
}
