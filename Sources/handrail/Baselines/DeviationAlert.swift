import Runbooks
import Runner

/// A deviation as an alert, in the form of Alertmanager's API (`POST /api/v2/alerts`).
struct DeviationAlert: Encodable, Sendable {
    let labels: [String: String]
    let annotations: [String: String]
    /// Since when it is known to deviate, RFC 3339.
    let startsAt: String

    /// One for each item and target that deviates.
    static func of(_ report: BaselineReport) -> [DeviationAlert] {
        report.rows.filter { $0.result.verdict == .deviates }.map { row in
            var annotations = ["summary": "\(row.title): \(row.result.deviation ?? "")"]
            annotations["expected"] = row.result.expected
            annotations["actual"] = row.result.actual
            annotations["fix"] = row.fix.map {
                FixText.commands($0, on: [row.target], pick: nil)[0]
            }
            return DeviationAlert(
                labels: [
                    "alertname": DeviationLabels.name,
                    DeviationLabels.baseline: report.baseline.rawValue,
                    DeviationLabels.item: row.item.rawValue,
                    "instance": row.target.rawValue,
                    "severity": row.result.severity.rawValue,
                ], annotations: annotations,
                startsAt: TimeText.full(row.since ?? row.at, offset: 0))
        }
    }
}
