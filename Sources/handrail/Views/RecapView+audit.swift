import Runbooks
import Runner

/// What an audit came to: what deviates and what mends it, what wasn't seen, and the counts.
extension RecapView {
    /// The lines between the head and what to do next.
    var auditLines: [String] {
        let run = report.run
        let rows = run.auditRows
        let shown = AuditLines(rows: rows, style: style, width: width, picks: picks)
        let unreachable = report.targets(.unreachable)
        let counts = AuditCounts.by(
            run.plan.targets.filter { run.leftOut[$0.name] == nil }
                .map { ($0.name, $0.labels[AuditHistory.usualLabel]) }, rows)
        return shown.deviations + shown.unseen + shown.excepted
            + (unreachable.isEmpty
                ? []
                : shown.item(
                    "unreachable",
                    "\(unreachable.count): \(TargetList.text(unreachable, limit: 3))", .bad))
            + ended(shown) + shown.counted(counts, by: AuditHistory.usualLabel)
    }

    /// What an audit says of the whole, in the place of whether it helped.
    var auditWord: (text: String, tone: Tone)? {
        switch report.run.resolution {
        case .resolved: ("complies", .good)
        case .unresolved: ("deviates", .bad)
        case .unclear: ("not all of it was seen", .warning)
        case nil: nil
        }
    }

    /// Exceptions that covered nothing any more when the run began.
    private func ended(_ shown: AuditLines) -> [String] {
        let run = report.run
        return (run.plan.exceptions ?? []).flatMap { exception -> [String] in
            guard exception.state(at: run.record.opened) == .ended else { return [] }
            return shown.item(
                "exception",
                "\(exception.item) on \(TargetList.text(exception.targets, limit: 3)) ended on "
                    + "\(exception.until) (\(exception.who): \(exception.why))", .warning)
        }
    }
}
