import Runbooks

/// The results of the targets that share a value of a label.
package struct AuditCounts: Sendable, Hashable {
    /// The label's value; nil for targets without the label.
    package let value: String?
    /// How many targets have it.
    package private(set) var targets = 0
    /// How many results of each verdict they have.
    package private(set) var verdicts: [AuditResult.Verdict: Int] = [:]

    /// Counts by the values of a label, sorted; a target with several counts in each.
    package static func by(
        _ labels: [(target: TargetName, values: [String]?)], _ rows: [BaselineReport.Row]
    ) -> [AuditCounts] {
        let own = Dictionary(grouping: rows, by: \.target)
        var counts: [String?: AuditCounts] = [:]
        for (target, values) in labels {
            for value in values.map({ $0.map(Optional.some) }) ?? [nil] {
                var count = counts[value] ?? AuditCounts(value: value)
                count.targets += 1
                for row in own[target] ?? [] {
                    count.verdicts[row.result.verdict, default: 0] += 1
                }
                counts[value] = count
            }
        }
        return counts.values.sorted { ($0.value ?? "\u{10FFFF}") < ($1.value ?? "\u{10FFFF}") }
    }
}
