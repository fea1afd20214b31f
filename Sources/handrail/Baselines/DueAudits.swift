import Audit
import Runbooks
import Runner

/// What of the baselines is due: for each, and for each environment, the targets.
struct DueAudits: Sendable {
    /// A baseline in one environment.
    struct Entry: Sendable {
        let baseline: Runbook
        let environment: String
        /// Targets that are to be audited now, sorted; empty where none is.
        let due: [TargetName]
        /// All of its targets there.
        let targets: [TargetName]
        /// When the next one is; nil where one is now.
        let next: Timestamp?
        /// When one was last tried; nil where none was.
        let tried: Timestamp?
    }

    /// Sorted by baseline, then by environment; baselines without `every` are none of them.
    let entries: [Entry]

    /// Whether any audit is due.
    var isAnyDue: Bool { entries.contains { !$0.due.isEmpty } }

    /// What was judged elsewhere.
    init(entries: [Entry]) { self.entries = entries }

    /// Judges what the journal says of each baseline; without one everything is due.
    ///
    /// With `isForced` all of it is due, whenever it was audited, and what is audited by hand too.
    init(
        of baselines: [Runbook], in inventory: Inventory, _ journal: SQLiteJournal?,
        at now: Timestamp, isForced: Bool = false
    ) async throws {
        var entries: [Entry] = []
        for baseline in baselines {
            let every = baseline.baseline?.every
            guard every != nil || isForced else { continue }
            let history = try await journal?.audits(
                of: baseline.id, since: now.adding(.zero - AuditHistory.window))
            let groups = Dictionary(
                grouping: baseline.targets(in: inventory), by: \.environment)
            for (environment, targets) in groups.sorted(by: { $0.key < $1.key }) {
                entries.append(
                    Self.entry(
                        baseline, environment, targets, history ?? AuditHistory(),
                        isForced ? nil : every.map(AuditSchedule.init), now))
            }
        }
        self.entries = entries
    }

    private static func entry(
        _ baseline: Runbook, _ environment: String, _ targets: [Target],
        _ history: AuditHistory, _ schedule: AuditSchedule?, _ now: Timestamp
    ) -> Entry {
        var due: [TargetName] = []
        var next: Timestamp?
        for target in targets {
            let tried = history.targets[target.name]?.tried
            switch schedule?.state(tried: tried, at: now) {
            case .dueNow, nil: due.append(target.name)
            case .due(let time): next = min(next ?? time, time)
            }
        }
        return Entry(
            baseline: baseline, environment: environment, due: due, targets: targets.map(\.name),
            next: due.isEmpty ? next : nil,
            tried: targets.compactMap { history.targets[$0.name]?.tried }.max())
    }
}
