import Runbooks

/// Equal results of an item on several targets: what lists show in one line.
package struct AuditGroup: Sendable, Hashable {
    /// The item.
    package let item: StepID
    /// What holds where it complies.
    package let title: String
    /// What was seen, on each of the targets.
    package let result: AuditResult
    /// What changed since the look before; nil for nothing.
    package let drift: BaselineReport.Drift?
    /// What mends it; nil when nothing is named.
    package let fix: BaselineReport.Fix?
    /// The targets, sorted.
    package private(set) var targets: [TargetName]
    /// The first look of the longest unbroken row of deviations among them.
    package private(set) var since: Timestamp?

    private init(_ row: BaselineReport.Row) {
        (item, title, result, drift) = (row.item, row.title, row.result, row.drift)
        (fix, targets, since) = (row.fix, [row.target], row.since)
    }

    /// The groups of rows with a verdict: the most severe first, then those on most targets.
    package static func of(
        _ rows: [BaselineReport.Row], _ verdict: AuditResult.Verdict
    ) -> [AuditGroup] {
        var groups: [AuditGroup] = []
        for row in rows where row.result.verdict == verdict {
            let index = groups.firstIndex { $0.takes(row) }
            if let index {
                groups[index].targets.append(row.target)
                groups[index].since = [groups[index].since, row.since].compactMap(\.self).min()
            } else {
                groups.append(AuditGroup(row))
            }
        }
        for index in groups.indices { groups[index].targets.sort() }
        return groups.enumerated().sorted { left, right in
            let (first, second) = (left.element, right.element)
            return (first.result.severity, -first.targets.count, left.offset)
                < (second.result.severity, -second.targets.count, right.offset)
        }.map(\.element)
    }

    private func takes(_ row: BaselineReport.Row) -> Bool {
        item == row.item && result == row.result && drift == row.drift && fix == row.fix
    }
}
