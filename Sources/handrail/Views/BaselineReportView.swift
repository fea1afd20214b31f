import Runbooks
import Runner

/// The human form of what the latest audits of a baseline say.
struct BaselineReportView: Sendable {
    let report: BaselineReport
    let picks: [RunbookID: TargetRule.Pick]
    let time: ShownTime
    let style: Style
    let width: Int

    /// Targets that are listed by name; the JSON has them all.
    private static let mostTargets = 8

    private var shown: AuditLines {
        AuditLines(rows: report.rows, style: style, width: width, picks: picks, time: time)
    }

    /// All of it: what deviates and since when, what was mended, what isn't known, the counts.
    var lines: [String] {
        head + shown.deviations + mended + shown.unseen + shown.excepted + exceptions + overdue
            + shown.counted(report.counts, by: report.label)
    }

    private var head: [String] {
        let word: (String, Tone)
        if report.newest == nil {
            word = ("never audited", .warning)
        } else {
            word = report.deviates ? ("deviates", .bad) : ("nothing deviates", .good)
        }
        let every = report.every.map { ", every \(formatDuration($0))" } ?? ""
        return [
            style.paint(report.baseline.rawValue, .strong) + "  " + SafeText.line(report.title)
        ]
            + shown.item(
                "audited",
                (report.newest.map { "\(time.both($0)): " } ?? "") + word.0 + every, word.1)
    }

    private var mended: [String] {
        AuditGroup.of(report.rows.filter { $0.drift == .mended }, .complies).flatMap { group in
            shown.item(
                "mended",
                "\(group.item) on \(CountText.of(group.targets.count, "target")) "
                    + "(\(TargetList.text(group.targets, limit: 3)))", .good)
        }
    }

    private var exceptions: [String] {
        report.exceptions.flatMap { exception, note -> [String] in
            let words =
                switch note {
                case .ended: "ended on \(exception.until), and counts no more"
                case .endsSoon: "ends soon, on \(exception.until)"
                case .idle: "covers nothing any more"
                }
            return shown.item(
                "exception",
                "\(exception.item) on \(TargetList.text(exception.targets, limit: 3)) \(words) "
                    + "(\(exception.who): \(exception.why))", .warning)
        }
    }

    private var overdue: [String] {
        let never = report.overdue.filter { $0.looked == nil }.map(\.target)
        let late = report.overdue.filter { $0.looked != nil }
        var lines: [String] = []
        if !never.isEmpty {
            lines += shown.item(
                "never seen",
                "\(never.count): \(TargetList.text(never, limit: Self.mostTargets))", .warning)
        }
        if let oldest = late.compactMap(\.looked).min() {
            lines += shown.item(
                "OVERDUE",
                "\(late.count): \(TargetList.text(late.map(\.target), limit: Self.mostTargets)), "
                    + "the first not seen since \(time.both(oldest))", .bad)
        }
        return lines
    }
}
