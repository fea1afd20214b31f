import Runbooks
import Runner

/// The JSON form of what the latest audits say.
struct BaselineReportDocument: Encodable, Sendable {
    /// One item on one target.
    struct Row: Encodable, Sendable {
        let target: TargetName
        let item: StepID
        let title: String
        let verdict: AuditResult.Verdict
        let severity: ItemSeverity
        let expected: String?
        let actual: String?
        let why: String?
        let exception: AuditResult.Exception?
        let at: Timestamp
        let drift: BaselineReport.Drift?
        let since: Timestamp?
        /// The command that mends it there; left out for what needs no mending.
        let fix: String?
    }

    /// The results by a label's value.
    struct Count: Encodable, Sendable {
        let value: String?
        let targets: Int
        let complies: Int
        let deviates: Int
        let excepted: Int
        let failed: Int
    }

    /// A target that was not looked at for too long.
    struct Overdue: Encodable, Sendable {
        let target: TargetName
        let looked: Timestamp?
    }

    /// An exception of which something is to be said.
    struct Noted: Encodable, Sendable {
        let item: StepID
        let targets: [TargetName]
        let until: String
        let why: String
        let who: String
        let note: BaselineReport.ExceptionNote
    }

    /// One baseline.
    struct OfBaseline: Encodable, Sendable {
        let baseline: RunbookID
        let title: String
        let everyMilliseconds: Int64?
        let targets: Int
        let newest: Timestamp?
        let deviates: Bool
        let by: String
        let counts: [Count]
        let results: [Row]
        let overdue: [Overdue]
        let exceptions: [Noted]

        private enum CodingKeys: String, CodingKey {
            case baseline, title, targets, newest, deviates, by, counts, results, overdue
            case exceptions
            case everyMilliseconds = "every_ms"
        }
    }

    var format = 1
    let baselines: [OfBaseline]

    init(_ reports: [BaselineReport]) {
        baselines = reports.map { report in
            OfBaseline(
                baseline: report.baseline, title: report.title,
                everyMilliseconds: report.every?.inMilliseconds, targets: report.targets.count,
                newest: report.newest, deviates: report.deviates, by: report.label,
                counts: report.counts.map(Self.count), results: report.rows.map(Self.row),
                overdue: report.overdue.map { Overdue(target: $0.target, looked: $0.looked) },
                exceptions: report.exceptions.map { exception, note in
                    Noted(
                        item: exception.item, targets: exception.targets, until: exception.until,
                        why: exception.why, who: exception.who, note: note)
                })
        }
    }

    private static func count(_ counts: AuditCounts) -> Count {
        func number(_ verdict: AuditResult.Verdict) -> Int { counts.verdicts[verdict] ?? 0 }
        return Count(
            value: counts.value, targets: counts.targets, complies: number(.complies),
            deviates: number(.deviates), excepted: number(.excepted), failed: number(.failed))
    }

    private static func row(_ row: BaselineReport.Row) -> Row {
        let result = row.result
        let isOpen = result.verdict == .deviates
        return Row(
            target: row.target, item: row.item, title: row.title, verdict: result.verdict,
            severity: result.severity, expected: result.expected, actual: result.actual,
            why: result.why, exception: result.exception, at: row.at, drift: row.drift,
            since: row.since,
            fix: isOpen
                ? row.fix.map { FixText.commands($0, on: [row.target], pick: nil)[0] } : nil)
    }
}
